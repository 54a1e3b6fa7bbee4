//! `avow export`.

use crate::config::Database;

/// Options.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long)]
    pub site: String,
}

/// Runs it.
pub async fn run(_database: Database, args: Args) -> anyhow::Result<()> {
    anyhow::bail!("no export of {} yet", args.site)
}
