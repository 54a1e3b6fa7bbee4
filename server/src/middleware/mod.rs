//! What every request passes on its way in and out, outermost first: [`observe`], [`cors`], [`limit`].

mod cors;
mod limit;
mod observe;

pub use self::cors::cors;
pub use self::limit::limit;
pub use self::observe::{RequestIds, observe};

use actix_web::dev::ServiceRequest;

/// The path as Avow's own routes have it, also where they are mounted below another one.
fn path(request: &ServiceRequest) -> &str {
    request.match_info().unprocessed()
}

#[cfg(test)]
mod tests;
