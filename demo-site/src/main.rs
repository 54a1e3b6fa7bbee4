//! The `avow-demo` program: reads its flags, binds both listeners and serves until it is stopped.
//!
//! It owns the flags and the only clock and source of randomness; what is served is in `sites` (the
//! websites with Avow) and `third_party` (the hosts that must hear nothing before consent).

mod avow;
mod pages;
mod pretend;
mod proxy;
mod site;
mod site_file;
mod sites;
mod source;
mod start;
mod third_party;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use anyhow::{Context, ensure};
use clap::Parser;

use crate::proxy::Onward;
use crate::site::{Options, Site};
use crate::sites::Sites;
use crate::source::Source;
use crate::third_party::Log;

/// Serves the demo sites with Avow under a path of their own, and the third parties that their tags talk to.
#[derive(Parser)]
#[command(name = "avow-demo", version)]
struct Flags {
    /// Port of the sites, `careers.localhost` and the others; 0 takes a free one.
    #[arg(long, env = "AVOW_DEMO_SITE_PORT", default_value_t = 8000)]
    site_port: u16,
    /// Port of the third parties, `collector.localhost` and its neighbours; 0 takes a free one.
    #[arg(long, env = "AVOW_DEMO_THIRD_PARTY_PORT", default_value_t = 8001)]
    third_party_port: u16,
    /// Where `avow serve` listens.
    #[arg(long, env = "AVOW_DEMO_AVOW_URL", default_value = "http://127.0.0.1:8010")]
    avow_url: String,
    /// The folder in which `SITE.html` is what `avow snippet SITE` printed, for the pages under `/b/`.
    #[arg(long, env = "AVOW_DEMO_SNIPPETS")]
    snippets: Option<PathBuf>,
    /// The folder of the sites: every folder in it with a `site.toml` is one, and its name is the site's id.
    #[arg(long, env = "AVOW_DEMO_SITES", default_value = "demo-site")]
    sites: PathBuf,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let folder = folder(&flags.sites)?;
    let source = Source::of_the_system();
    let tracker = third_party::read_tracker(&folder)?;

    let third_party_listener = bind(flags.third_party_port)?;
    let site_listener = bind(flags.site_port)?;
    let third_party_port = third_party_listener.local_addr()?.port();
    let site_port = site_listener.local_addr()?.port();

    let client = client()?;
    let avow_url = flags.avow_url.trim_end_matches('/').to_owned();
    let options = Options {
        client: client.clone(),
        avow_url: avow_url.clone(),
        snippets: flags.snippets,
        third_party_port,
        source: source.clone(),
    };
    let opened =
        site_folders(&folder)?.iter().map(|dir| Site::open(dir, &options)).collect::<Result<_, _>>()?;
    let sites = web::Data::new(Sites {
        every: Arc::new(opened),
        onward: Arc::new(Onward { client, avow_url }),
        third_party_port,
    });
    let third_party = web::Data::new(third_party::ThirdParty { log: Log::new(), tracker, source });

    let site_server = HttpServer::new(move || {
        App::new()
            .app_data(sites.clone())
            .configure(sites::routes)
            .wrap(sites::security_headers(third_party_port))
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

    println!("sites {site_port}");
    println!("third party http://{}:{third_party_port}", third_party::COLLECTOR);
    tokio::try_join!(site_server, third_party_server)?;
    Ok(())
}

fn client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(Duration::from_secs(30))
        .build()
        .context("make the client for Avow")
}

fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("listen on 127.0.0.1:{port}"))
}

/// The folders of the sites, in the order of their names.
fn site_folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut sites: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("site.toml").is_file())
        .collect();
    sites.sort();
    ensure!(!sites.is_empty(), "{} has no folder with a site.toml", folder.display());
    Ok(sites)
}

/// The folder as given, or beside this package when the program runs from another place of the workspace.
fn folder(given: &Path) -> anyhow::Result<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(given);
    [given.to_path_buf(), beside]
        .into_iter()
        .find(|dir| site_folders(dir).is_ok())
        .with_context(|| format!("find the sites' folder: {} has none", given.display()))?
        .canonicalize()
        .context("resolve the sites' folder")
}
