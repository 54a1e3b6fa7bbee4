//! Which module answers which path.

use crate::api;
use crate::api::problem::{Kind, Problem};
use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;

/// Registers every path.
pub fn configure(config: &mut ServiceConfig) {
    api::consents::configure(config);
    api::policy::configure(config);
    api::export::configure(config);
    api::assets::configure(config);
    api::site_files::configure(config);
    api::ops::configure(config);
    api::openapi::configure(config);
    config.default_service(actix_web::web::to(not_found));
}

async fn not_found() -> HttpResponse {
    Problem::new(Kind::NotFound).response()
}
