//! Tests over HTTP and the command line, each on both databases.

mod bad_input;
mod chain;
mod delivery;
mod export;
mod lookup;
mod privacy;
mod publish;
mod repeat;
mod tokens;

/// Makes a test of each function for each database: `fn name(kind: Kind) -> Result<()>`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                super::$name(avow_tests::database::Kind::Sqlite).await
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                let kind = avow_tests::database::Kind::Postgres;
                if kind.is_here()? { super::$name(kind).await } else { Ok(()) }
            })+
        }
    };
}
use on_both;
