//! `avow audit`: who read or exported the records of a site.

use avow_shared::id::{Millis, SiteId};

use crate::clock::rfc3339;
use crate::config::Database;

/// Whose audit, and how much of it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
    /// The last so many uses
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    limit: u32,
}

/// Prints it, the newest first: time, token or `cli`, what was done, to what.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    for used in store.list_audit(&args.site, args.limit).await? {
        println!("{}\t{}\t{}\t{}", rfc3339(Millis(used.at)), used.actor, used.action, used.object);
    }
    Ok(())
}
