//! Who is asking: the address of the peer, or of the visitor for whom a trusted proxy asks.

use crate::state::AppState;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use std::net::IpAddr;
use std::sync::Once;

/// The client's address.
pub fn address(state: &AppState, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let proxies = state.limits.proxies();
    if headers.contains_key(X_FORWARDED_FOR) && !proxies.trusts(peer) {
        warn_untrusted();
    }
    proxies.client(peer, lines(headers, X_FORWARDED_FOR.as_str()).into_iter())
}

/// The lines of a header; one that is no text is empty.
pub fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).map(|line| line.to_str().unwrap_or_default()).collect()
}

/// Behind a proxy that is not trusted all visitors are one client, which an operator should know.
fn warn_untrusted() {
    static ONCE: Once = Once::new();
    metrics::counter!("avow_forwarded_untrusted_total").increment(1);
    ONCE.call_once(|| {
        tracing::warn!(
            "requests come through a proxy that is not trusted, so all its visitors share one rate limit and one \
             region: name it with --trusted-proxy"
        );
    });
}
