//! `/.avow/*`: hands requests on to Avow with the prefix taken off, streaming both ways.
//!
//! `Origin` and `Sec-Fetch-Site` pass untouched, since Avow decides by them; what a client could use to
//! lie about its address is replaced. `/metrics` stays inside.

use std::io;
use std::net::IpAddr;

use actix_web::body::SizedStream;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;

use crate::pretend::{PLACE_HEADER, Pretend};

/// The path of the site under which Avow is served.
pub const PREFIX: &str = "/.avow";

/// Concern one connection only (RFC 9110 section 7.6.1), so they are not handed on.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Say where a request came from; only the proxy itself may.
const FORWARDED: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", PLACE_HEADER];

/// The way on.
pub struct Onward {
    /// Talks to Avow.
    pub client: reqwest::Client,
    /// Where Avow listens, without a slash at the end.
    pub avow_url: String,
}

/// Hands one request on and its answer back.
pub async fn forward(request: HttpRequest, payload: web::Payload, onward: &Onward) -> HttpResponse {
    match target(request.uri().path(), request.uri().query()) {
        Some(target) => hand_on(request, payload, onward, &target).await,
        None => not_found(),
    }
}

/// There is nothing for visitors at this path.
pub fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("not found\n")
}

/// The same to that path and query at Avow.
pub async fn hand_on(
    request: HttpRequest,
    payload: web::Payload,
    onward: &Onward,
    target: &str,
) -> HttpResponse {
    let Ok(method) = reqwest::Method::from_bytes(request.method().as_str().as_bytes()) else {
        return HttpResponse::MethodNotAllowed().finish();
    };
    let mut onward = onward.client.request(method, format!("{}{target}", onward.avow_url));
    let connection = request.headers().get(header::CONNECTION).and_then(|value| value.to_str().ok());
    for (name, value) in request.headers() {
        let name = name.as_str();
        if passes(name, connection) && !FORWARDED.contains(&name) {
            onward = onward.header(name, value.as_bytes());
        }
    }
    if let Some(peer) = request.peer_addr() {
        onward = onward.header("x-forwarded-for", client_address(peer.ip()));
    }
    onward = onward.header("x-forwarded-proto", "http");
    // Where the visitor pretends to be, as a content delivery network would say it; and the signal, where it is pretended.
    onward = Pretend::of(&request).tell(onward, &request);
    if has_body(&request) {
        onward = onward.body(body(payload));
    }
    match onward.send().await {
        Ok(answer) => back(request.method(), answer),
        Err(_) => HttpResponse::BadGateway()
            .insert_header((header::RETRY_AFTER, "5"))
            .content_type("text/plain; charset=utf-8")
            .body("Avow does not answer\n"),
    }
}

/// The path at Avow, or `None` for what visitors have no business with.
fn target(path: &str, query: Option<&str>) -> Option<String> {
    let path = path.strip_prefix(PREFIX).filter(|path| path.starts_with('/'))?;
    // A dot segment could climb to what is kept inside; no address of Avow has one.
    let climbs = path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    });
    if climbs || path.starts_with("//") || path.trim_end_matches('/') == "/metrics" {
        return None;
    }
    Some(query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

fn passes(name: &str, connection: Option<&str>) -> bool {
    !HOP_BY_HOP.contains(&name)
        && !connection
            .is_some_and(|listed| listed.split(',').any(|other| other.trim().eq_ignore_ascii_case(name)))
}

fn client_address(ip: IpAddr) -> String {
    ip.to_canonical().to_string()
}

fn has_body(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
        || request.headers().get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// The incoming body as one that can leave the thread it arrives on; holds at most four pieces.
fn body(mut payload: web::Payload) -> reqwest::Body {
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, io::Error>>(4);
    actix_web::rt::spawn(async move {
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|error| io::Error::other(error.to_string()));
            if sender.send(piece).await.is_err() {
                break;
            }
        }
    });
    reqwest::Body::wrap_stream(stream::poll_fn(move |context| receiver.poll_recv(context)))
}

fn back(method: &Method, answer: reqwest::Response) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);
    let connection = answer
        .headers()
        .get(reqwest::header::CONNECTION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    for (name, value) in answer.headers() {
        if passes(name.as_str(), connection.as_deref()) && name != reqwest::header::CONTENT_LENGTH {
            response.append_header((name.as_str(), value.as_bytes()));
        }
    }
    let length = answer
        .headers()
        .get(reqwest::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if status == StatusCode::NOT_MODIFIED || status == StatusCode::NO_CONTENT {
        return response.finish();
    }
    let pieces = answer.bytes_stream().map_err(io::Error::other);
    match length {
        Some(length) => response.body(SizedStream::new(length, pieces)),
        None if method == Method::HEAD => response.finish(),
        None => response.streaming(pieces),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_taken_off_and_the_query_kept() {
        assert_eq!(target("/.avow/v1/consents", None).as_deref(), Some("/v1/consents"));
        assert_eq!(target("/.avow/v1/consents", Some("site=a")).as_deref(), Some("/v1/consents?site=a"));
        assert_eq!(target("/.avowed", None), None);
    }

    #[test]
    fn metrics_stay_inside_however_they_are_spelled() {
        for path in ["/.avow/metrics", "/.avow/metrics/", "/.avow/site/../metrics", "/.avow/x/%2E%2e/metrics"]
        {
            assert_eq!(target(path, None), None, "{path}");
        }
    }

    #[test]
    fn headers_of_one_connection_are_not_handed_on() {
        assert!(!passes("keep-alive", None));
        assert!(!passes("x-hop", Some("close, X-Hop")));
        assert!(passes("origin", Some("close")));
        assert!(passes("sec-fetch-site", None));
    }
}
