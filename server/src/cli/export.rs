//! `avow export`: the records of a site, to a file or to standard output.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use avow_shared::id::{RecordId, SiteId};

use crate::access::{self, CLI, Use};
use crate::clock::Clock;
use crate::config::Database;
use crate::consent::export::{self, Export, Format};
use crate::rng::Rng;
use crate::store::records::Filter;

/// What to export.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
    /// How to write it
    #[arg(long, value_enum)]
    format: Format,
    /// Records of this day or time and later (2026-01-31 or 2026-01-31T09:00:00Z)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Records before this day or time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Answers to this policy version only
    #[arg(long, value_name = "NUMBER")]
    version: Option<u32>,
    /// One record: its id or its reference code
    #[arg(long, value_name = "ID|CODE")]
    record: Option<String>,
    /// Write here instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Exports. The audit names `cli` as who did it.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = &super::open(&database).await?;
    let (clock, rng) = (Clock::system(), Rng::system());
    let mut filter = Filter {
        from: args.from.as_deref().map(export::moment).transpose()?,
        to: args.to.as_deref().map(export::moment).transpose()?,
        version: args.version,
        record: None,
    };
    if let Some(text) = &args.record {
        let Some(id) = export::find(store, &args.site, text).await? else {
            bail!("no record of site {} has that id or code", args.site.as_str());
        };
        filter.record = Some(id);
    }
    let mut export = Export::start(store, &args.site, filter, args.format).await?;
    let object = filter.record.map(RecordId::to_text).unwrap_or_default();
    let what = Use { site: &args.site, actor: CLI, action: "export", object: &object };
    access::record(store, &clock, &rng, &what).await?;
    let mut out: Box<dyn Write + Send> = match &args.out {
        Some(path) => Box::new(File::create(path).with_context(|| format!("create {}", path.display()))?),
        None => Box::new(std::io::stdout()),
    };
    while let Some(bytes) = export.next().await? {
        out.write_all(&bytes).context("write the export")?;
    }
    out.flush().context("write the export")
}
