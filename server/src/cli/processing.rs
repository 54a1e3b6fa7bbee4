//! `avow processing`: the record of processing activities (GDPR Art 30(1)), from a site's published notice.

use crate::config::Database;
use crate::policy::document::Document;
use crate::policy::notice::processing::{Format, Processing};
use anyhow::Context as _;
use avow_shared::id::SiteId;
use std::io::Write as _;

/// Whose record.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
    /// How to write it
    #[arg(long, value_enum)]
    format: Format,
    /// Of this version; without it of the current one
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
}

/// Prints it.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = super::open(&database).await?;
    let versions = store.policy_versions(&args.site).await?;
    let row = match args.version {
        None => versions.first(),
        Some(number) => versions.iter().find(|row| row.version == i64::from(number)),
    };
    let row = row.with_context(|| format!("there is no such version of {}", args.site))?;
    let document: Document =
        serde_json::from_str(&row.document).context("the stored policy cannot be read")?;
    let processing = Processing::of(&document).context("the policy has no `[[notice.activity]]`")?;
    std::io::stdout().lock().write_all(&processing.written(args.format)).context("write the record")
}
