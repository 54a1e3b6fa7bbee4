//! The `avow-demo` program: reads its flags, binds both listeners and serves until it is stopped.
//!
//! It owns the flags and the only clock and source of randomness; what is served is in `site` (the
//! website with Avow) and `third_party` (the hosts that must hear nothing before consent).

mod pages;
mod policy;
mod proxy;
mod site;
mod source;
mod third_party;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use actix_web::{App, HttpServer, web};
use anyhow::Context;
use clap::Parser;

use crate::source::Source;
use crate::third_party::Log;

/// Serves the demo site with Avow under a path of its own, and the third party that its tags talk to.
#[derive(Parser)]
#[command(name = "avow-demo", version)]
struct Flags {
    /// Port of the site, `careers.localhost`; 0 takes a free one.
    #[arg(long, env = "AVOW_DEMO_SITE_PORT", default_value_t = 8000)]
    site_port: u16,
    /// Port of the third party, `collector.localhost` and its neighbours; 0 takes a free one.
    #[arg(long, env = "AVOW_DEMO_THIRD_PARTY_PORT", default_value_t = 8001)]
    third_party_port: u16,
    /// Where `avow serve` listens.
    #[arg(long, env = "AVOW_DEMO_AVOW_URL", default_value = "http://127.0.0.1:8010")]
    avow_url: String,
    /// What `avow snippet` printed, for the pages under `/b/`.
    #[arg(long, env = "AVOW_DEMO_SNIPPET")]
    snippet: Option<PathBuf>,
    /// The site's folder: `templates/` and `static/`. Its name is the site's id.
    #[arg(long, env = "AVOW_DEMO_SITE_DIR", default_value = "demo-site/careers-enterprise")]
    site_dir: PathBuf,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let site_dir = folder(&flags.site_dir)?;
    let source = Source::of_the_system();
    let tracker = third_party::read_tracker(&site_dir)?;

    let third_party_listener = bind(flags.third_party_port)?;
    let site_listener = bind(flags.site_port)?;
    let third_party_port = third_party_listener.local_addr()?.port();
    let site_port = site_listener.local_addr()?.port();

    let site = web::Data::new(site::Site::open(&site::Options {
        site_dir,
        avow_url: flags.avow_url,
        snippet: flags.snippet,
        third_party_port,
        source: source.clone(),
    })?);
    let third_party = web::Data::new(third_party::ThirdParty { log: Log::new(), tracker, source });

    let site_server = HttpServer::new(move || {
        App::new()
            .app_data(site.clone())
            .configure(site::routes)
            .wrap(site::security_headers(third_party_port))
    })
    .workers(1)
    .shutdown_timeout(1)
    .listen(site_listener)?
    .run();
    let third_party_server =
        HttpServer::new(move || App::new().app_data(third_party.clone()).configure(third_party::routes))
            .workers(1)
            .shutdown_timeout(1)
            .listen(third_party_listener)?
            .run();

    println!("site http://{}:{site_port}", site::HOST);
    println!("third party http://{}:{third_party_port}", third_party::COLLECTOR);
    tokio::try_join!(site_server, third_party_server)?;
    Ok(())
}

fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("listen on 127.0.0.1:{port}"))
}

/// The folder as given, or beside this package when the program runs from another place of the workspace.
fn folder(given: &Path) -> anyhow::Result<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(given);
    [given.to_path_buf(), beside]
        .into_iter()
        .find(|dir| dir.join("templates").is_dir())
        .with_context(|| format!("find the site's folder: {} has no templates", given.display()))?
        .canonicalize()
        .context("resolve the site's folder")
}
