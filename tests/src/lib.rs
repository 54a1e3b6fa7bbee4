//! The harness: real servers, databases and browsers, each made for one test and ended with it.
//!
//! What this is not: it knows no product internals. It starts the binaries that a site owner starts, and
//! speaks HTTP, SQL-free, and WebDriver BiDi to them.
//! Read next: `server.rs` (the server), `demo.rs` (the demo site), `hosts.rs` (a site and its
//! third parties over TLS), `browser.rs` (the browsers).

pub mod browser;
pub mod cut;
pub mod database;
pub mod decision;
pub mod demo;
pub mod easyprivacy;
pub mod gate;
pub mod geo;
pub mod hosts;
pub mod log;
pub mod mmdb;
pub mod page;
pub mod policy;
pub mod process;
pub mod server;
pub mod stranger;
pub mod time;
pub mod tools;
pub mod witness;

/// Makes a test of each function for each database: `fn name(kind: Kind) -> Result<()>`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                super::$name($crate::database::Kind::Sqlite).await
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                let kind = $crate::database::Kind::Postgres;
                if kind.is_here()? { super::$name(kind).await } else { Ok(()) }
            })+
        }
    };
}
