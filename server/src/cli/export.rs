//! `avow export`: the records of a site, to a file or to standard output.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use avow_shared::id::{Millis, RecordId, SiteId};

use crate::access::{self, CLI, Use};
use crate::clock::Clock;
use crate::config::Database;
use crate::consent::bundle::{self, Plan};
use crate::consent::export::{Export, Format, Selection};
use crate::rng::Rng;
use crate::store::Store;
use crate::store::records::Filter;

/// What to export.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The site
    #[arg(long, value_parser = super::site_id)]
    site: SiteId,
    /// How to write it
    #[arg(long, value_enum, required_unless_present = "bundle", conflicts_with = "bundle")]
    format: Option<Format>,
    /// A ZIP that can be checked without us: records, entries, the signed head, policies (`docs/bundle.md`)
    #[arg(long, requires = "out")]
    bundle: bool,
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
    let object = filter.record.map(RecordId::to_text).unwrap_or_default();
    let what = Use { site: &args.site, actor: CLI, action: "export", object: &object };
    access::record(store, &clock, &rng, &what).await?;
    let Some(format) = args.format else {
        return bundle(store, &args, filter, clock.now()).await;
    };
    let mut export = Export::start(store, &args.site, filter, format).await?;
    let mut out: Box<dyn Write + Send> = match &args.out {
        Some(path) => Box::new(File::create(path).with_context(|| format!("create {}", path.display()))?),
        None => Box::new(std::io::stdout()),
    };
    while let Some(bytes) = export.next().await? {
        out.write_all(&bytes).context("write the export")?;
    }
    out.flush().context("write the export")
}

/// Writes a bundle beside its place first, so that half a file is never taken for a whole one.
async fn bundle(store: &Store, args: &Args, filter: Filter, now: Millis) -> anyhow::Result<()> {
    let out = args.out.as_deref().context("--out FILE")?;
    let plan = Plan::published(store, &args.site, filter, now).await?;
    let plan =
        plan.context("no head is published yet: that happens within a minute of the server's start")?;
    let size = plan.head.checkpoint.size;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let half = tempfile::NamedTempFile::new_in(folder).context("a file beside it")?;
    let (file, half) = half.into_parts();
    let file = bundle::write(store, plan, BufWriter::new(file)).await?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    half.persist(out).with_context(|| format!("write {}", out.display()))?;
    eprintln!("{}: the log up to {size} entries", out.display());
    Ok(())
}
