//! `GET /v1/sites/{site}/policy`: the current version as published.

use crate::api::problem::{Kind, Problem};
use crate::state::AppState;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, ServiceConfig, get};
use avow_shared::id::SiteId;

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config.route("/v1/sites/{site}/policy", get().to(current));
}

async fn current(state: Data<AppState>, site: Path<String>) -> Result<HttpResponse, Problem> {
    let site = SiteId::parse(&site).ok_or_else(|| Problem::new(Kind::UnknownSite))?;
    let policies = state.policies.site(&site).await?.ok_or_else(|| Problem::new(Kind::UnknownSite))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("ETag", format!("\"{}\"", policies.current.engine.hash)))
        .body(policies.current.document.clone()))
}
