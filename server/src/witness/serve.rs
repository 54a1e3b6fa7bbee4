//! The witness over HTTP: one resource, `POST /add-checkpoint`, and its answers in plain text.

use super::judge::Refusal;
use super::{Failure, Witness};
use crate::app;
use actix_web::dev::Server;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Context as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Longest request, bytes: 63 lines of proof and a head with sixty signatures fit.
pub const MAX_BODY: usize = 16 * 1024;
/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests under way may take once a stop was asked for.
const SHUTDOWN_SECONDS: u64 = 10;
/// Logs ask seldom.
const WORKERS: usize = 2;
/// Connections of each worker.
const CONNECTIONS: usize = 128;

/// Listens; says where. The server answers while it is polled, and ends with SIGTERM or SIGINT.
pub fn bind(listen: SocketAddr, witness: Witness) -> anyhow::Result<(SocketAddr, Server)> {
    let witness = Data::from(Arc::new(witness));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(witness.clone())
            .service(
                web::resource("/add-checkpoint")
                    .route(web::post().to(add_checkpoint))
                    .default_service(web::to(|| async { only_post() })),
            )
            .default_service(web::to(|| async { plain(StatusCode::NOT_FOUND, "there is nothing here") }))
    })
    .workers(WORKERS)
    .max_connections(CONNECTIONS)
    .keep_alive(app::KEEP_ALIVE)
    .client_request_timeout(app::HEAD_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .bind(listen)
    .with_context(|| format!("listening on {listen}"))?;
    let address = server.addrs().first().copied().context("no address")?;
    Ok((address, server.run()))
}

/// Serves until SIGTERM or SIGINT. Prints the public key and the address first.
pub async fn serve(listen: SocketAddr, witness: Witness) -> anyhow::Result<()> {
    let verifier = witness.verifier().to_string();
    let (address, running) = bind(listen, witness)?;
    app::announce(&format!("witness {verifier}"))?;
    app::announce(&format!("listening on http://{address}"))?;
    tracing::info!(%address, "witnessing");
    running.await.context("serving")?;
    tracing::info!("stopped");
    Ok(())
}

async fn add_checkpoint(payload: web::Payload, witness: Data<Witness>) -> HttpResponse {
    let read = tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(MAX_BODY));
    let body = match read.await {
        Ok(Ok(Ok(body))) => body,
        Ok(Ok(Err(_))) => return plain(StatusCode::BAD_REQUEST, "the request cannot be read"),
        Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is longer than 16 kB"),
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the request takes too long"),
    };
    // The disk is waited for off the threads that serve. Once begun it runs to its end, whoever hangs up.
    let cosigned = web::block(move || match std::str::from_utf8(&body) {
        Ok(body) => witness.cosign(body),
        Err(_) => Err(Refusal::Malformed("it is not UTF-8").into()),
    });
    match cosigned.await {
        Ok(Ok(line)) => answer(StatusCode::OK, "text/plain; charset=utf-8", line),
        Ok(Err(Failure::Refused(refusal))) => refused(&refusal),
        Ok(Err(failure)) => {
            let cause = std::error::Error::source(&failure).map(ToString::to_string);
            tracing::error!(%failure, cause, "a head could not be cosigned");
            internal()
        }
        Err(error) => {
            tracing::error!(%error, "a head could not be cosigned");
            internal()
        }
    }
}

fn refused(refusal: &Refusal) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match refusal.size() {
        Some(size) => answer(status, "text/x.tlog.size", format!("{size}\n")),
        None => plain(status, &refusal.to_string()),
    }
}

fn internal() -> HttpResponse {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "the witness cannot cosign now")
}

fn only_post() -> HttpResponse {
    let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "this is for POST");
    refusal.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    refusal
}

fn plain(status: StatusCode, sentence: &str) -> HttpResponse {
    answer(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(kind)
        .body(body)
}
