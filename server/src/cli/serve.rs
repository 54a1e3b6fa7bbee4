//! `avow serve`: the options of the server.

use crate::app;
use crate::config::{Database, HeaderName, Signing};
use crate::limits::{RateLimit, TrustedProxies};
use crate::shown::pictures::Chromium;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Options.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "AVOW_LISTEN", default_value = "127.0.0.1:8010", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Share limits and news of a publish between nodes: redis://host/
    #[arg(long = "redis", env = "AVOW_REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis: Option<String>,
    /// How often one address may send a decision: `off`, or `PER_SECOND[:BURST]`. Looking up a record may be
    /// done a quarter as often
    #[arg(long, env = "AVOW_RATE_LIMIT", default_value = "10:600", value_name = "RATE")]
    pub rate_limit: RateLimit,
    /// Believe X-Forwarded-For from these: addresses, blocks such as 10.0.0.0/8, `loopback`, `private`;
    /// nobody by default
    #[arg(
        long,
        env = "AVOW_TRUSTED_PROXY",
        default_value = "",
        hide_default_value = true,
        value_name = "LIST"
    )]
    pub trusted_proxy: TrustedProxies,
    /// The mmdb file that says where visitors are; `geo.mmdb` in the data directory if not given. Looked at again every
    /// ten seconds
    #[arg(long, env = "AVOW_GEO", value_name = "FILE")]
    pub geo: Option<PathBuf>,
    /// Believe this header of a trusted proxy about the visitor's country (`GB`, `US-CA`), in place of the file
    #[arg(long, env = "AVOW_COUNTRY_HEADER", value_name = "NAME")]
    pub country_header: Option<HeaderName>,
    /// Threads that answer requests; one per processor if not given
    #[arg(long, env = "AVOW_WORKERS", value_name = "N")]
    pub workers: Option<usize>,
    /// Seconds between two published heads of a log, at least
    #[arg(long, env = "AVOW_HEAD_INTERVAL", default_value_t = 60, value_name = "SECONDS")]
    pub head_interval: u64,
    #[command(flatten)]
    pub signing: Signing,
}

/// What `avow serve` takes besides: `avow gate` makes no pictures.
#[derive(Clone, Debug, clap::Args)]
pub struct Command {
    #[command(flatten)]
    args: Args,
    /// Takes pictures of the banners in force: `auto` is one that is installed, `off` none, else its path
    #[arg(long, env = "AVOW_CHROMIUM", default_value = "auto", value_name = "PROGRAM")]
    chromium: Chromium,
}

/// Serves until a signal says stop.
pub async fn run(database: Database, command: Command) -> anyhow::Result<()> {
    app::serve(&database, &command.args, &command.chromium).await
}
