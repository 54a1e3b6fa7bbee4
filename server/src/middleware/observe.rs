//! Around every request: an id, a time, headers that make an answer harmless wherever it ends up, and a
//! problem in place of a bare error.

use crate::api::Template;
use crate::api::problem::{self, Kind, Problem};
use crate::metrics;
use crate::state::AppState;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Names a request in the log and to the caller.
const REQUEST_ID: HeaderName = HeaderName::from_static("avow-request-id");

/// An answer of ours opened as a page does nothing, and is framed by nobody.
const CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Makes ids of requests: a random word per process and a count, so that they say nothing about who asks.
#[derive(Debug)]
pub struct RequestIds {
    process: String,
    count: AtomicU64,
}

impl RequestIds {
    /// Ids of one process, told apart by random bytes.
    pub fn new(process: [u8; 4]) -> Self {
        Self { process: hex::encode(process), count: AtomicU64::new(0) }
    }

    fn next(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("{}-{:x}", self.process, self.count.fetch_add(1, Ordering::Relaxed)))
            .ok()
    }
}

/// The outermost layer.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request.app_data::<Data<AppState>>().and_then(|state| state.requests.next());
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        response = as_problem(response);
    }
    let headers = response.headers_mut();
    default(headers, header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    default(headers, header::REFERRER_POLICY, NO_REFERRER);
    default(headers, header::CONTENT_SECURITY_POLICY, CSP);
    default(headers, header::CROSS_ORIGIN_RESOURCE_POLICY, SAME_ORIGIN);
    if let Some(id) = &id {
        headers.insert(REQUEST_ID, id.clone());
    }
    let id = id.as_ref().and_then(|id| id.to_str().ok());
    let request = response.request();
    let method = method_name(request.method());
    let route = request.app_data::<Template>().map_or("unmatched", |template| template.0);
    let took = started.elapsed();
    if status.is_server_error() {
        tracing::error!(id, route, method, status = status.as_u16(), ?took, "failed");
    } else {
        tracing::debug!(id, route, method, status = status.as_u16(), ?took, "answered");
    }
    metrics::answered(route, method, status.as_u16(), took);
    Ok(response)
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    if !headers.contains_key(&name) {
        headers.insert(name, value);
    }
}

/// Errors that the framework answers by itself (a path or method that does not exist, a query that cannot be
/// read) become problems like all others; `Allow` and other headers stay.
fn as_problem(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == problem::MEDIA_TYPE.as_bytes());
    if is_problem {
        return response;
    }
    let problem = Problem::new(Kind::of_status(response.status())).response();
    let (request, bare) = response.into_parts();
    let mut answer = problem;
    for (name, value) in bare.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    // A status that has no kind of its own (such as 431) keeps its number.
    if Kind::of_status(bare.status()).status() != bare.status() && bare.status() != StatusCode::OK {
        *answer.status_mut() = bare.status();
    }
    ServiceResponse::new(request, answer)
}

/// Methods that are labels; whatever else a client makes up must not become one.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
