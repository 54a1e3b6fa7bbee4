//! Rate limits on decisions, lookups and exports: counts the request against its sender's address, and refuses
//! it with 429.
//!
//! What is public and the same for everyone (policies, site files, assets) is not counted: a cache may answer
//! it, and a site's own server may ask for it on behalf of all its visitors.

use super::path;
use crate::api::client;
use crate::api::problem::{Kind, Problem};
use crate::limits::{Class, Verdict};
use crate::state::AppState;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::time::Duration;

/// Paths that are counted.
const COUNTED: [&str; 6] =
    ["/v1/consents", "/v1/handovers", "/v1/receipts", "/v1/export", "/v1/processing", REPORTS];
/// Forms are decisions; pages are the site's own server's business, too.
const PAGES: &str = "/page/";
/// Reports of browsers: counted apart from decisions, which they must not crowd out.
const REPORTS: &str = "/v1/reports";

/// Refuses who asks too often.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let verdict = match request.app_data::<Data<AppState>>() {
        Some(state) if is_counted(&request) => check(state, &request).await,
        _ => Verdict::Allowed,
    };
    match verdict {
        Verdict::Allowed => Ok(next.call(request).await?.map_into_boxed_body()),
        Verdict::Refused { retry_after } => {
            let problem = Problem::new(Kind::RateLimited).retry_after(whole_seconds(retry_after));
            Ok(request.into_response(problem.response()))
        }
    }
}

fn is_counted(request: &ServiceRequest) -> bool {
    let path = path(request);
    COUNTED.iter().any(|counted| path.starts_with(counted))
        || (path.starts_with(PAGES) && request.method() == Method::POST)
}

async fn check(state: &AppState, request: &ServiceRequest) -> Verdict {
    // Only a Unix socket has no peer address; we listen on none.
    let Some(peer) = request.peer_addr() else { return Verdict::Allowed };
    let decides = request.method() == Method::POST && !path(request).starts_with(REPORTS);
    let class = if decides { Class::Write } else { Class::Read };
    let client = client::address(state, peer.ip(), request.headers());
    state.limits.check(class, client, state.clock.now().0).await
}

/// Rounded up, at least one: a client that comes back too early is refused again.
fn whole_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}
