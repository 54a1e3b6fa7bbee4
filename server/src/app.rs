//! Starts the server and stops it: what it is made of, in which order it comes up and goes down.

use crate::assets::{WITHOUT_WIDGET, widget};
use crate::cache::Policies;
use crate::cli::serve::Args;
use crate::clock::Clock;
use crate::config::Database;
use crate::log::sequencer::{Sequencer, Writer};
use crate::rng::Rng;
use crate::routes;
use crate::seal::SealKey;
use crate::site_files::SiteFiles;
use crate::state::AppState;
use crate::store::Store;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context as _;
use std::io::Write as _;
use std::time::Duration;

/// How long requests under way may take once a stop was asked for.
const SHUTDOWN_SECONDS: u64 = 30;
/// How long a kept-alive connection may be idle.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The name under which the key of the cookie seals is stored.
const SEAL_KEY: &str = "seal/1";

/// Builds the parts of a server around an open store whose schema is up to date.
pub async fn state(store: Store, base: String, clock: Clock, rng: Rng) -> anyhow::Result<(AppState, Writer)> {
    let key = store.secret_or_insert(SEAL_KEY, rng.bytes(), clock.now()).await?;
    let (sequencer, writer) = Sequencer::start(store.clone());
    let policies = Policies::new(store.clone());
    Ok((
        AppState {
            store,
            policies,
            site_files: SiteFiles::new(),
            sequencer,
            clock,
            rng,
            seal: SealKey::new(key),
            base,
        },
        writer,
    ))
}

/// Serves until SIGTERM or SIGINT; then answers what has been asked, writes what is queued, and returns.
pub async fn serve(database: &Database, args: &Args) -> anyhow::Result<()> {
    anyhow::ensure!(widget().is_some(), WITHOUT_WIDGET);
    let store = crate::cli::open(database).await?;
    let base = args.base.trim_end_matches('/').to_owned();
    let (state, writer) = state(store.clone(), base, Clock::system(), Rng::system()).await?;
    let state = Data::new(state);
    let mut server = HttpServer::new(move || App::new().app_data(state.clone()).configure(routes::configure))
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS);
    if let Some(workers) = args.workers {
        server = server.workers(workers);
    }
    let server = server.bind(args.listen).with_context(|| format!("listening on {}", args.listen))?;
    let address = server.addrs().first().copied().context("no address")?;
    let running = server.run();
    // Whoever started the server reads this line to learn the port.
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on http://{address}")?;
    stdout.flush()?;
    drop(stdout);
    tracing::info!(database = store.name(), %address, "serving");
    running.await.context("serving")?;
    // Every request has been answered by now, or has run out of time.
    writer.finish().await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}
