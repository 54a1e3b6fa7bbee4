//! CORS for `/v1/consents`, `/v1/handovers` and `/v1/receipts`: only pages of published sites may call it and read the answer.
//!
//! A preflight names no site, so it is answered by the domains of all sites together; whether the page is of
//! the very site is settled when the request itself says which. No answer allows credentials: no cookie
//! opens anything.

use super::path;
use crate::state::AppState;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

/// The paths that pages of other origins call.
const PATHS: [&str; 3] = ["/v1/consents", "/v1/handovers", "/v1/receipts"];

/// Seconds a browser may remember a preflight.
const MAX_AGE: &str = "7200";

/// Adds the CORS headers and answers preflights.
pub async fn cors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_ours = PATHS.iter().any(|ours| {
        path(&request).strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if !is_ours {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let allowed = allowed_origin(&request).await;
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        let mut answer = HttpResponse::NoContent();
        if allowed.is_some() {
            answer
                .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"))
                .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Avow-Secret, Content-Type"))
                .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE));
        }
        request.into_response(answer.finish())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
    Ok(response)
}

/// The request's origin, if it is a page of some published site. A database that is away allows nobody new.
async fn allowed_origin(request: &ServiceRequest) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let state = request.app_data::<Data<AppState>>()?;
    let is_known = state.policies.knows_origin(origin.to_str().ok()?).await.unwrap_or(false);
    is_known.then(|| origin.clone())
}
