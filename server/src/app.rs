//! Starts the server and stops it: what it is made of, in which order it comes up and goes down.

use crate::assets;
use crate::cache::{Link, PREFIX, Policies};
use crate::cli::serve::Args;
use crate::clock::Clock;
use crate::config::Database;
use crate::consent::hand_over::HandoverKey;
use crate::consent::region::RegionKey;
use crate::consent::retain;
use crate::geo::{self, Geo, Locator};
use crate::limits::Limits;
use crate::log::artefact;
use crate::log::proofs::Proofs;
use crate::log::publish::Publisher;
use crate::log::sequencer::{Sequencer, Writer};
use crate::log::start;
use crate::metrics;
use crate::middleware::{self, RequestIds};
use crate::rng::Rng;
use crate::routes;
use crate::seal::SealKey;
use crate::seen::Ledger;
use crate::shown::build;
use crate::shown::pictures::{self, Chromium};
use crate::shown::ticket::TicketKey;
use crate::site_files::SiteFiles;
use crate::state::AppState;
use crate::store::Store;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context as _;
use avow_shared::id::SiteId;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long requests under way may take once a stop was asked for.
pub const SHUTDOWN_SECONDS: u64 = 30;
/// How long a kept-alive connection may be idle.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send a request's head.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Every so often measurements are folded, and addresses whose allowance is full again are forgotten.
const UPKEEP: Duration = Duration::from_secs(10);

/// Builds the parts of a server around an open store whose schema is up to date; `data` is the data directory.
pub async fn state(
    store: Store,
    args: &Args,
    data: &Path,
    clock: Clock,
    rng: Rng,
) -> anyhow::Result<(AppState, Writer)> {
    let (source, memory) = (args.signing.source(data)?, args.signing.memory(data));
    let signer = start::signer(&store, &source, &memory, &clock, &rng).await?;
    let seal = SealKey::stored(&store, &clock, &rng).await?;
    let regions = RegionKey::stored(&store, &clock, &rng).await?;
    let handovers = HandoverKey::stored(&store, &clock, &rng).await?;
    let geo = Geo::at(&args.geo.clone().unwrap_or_else(|| data.join(geo::FILE)));
    take_up(&geo);
    let (header, proxies) = (args.country_header.clone(), args.trusted_proxy.clone());
    let locator = Locator { geo, header, proxies };
    let tickets = TicketKey::stored(&store, &clock, &rng).await?;
    if let Some(widget) = assets::widget() {
        build::keep(&store, widget, &clock).await.context("keeping the widget")?;
    }
    let policies = Policies::new(store.clone());
    let link = match &args.redis {
        Some(url) => {
            // The URL may hold a password, so the error's own text stays out.
            let link = Link::new(url, PREFIX).map_err(|_| anyhow::anyhow!("--redis: not a Redis URL"))?;
            link.start().await;
            policies.follow(&link);
            Some(link)
        }
        None => None,
    };
    let entropy = rng.clone();
    let limits = Limits::new(
        args.rate_limit,
        args.trusted_proxy.clone(),
        Arc::new(move || entropy.bytes()),
        link.clone(),
    );
    let (sequencer, writer) = Sequencer::start(store.clone(), signer.clone(), artefact::of_this_server());
    let publisher = Publisher {
        store: store.clone(),
        sequencer: sequencer.clone(),
        signer: signer.clone(),
        policies: policies.clone(),
        interval: Duration::from_secs(args.head_interval),
    };
    let state = AppState {
        proofs: Proofs::new(store.clone()),
        store,
        policies,
        site_files: SiteFiles::new(),
        link,
        limits,
        requests: RequestIds::new(rng.bytes()),
        sequencer,
        signer,
        publisher,
        seal,
        regions,
        handovers,
        locator,
        tickets,
        builds: build::Builds::default(),
        ledger: Ledger::default(),
        clock,
        rng,
    };
    Ok((state, writer))
}

