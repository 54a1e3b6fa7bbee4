//! Hands requests on to the one site behind the gate, and its answers back, streaming both ways.
//!
//! Never an open proxy: where requests go is fixed at the start and nothing in a request changes it. Only path
//! and query are taken from a request's target, and only from one without a host of its own.
//! What this is not: it judges nothing; [`super::Gate`] around it does.

mod answer;
mod body;
mod upgrade;
mod upstream;

pub use upstream::{Address, AddressError, Upstream};

use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::{HttpRequest, HttpResponse, web};
use hyper::header::{HOST, HeaderName, HeaderValue};

/// Concern one connection only (RFC 9110 section 7.6.1), so they are not handed on.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Say where a request came from; only the gate, and whom it trusts, may.
const FORWARDED: [&str; 6] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Hands one request on and its answer back.
pub async fn forward(
    request: HttpRequest,
    payload: web::Payload,
    upstream: web::Data<Upstream>,
) -> HttpResponse {
    let Some(target) = target(request.method(), request.uri()) else {
        return refusal(StatusCode::BAD_REQUEST, "This is no path of this site.");
    };
    let Some(onward) = onward(&request, target, &upstream) else {
        return refusal(StatusCode::BAD_REQUEST, "This request cannot be handed on.");
    };
    if upgrade::is_wanted(&request) {
        return upgrade::forward(onward, payload, &upstream).await;
    }
    let body = body::onward(request.headers(), payload);
    match upstream.send(onward.map(|()| body)).await {
        Ok(answer) => answer::back(request.method(), answer, upstream.idle()),
        Err(failure) => failure.response(),
    }
}

/// A short answer of the gate's own.
fn refusal(status: StatusCode, sentence: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(format!("{sentence}\n"))
}

/// Path and query; `None` for a target that names a host (RFC 9112 sections 3.2.2 and 3.2.3), and for `*`.
fn target<'a>(method: &Method, uri: &'a Uri) -> Option<&'a str> {
    if *method == Method::CONNECT || uri.authority().is_some() || uri.scheme().is_some() {
        return None;
    }
    Some(uri.path_and_query()?.as_str()).filter(|target| target.starts_with('/'))
}

/// The head of the request as the site gets it.
fn onward(request: &HttpRequest, target: &str, upstream: &Upstream) -> Option<hyper::Request<()>> {
    let mut onward = hyper::Request::builder()
        .method(request.method().as_str())
        .uri(upstream.uri(target)?)
        .body(())
        .ok()?;
    let headers = onward.headers_mut();
    let connection = connection(request.headers());
    for (name, value) in request.headers() {
        let name = name.as_str();
        if is_handed_on(name, &connection) && !FORWARDED.contains(&name) {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_bytes(value.as_bytes()).ok()?,
            );
        }
    }
    say_from_where(request, upstream, headers)?;
    Some(onward)
}

/// Adds who asks, by which name and scheme. What the request says of that is believed only if it comes from a
/// proxy that is trusted.
fn say_from_where(request: &HttpRequest, upstream: &Upstream, headers: &mut hyper::HeaderMap) -> Option<()> {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let trusted = peer.is_some_and(|peer| upstream.trusted().trusts(peer));
    let said = |name: &str| {
        let line = request.headers().get(name).filter(|_| trusted);
        line.and_then(|line| line.to_str().ok()).map(str::to_owned)
    };
    let mut hops: Vec<String> = said("x-forwarded-for").into_iter().collect();
    hops.extend(peer.map(|peer| peer.to_string()));
    headers.insert("x-forwarded-for", HeaderValue::from_str(&hops.join(", ")).ok()?);
    let scheme = said("x-forwarded-proto").unwrap_or_else(|| "http".to_owned());
    headers.insert("x-forwarded-proto", HeaderValue::from_str(&scheme).ok()?);
    let host = said("x-forwarded-host").and_then(|host| HeaderValue::from_str(&host).ok());
    if let Some(host) = host.or_else(|| headers.get(HOST).cloned()) {
        headers.insert("x-forwarded-host", host);
    }
    Some(())
}

/// What `Connection` names, lower case.
fn connection(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::CONNECTION)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect()
}

fn is_handed_on(name: &str, connection: &[String]) -> bool {
    !HOP_BY_HOP.contains(&name) && connection.iter().all(|listed| listed != name)
}
