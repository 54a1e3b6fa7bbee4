//! `avow export`: the records of a site, to a file or to standard output.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use avow_shared::id::{RecordId, SiteId};

use crate::access::{self, CLI, Use};
use crate::clock::Clock;
use crate::config::Database;
use crate::consent::export::{Export, Format, Selection};
use crate::rng::Rng;

/// What to export.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
    /// How to write it
    #[arg(long, value_enum)]
    format: Format,
    #[command(flatten)]
    selection: Selection,
    /// Write here instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Exports. The audit names `cli` as who did it.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let store = &super::open(&database).await?;
    let (clock, rng) = (Clock::system(), Rng::system());
    let filter = args.selection.read(store, &args.site).await?;
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
