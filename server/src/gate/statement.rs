//! `/.well-known/gpc.json` of the site behind the gate: its own, or the gate's where it has none.
//!
//! The gate hears the signal on every request, so it may say so for a site that does not. What the site says itself
//! goes first: it knows of more than its cookies.

use super::{Gate, Learn};
use crate::site_files::{GpcBody, WELL_KNOWN};
use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};

/// How long it may be kept: it changes with a publish, and hurts nobody if it is a day old.
const DAY: &str = "public, max-age=86400";

/// What the gate says if the site does not: `None` where something else is asked for, where the gate only looks, so that
/// the signal is not honored, and where no policy can be read.
pub async fn of(gate: &Gate, request: &ServiceRequest) -> Option<HttpResponse<BoxBody>> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if request.path() != WELL_KNOWN || !reads || gate.0.learn == Learn::On {
        return None;
    }
    let policies = gate.0.policies.site(&gate.0.site).await.ok()??;
    let body = GpcBody::since(policies.published);
    Some(
        HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, DAY))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .json(body)
            .map_into_boxed_body(),
    )
}

/// Whether the site's answer is a statement of its own. Many sites answer every path they do not know with their start
/// page and a 200, and that is none.
pub fn is_said<B: MessageBody>(answer: &ServiceResponse<B>) -> bool {
    let essence = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = essence.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    match answer.status() {
        // Of a statement that the browser has from before.
        StatusCode::NOT_MODIFIED => true,
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
            essence.eq_ignore_ascii_case("application/json")
                || essence.to_ascii_lowercase().ends_with("+json")
        }
        _ => false,
    }
}