/// Serves until SIGTERM or SIGINT; then answers what has been asked, writes what is queued, and returns.
pub async fn serve(database: &Database, args: &Args, chromium: &Chromium) -> anyhow::Result<()> {
    anyhow::ensure!(assets::widget().is_some(), assets::WITHOUT_WIDGET);
    metrics::install();
    let store = crate::cli::open(database).await?;
    let (state, writer) = state(store.clone(), args, &database.data, Clock::system(), Rng::system()).await?;
    let state = Data::new(state);
    let upkeep = tend(state.clone());
    let heads = publish(state.clone());
    let ended = state.clone();
    let shown = state.clone();
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(middleware::limit))
            .wrap(from_fn(middleware::cors))
            .wrap(from_fn(middleware::observe))
            .configure(routes::configure)
    })
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_SECONDS);
    if let Some(workers) = args.workers {
        server = server.workers(workers);
    }
    let server = server.bind(args.listen).with_context(|| format!("listening on {}", args.listen))?;
    let address = server.addrs().first().copied().context("no address")?;
    let running = server.run();
    announce(&format!("listening on http://{address}"))?;
    tracing::info!(database = store.name(), %address, "serving");
    let pictures = chromium
        .program()
        .map(|program| tokio::spawn(async move { pictures::tend(&shown, &program, address).await }));
    running.await.context("serving")?;
    // Every request has been answered by now, or has run out of time.
    upkeep.abort();
    if let Some(pictures) = pictures {
        pictures.abort();
    }
    heads.abort();
    write_seen(&ended).await;
    writer.finish().await;
    ended.signer.sync().context("the signer's memory")?;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Folds measurements, forgets addresses and keeps what was seen, every so often, until it is aborted.
pub fn tend(state: Data<AppState>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            metrics::upkeep();
            state.limits.sweep();
            look_for_geo(&state).await;
            write_seen(&state).await;
        }
    })
}

/// Takes up a new file that says where visitors are; one that cannot be used is told, and the one before stays.
async fn look_for_geo(state: &Data<AppState>) {
    let geo = state.locator.geo.clone();
    if let Err(error) = tokio::task::spawn_blocking(move || take_up(&geo)).await {
        tracing::error!(%error, "the file that says where visitors are was not read");
    }
}

fn take_up(geo: &Geo) {
    if let Err(error) = geo.refresh() {
        metrics::geo_refused();
        tracing::error!(error = format!("{error:#}"), "the file that says where visitors are was not taken");
    }
}

/// Publishes the heads that are due and puts the signer's memory on disk, every second, until it is aborted.
pub fn publish(state: Data<AppState>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let every = state.publisher.interval.clamp(Duration::from_secs(1), UPKEEP).as_secs();
        for tick in 0_u64.. {
            ticks.tick().await;
            if let Err(error) = state.signer.sync() {
                tracing::error!(%error, "the signer's memory could not be put on disk");
            }
            if tick % every == 0 {
                publish_all(&state).await;
            }
        }
    })
}

/// One round of heads, and of records at the end of their time; what fails is tried again in the next.
async fn publish_all(state: &AppState) {
    let sites = match state.store.list_sites().await {
        Ok(sites) => sites,
        Err(error) => return tracing::warn!(%error, "heads are not published"),
    };
    for site in sites.iter().filter_map(|row| SiteId::parse(&row.site)) {
        if let Err(error) = state.publisher.publish(&site, state.clock.now()).await {
            tracing::warn!(site = site.as_str(), %error, "its head is not published");
        }
        // Small steps, so that visitors never wait behind a heap of them.
        if let Err(error) = retain::step(state, &site).await {
            tracing::warn!(site = site.as_str(), %error, "records at the end of their time are still there");
        }
    }
}

/// Keeps what was seen; a failure is not worth a stop.
pub async fn write_seen(state: &AppState) {
    if let Err(error) = state.ledger.write(&state.store, state.clock.now()).await {
        tracing::warn!(%error, "what was seen could not be written");
    }
}

/// Tells whoever started the server, who reads this to learn the port.
pub fn announce(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
