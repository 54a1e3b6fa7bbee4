//! `GET /v1/sites/{site}/policy`: the current version as published, with its hash.

use super::resource;
use crate::api::problem::{Problem, ProblemBody};
use crate::api::site_policies;
use crate::state::AppState;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, ServiceConfig, get};

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config.service(resource("/v1/sites/{site}/policy").route(get().to(current)));
}

/// A site's current policy as published, all languages in one document.
#[utoipa::path(
    get, path = "/v1/sites/{site}/policy", tag = "policies",
    params(("site" = String, Path, description = "the site")),
    responses(
        (status = 200, description = "the compiled policy", body = Object),
        (status = 404, description = "unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn current(state: Data<AppState>, site: Path<String>) -> Result<HttpResponse, Problem> {
    let (_, policies) = site_policies(&state, &site).await?;
    let policy = &policies.current;
    // The hash cannot stand in the bytes that it is made of; every document is an object with members.
    let body = format!("{{\"hash\":\"{}\",{}", policy.engine.hash, &policy.document[1..]);
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("ETag", format!("\"{}\"", policy.engine.hash)))
        .body(body))
}
