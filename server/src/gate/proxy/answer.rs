//! The site's answer on its way back.

use super::{is_handed_on, refusal};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use hyper::body::{Body as _, Incoming};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The most that the headers of an answer may hold; how many there may be is hyper's to limit.
const MOST_HEADERS: usize = 64 * 1024;

/// The answer as the visitor gets it. `idle` is how long its body may pause.
pub fn back(method: &Method, answer: hyper::Response<Incoming>, idle: Duration) -> HttpResponse {
    let Some(mut builder) = head(answer.status(), answer.headers()) else {
        return refusal(StatusCode::BAD_GATEWAY, "The site's answer cannot be read.");
    };
    let status = answer.status().as_u16();
    if status == 304 || status == 204 || *method == Method::HEAD && !has_length(answer.headers()) {
        return builder.finish();
    }
    let size = match length(answer.headers()) {
        Some(length) => BodySize::Sized(length),
        None => BodySize::Stream,
    };
    // An event stream is silent for as long as nothing happens.
    let events = answer
        .headers()
        .get(hyper::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let idle = (!events).then_some(idle);
    builder.body(BoxBody::new(Streamed { from: answer.into_body(), size, idle, pause: None }))
}

/// Status and headers; `None` if there is too much of them.
pub fn head(status: hyper::StatusCode, from: &hyper::HeaderMap) -> Option<HttpResponseBuilder> {
    let mut builder = HttpResponse::build(StatusCode::from_u16(status.as_u16()).ok()?);
    let connection: Vec<String> = from
        .get_all(hyper::header::CONNECTION)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut size = 0;
    for (name, value) in from {
        size += name.as_str().len() + value.len();
        // Alternative services are the upstream's, under a name that is not the visitor's to call.
        if !is_handed_on(name.as_str(), &connection) || name == "alt-svc" || name == "content-length" {
            continue;
        }
        builder.append_header((
            HeaderName::from_bytes(name.as_str().as_bytes()).ok()?,
            HeaderValue::from_bytes(value.as_bytes()).ok()?,
        ));
    }
    (size <= MOST_HEADERS).then_some(builder)
}

fn length(headers: &hyper::HeaderMap) -> Option<u64> {
    headers.get(hyper::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn has_length(headers: &hyper::HeaderMap) -> bool {
    length(headers).is_some()
}

/// A body, piece by piece, so that its size costs no memory.
struct Streamed {
    from: Incoming,
    size: BodySize,
    idle: Option<Duration>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        loop {
            match Pin::new(&mut this.from).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.pause = None;
                    // Trailers end here: nobody was told to expect any.
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    let Some(idle) = this.idle else { return Poll::Pending };
                    let pause = this.pause.get_or_insert_with(|| Box::pin(sleep(idle)));
                    if pause.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
                }
            }
        }
    }
}
