//! What operators ask: is it alive, is it ready, how is it doing.

use super::resource;
use crate::api::problem::{Kind, Problem, ProblemBody};
use crate::assets;
use crate::metrics;
use crate::state::AppState;
use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

/// Headers that a proxy adds.
const PROXIED: [&str; 3] = ["forwarded", "x-forwarded-for", "via"];

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/healthz").route(get().to(healthz)))
        .service(resource("/readyz").route(get().to(readyz)))
        .service(resource("/metrics").route(get().to(metrics_page)));
}

/// The parts of a server that is ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// The database, which takes writes.
    #[schema(example = "sqlite")]
    store: &'static str,
    /// The widget's engine.
    #[schema(example = "avow-0123456789abcdef.wasm")]
    widget: &'static str,
    /// `none`, `up` or `down`; without Redis a server is as ready as with it.
    #[schema(example = "none")]
    redis: &'static str,
}

/// The process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "the process answers", body = String, content_type = "text/plain"))
)]
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body("ok\n")
}

/// The server can do its work: the database takes writes, the widget is there.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "ready", body = Readiness),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
        (status = 507, description = "storage-full", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    state.store.ping_writable().await?;
    let widget =
        assets::widget().ok_or_else(|| Problem::new(Kind::Unavailable).detail(assets::WITHOUT_WIDGET))?;
    let redis = match &state.link {
        None => "none",
        Some(link) if link.is_up() => "up",
        Some(_) => "down",
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Readiness {
        store: state.store.name(),
        widget: widget.build.wasm,
        redis,
    }))
}

/// Counts and times in Prometheus' text format, for who asks directly: through a site's proxy, where anybody
/// may ask, there is no such page.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses(
        (status = 200, description = "Prometheus text format", body = String, content_type = "text/plain"),
        (status = 404, description = "not-found, where a proxy passed the request on", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn metrics_page(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if PROXIED.iter().any(|name| request.headers().contains_key(*name)) {
        return Err(Problem::new(Kind::NotFound));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(metrics::render()))
}
