//! The site behind the gate: its address, the connections to it, and what happens when it does not answer.

use super::body::Onward;
use super::refusal;
use crate::limits::TrustedProxies;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use hyper::Uri;
use hyper::body::Incoming;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long the site may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an unused connection to it is kept. Shorter than most servers keep theirs, so that few are found
/// closed.
const KEEP: Duration = Duration::from_secs(20);
/// Unused connections that each thread keeps.
const SPARE: usize = 256;

/// Where the site is: `http://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Authority);

/// Why a text is no address of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the site's address is written http://HOST:PORT, without path, query or user")]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let rest = text.strip_prefix("http://").ok_or(AddressError)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let authority: Authority = rest.parse().map_err(|_| AddressError)?;
        let plain = !authority.host().is_empty() && !authority.as_str().contains('@');
        if plain { Ok(Self(authority)) } else { Err(AddressError) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

/// The site. Each thread has one, with connections of its own.
pub struct Upstream {
    address: Address,
    trusted: TrustedProxies,
    patience: Duration,
    client: Client<HttpConnector, Onward>,
}

impl Upstream {
    /// The site at that address. `patience` is how long it may take to begin an answer, and how long the answer
    /// may then pause.
    pub fn new(address: Address, trusted: TrustedProxies, patience: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP)
            .pool_max_idle_per_host(SPARE)
            .build(connector);
        Self { address, trusted, patience, client }
    }

    pub(super) fn trusted(&self) -> &TrustedProxies {
        &self.trusted
    }

    pub(super) fn idle(&self) -> Duration {
        self.patience
    }

    /// The address of a path of the site.
    pub(super) fn uri(&self, target: &str) -> Option<Uri> {
        let mut parts = hyper::http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.address.0.clone());
        parts.path_and_query = Some(PathAndQuery::from_str(target).ok()?);
        Uri::from_parts(parts).ok()
    }

    pub(super) async fn send(
        &self,
        request: hyper::Request<Onward>,
    ) -> Result<hyper::Response<Incoming>, Failure> {
        match tokio::time::timeout(self.patience, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the site cannot be reached, or broke off");
                Err(Failure::Broken)
            }
            Err(_) => Err(Failure::Late),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, or one that broke off, or an answer that is none.
    Broken,
    /// Not in time.
    Late,
}

impl Failure {
    pub(super) fn response(self) -> HttpResponse {
        let (reason, status, sentence) = match self {
            Self::Broken => ("broken", StatusCode::BAD_GATEWAY, "The site does not answer."),
            Self::Late => ("late", StatusCode::GATEWAY_TIMEOUT, "The site takes too long to answer."),
        };
        metrics::counter!("avow_gate_upstream_failures_total", "reason" => reason).increment(1);
        refusal(status, sentence)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_nothing_else() {
        for right in ["http://127.0.0.1:3000", "http://site.internal/", "http://[::1]:80"] {
            assert!(right.parse::<Address>().is_ok(), "{right}");
        }
        for wrong in
            ["", "127.0.0.1:3000", "https://a.example", "http://", "http://a/b", "http://u:p@a", "http://a?x"]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
