//! Paths of the openapi.

use actix_web::web::ServiceConfig;

/// Registers the paths.
pub fn configure(_config: &mut ServiceConfig) {}
