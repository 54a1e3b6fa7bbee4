//! `avow gate` as a server: the site behind the gate, and Avow itself under its path, in one process.

use super::proxy::{Address, Upstream, forward};
use super::{Gate, Learn};
use crate::app;
use crate::assets;
use crate::cli::serve::Args;
use crate::clock::Clock;
use crate::config::Database;
use crate::metrics;
use crate::middleware;
use crate::rng::Rng;
use crate::routes;
use crate::state::AppState;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpServer};
use anyhow::Context as _;
use avow_shared::id::SiteId;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

/// How the gate stands before a site.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The site behind it.
    pub upstream: Address,
    /// Its policy.
    pub site: SiteId,
    /// Whether it only looks.
    pub learn: Learn,
    /// How long the site may take to begin an answer, or pause in one.
    pub patience: Duration,
    /// Where operators ask how it is doing; nowhere if not given.
    pub ops: Option<SocketAddr>,
}

/// Serves until SIGTERM or SIGINT.
pub async fn serve(database: &Database, args: &Args, setup: Setup) -> anyhow::Result<()> {
    anyhow::ensure!(assets::widget().is_some(), assets::WITHOUT_WIDGET);
    metrics::install();
    let store = crate::cli::open(database).await?;
    let (state, writer) =
        app::state(store.clone(), args, &database.data, Clock::system(), Rng::system()).await?;
    let state = Data::new(state);
    let gate = Gate::of(&state, setup.site.clone(), setup.learn);
    let rules = gate.rules().await;
    anyhow::ensure!(rules.policy.is_some(), "site {} has no published policy", setup.site.as_str());
    // Where Avow is served is part of the policy; another path needs a restart.
    let base = rules.base.clone();
    let upkeep = app::tend(state.clone());
    let heads = app::publish(state.clone());
    let ended = state.clone();
    let (upstream, patience, trusted) = (setup.upstream.clone(), setup.patience, args.trusted_proxy.clone());
    let shared = state.clone();
    let mut server = HttpServer::new(move || {
        let upstream = Upstream::new(upstream.clone(), trusted.clone(), patience);
        App::new()
            .app_data(shared.clone())
            .app_data(Data::new(upstream))
            .configure(|config| mount(config, &base))
            .service(web::scope("").wrap(gate.clone()).default_service(web::to(forward)))
    })
    .keep_alive(app::KEEP_ALIVE)
    .client_request_timeout(app::HEAD_TIMEOUT)
    .shutdown_timeout(app::SHUTDOWN_SECONDS);
    if let Some(workers) = args.workers {
        server = server.workers(workers);
    }
    let server = server.bind(args.listen).with_context(|| format!("listening on {}", args.listen))?;
    let address = server.addrs().first().copied().context("no address")?;
    let (running, watched) = (server.run(), watch(setup.ops, state)?);
    app::announce(&format!("listening on http://{address}"))?;
    tracing::info!(database = store.name(), %address, upstream = %setup.upstream, "gate is up");
    let served = tokio::try_join!(running, watched);
    upkeep.abort();
    heads.abort();
    app::write_seen(&ended).await;
    writer.finish().await;
    ended.signer.sync().context("the signer's memory")?;
    store.close().await;
    served.context("serving")?;
    tracing::info!("stopped");
    Ok(())
}

/// Avow's own paths below `base`; none if it is served from another host.
fn mount(config: &mut ServiceConfig, base: &str) {
    if base.starts_with('/') {
        config.service(
            web::scope(base)
                .wrap(from_fn(middleware::limit))
                .wrap(from_fn(middleware::cors))
                .wrap(from_fn(middleware::observe))
                .configure(routes::configure_public),
        );
    }
}

/// Serves the operators' paths on an address of their own.
fn watch(
    ops: Option<SocketAddr>,
    state: Data<AppState>,
) -> anyhow::Result<impl Future<Output = std::io::Result<()>>> {
    let server = match ops {
        None => None,
        Some(address) => {
            let server = HttpServer::new(move || {
                App::new()
                    .app_data(state.clone())
                    .wrap(from_fn(middleware::observe))
                    .configure(routes::configure_ops)
            })
            .workers(1)
            .shutdown_timeout(1)
            .bind(address)
            .with_context(|| format!("listening on {address}"))?;
            let address = server.addrs().first().copied().context("no address")?;
            app::announce(&format!("operators on http://{address}"))?;
            Some(server.run())
        }
    };
    Ok(async move {
        match server {
            Some(server) => server.await,
            None => Ok(()),
        }
    })
}
