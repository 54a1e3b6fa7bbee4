//! `avow counts`: what a site counts and does not keep.

use crate::clock::rfc3339;
use crate::config::Database;
use avow_shared::id::{DAY_MS, Millis, SiteId};

/// Whose counts.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
}

/// Prints them by day: policy version, event, number.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    for count in store.counts(&args.site).await? {
        let day = rfc3339(Millis(count.day * DAY_MS));
        let day = day.get(..10).unwrap_or(&day);
        println!("{day}\tversion {}\t{}\t{}", count.policy_version, count.event, count.count);
    }
    Ok(())
}
