//! `avow restore`: after a backup was put back, the log goes on under another name instead of forking.

use crate::clock::Clock;
use crate::config::{Database, Signing};
use crate::consent::restore::{Restored, restore};
use crate::log::start;
use crate::rng::Rng;
use avow_shared::id::SiteId;

/// Which site, and where the signer remembers.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
    #[command(flatten)]
    signing: Signing,
}

/// Compares the database's log with what was signed, and begins a new epoch if it lost something.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    let (clock, rng) = (Clock::system(), Rng::system());
    let (source, memory) = (args.signing.source(&database.data)?, args.signing.memory(&database.data));
    // Fails while a server signs by this memory: it must be stopped first.
    let signer = start::signer(&store, &source, &memory, &clock, &rng).await?;
    match restore(&store, signer, &args.site, &clock).await? {
        Restored::Whole { size } => {
            println!("{}: the log has everything that was signed ({size} leaves): nothing to do", args.site);
        }
        Restored::Joined { epoch, origin } => {
            println!(
                "{}: epoch {epoch} was begun elsewhere, as {origin}; this node signs it from now on",
                args.site
            );
        }
        Restored::Began { epoch, origin, kept, signed } => {
            println!("{}: {kept} leaves are there, {signed} were signed", args.site);
            println!(
                "{}: epoch {epoch} begins, as {origin}; its first own entry names the former head",
                args.site
            );
            println!(
                "{}: receipts for what is lost stay in visitors' hands and show what is missing",
                args.site
            );
        }
    }
    store.close().await;
    Ok(())
}
