//! `avow doctor`: looks for what does not fit.

use crate::config::{Database, Signing};
use crate::consent::inspect::{Finding, inspect};
use crate::log::signer::remembered;
use avow_shared::id::SiteId;

/// What to look at.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Recompute a site's log from its records and name what disagrees
    Log {
        /// The site; every site if not given
        #[arg(long, value_parser = super::site_id)]
        site: Option<SiteId>,
        #[command(flatten)]
        signing: Signing,
    },
}

/// Prints what was checked; fails if anything disagrees.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    let Command::Log { site, signing } = command;
    let store = super::open(&database).await?;
    let sites = match site {
        Some(site) => vec![site],
        None => store.list_sites().await?.iter().filter_map(|row| SiteId::parse(&row.site)).collect(),
    };
    let memory = signing.memory(&database.data);
    let mut wrong = 0;
    for site in sites {
        let signed = remembered(&memory, site.as_str())?;
        let report = inspect(&store, &site, signed.as_ref()).await?;
        for Finding { place, what } in &report.findings {
            println!("{site}: {place}: {what}");
        }
        wrong += report.findings.len();
        println!(
            "{site}: {} leaves, {} records, {} tiles, {} published heads{}",
            report.leaves,
            report.records,
            report.tiles,
            report.heads,
            if signed.is_some() {
                ", the signer's memory"
            } else {
                "; the signer's memory was not there to compare"
            }
        );
    }
    anyhow::ensure!(wrong == 0, "{wrong} that do not fit");
    println!("everything fits");
    Ok(())
}
