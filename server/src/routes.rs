//! Which module answers which path.

use crate::api;
use crate::api::problem::{Kind, Problem};
use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;

/// Registers every path.
pub fn configure(config: &mut ServiceConfig) {
    configure_often(config);
    api::ops::configure(config);
    configure_rest(config);
}

/// Registers the paths that visitors and officers may reach, without those for operators.
pub fn configure_public(config: &mut ServiceConfig) {
    configure_often(config);
    configure_rest(config);
}

/// What every visit asks for. The framework tries the paths in the order in which they are registered, and each costs.
fn configure_often(config: &mut ServiceConfig) {
    // Before the texts of a policy, whose path would take it for a language.
    api::region::configure(config);
    api::site_files::configure(config);
    api::assets::configure(config);
    api::consents::configure(config);
}

fn configure_rest(config: &mut ServiceConfig) {
    api::shown::configure(config);
    api::handovers::configure(config);
    api::receipts::configure(config);
    api::log::configure(config);
    api::policy::configure(config);
    api::export::configure(config);
    api::processing::configure(config);
    api::bundle::configure(config);
    api::pages::configure(config);
    api::reports::configure(config);
    api::openapi::configure(config);
    config.default_service(actix_web::web::to(not_found));
}

/// Registers the paths for operators alone.
pub fn configure_ops(config: &mut ServiceConfig) {
    api::ops::configure(config);
    config.default_service(actix_web::web::to(not_found));
}

async fn not_found() -> HttpResponse {
    Problem::new(Kind::NotFound).response()
}
