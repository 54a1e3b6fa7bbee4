//! What operators ask: is it alive, is it ready.

use crate::api::problem::Problem;
use crate::state::AppState;
use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig, get};

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config.route("/healthz", get().to(healthz)).route("/readyz", get().to(readyz));
}

/// The process answers.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The database answers too.
async fn readyz(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    state.store.ping().await?;
    Ok(HttpResponse::Ok().content_type("text/plain").body("ready\n"))
}
