//! `avow counts`: what a site counts and does not keep.

use crate::clock::day;
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
        let day = day(Millis(count.day * DAY_MS));
        println!("{day}\tversion {}\t{}\t{}", count.policy_version, count.event, count.count);
    }
    Ok(())
}
