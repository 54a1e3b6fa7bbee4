//! `GET /v1/export`.

use actix_web::web::ServiceConfig;

/// Registers the paths.
pub fn configure(_config: &mut ServiceConfig) {}
