//! `avow snippet`: prints what a site owner pastes into `<head>` (install form b).

use anyhow::Context as _;
use avow_shared::id::SiteId;

use crate::config::Database;
use crate::policy::Published;
use crate::site_files;

/// Whose snippet.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(value_parser = super::site_id)]
    site: SiteId,
}

/// Prints it.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    let version = store.current_policy(&args.site).await?;
    let version = version.with_context(|| format!("site {} has no published policy", args.site.as_str()))?;
    let policy = Published::from_document(&version.document, &version.hash).map_err(anyhow::Error::msg)?;
    print!("{}", site_files::snippet(&policy)?);
    Ok(())
}
