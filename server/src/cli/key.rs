//! `avow key`: the public keys of this installation, and how a private key is replaced.

use crate::clock::{Clock, rfc3339};
use crate::config::{Database, Signing};
use crate::log::signer::{Purpose, rotate};
use crate::log::start;
use crate::rng::Rng;
use anyhow::{Context as _, bail};
use avow_shared::id::{Millis, SiteId, hex};

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List the public keys, with the time from which and until which each signed
    List,
    /// Print the public key of a site's log as verifiers and witnesses want it, `name+id+key`; the private keys are
    /// made if there are none yet
    Show {
        /// The site
        #[arg(long, value_parser = super::site_id)]
        site: SiteId,
        #[command(flatten)]
        signing: Signing,
    },
    /// Make a new key of heads. Until `finish` heads are signed by it and by the one before; restart the servers
    /// with the new files
    Rotate {
        #[command(flatten)]
        signing: Signing,
    },
    /// End a rotation: the key before signs no more, and its file is removed
    Finish {
        #[command(flatten)]
        signing: Signing,
    },
    /// Say that the keys that are there now are the right ones, after others were lost. Proofs under the others
    /// stay good for who has their public keys
    Replace {
        #[command(flatten)]
        signing: Signing,
    },
}

/// Runs it.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    let (clock, rng) = (Clock::system(), Rng::system());
    match command {
        Command::List => {
            for purpose in [Purpose::Head, Purpose::Receipt] {
                for key in store.keys(purpose.as_str()).await? {
                    let until = key.retired_at.map_or("now".to_owned(), |at| rfc3339(Millis(at)));
                    let since = rfc3339(Millis(key.created_at));
                    println!("{}\t{}\t{since}\t{until}", purpose.as_str(), hex(&key.public));
                }
            }
        }
        Command::Show { site, signing } => {
            let epoch =
                store.epochs(&site).await?.pop().with_context(|| format!("there is no site {site}"))?;
            let keys = start::keys(&store, &signing.source(&database.data)?, &clock, &rng).await?;
            for verifier in keys.verifiers(&epoch.origin) {
                println!("{verifier}");
            }
        }
        Command::Rotate { signing } => {
            let source = signing.source(&database.data)?;
            if source.head.is_some() {
                bail!(
                    "the key of heads comes from the environment: replace it there, then run `avow key replace`"
                );
            }
            if source.previous().exists() {
                bail!("a rotation is under way: end it with `avow key finish`");
            }
            let public = rotate(&source, rng.bytes())?;
            store.replace_key(Purpose::Head.as_str(), &public, clock.now()).await?;
            println!("heads are signed by {} from the next start of the servers on", hex(&public));
        }
        Command::Finish { signing } => {
            let previous = signing.source(&database.data)?.previous();
            std::fs::remove_file(&previous).with_context(|| format!("removing {}", previous.display()))?;
            println!("the key before signs no more from the next start of the servers on");
        }
        Command::Replace { signing } => {
            let source = signing.source(&database.data)?;
            let keys = source.read(|| rng.bytes(), |_| true)?.context("there are no keys")?;
            start::replace(&store, &keys, &clock).await?;
            println!(
                "heads are signed by {}, receipts by {}",
                hex(&keys.head_key()),
                hex(&keys.receipt_key())
            );
        }
    }
    Ok(())
}
