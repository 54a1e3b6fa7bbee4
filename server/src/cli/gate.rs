//! `avow gate`: the options of the reverse proxy.

use super::serve;
use crate::config::Database;
use crate::gate::Learn;
use crate::gate::proxy::Address;
use crate::gate::serve::{Setup, serve as serve_gate};
use anyhow::Context as _;
use avow_shared::id::SiteId;
use std::net::SocketAddr;
use std::time::Duration;

/// Options.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "gate")]
pub struct Args {
    /// The site behind the gate: http://HOST:PORT
    #[arg(long, env = "AVOW_UPSTREAM", value_name = "URL")]
    upstream: Address,
    /// Whose policy holds
    #[arg(long, env = "AVOW_SITE", value_parser = super::site_id)]
    site: SiteId,
    /// Hold nothing back: report what would be, and collect what no policy names
    #[arg(long)]
    learn: bool,
    /// Seconds that the site may take to begin an answer, or pause in one
    #[arg(long, env = "AVOW_UPSTREAM_PATIENCE", default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
    /// Serve /healthz, /readyz and /metrics here, apart from visitors; port 0 takes a free one
    #[arg(long, env = "AVOW_OPS", value_name = "ADDRESS")]
    ops: Option<SocketAddr>,
    #[command(flatten)]
    serve: serve::Args,
}

/// Serves until a signal says stop.
pub async fn run(database: Database, args: Args) -> anyhow::Result<()> {
    let learn = if args.learn { Learn::On } else { Learn::Off };
    let setup = Setup {
        upstream: args.upstream,
        site: args.site,
        learn,
        patience: Duration::from_secs(args.patience.max(1)),
        ops: args.ops,
    };
    serve_gate(&database, &args.serve, setup).await.context("the gate")
}
