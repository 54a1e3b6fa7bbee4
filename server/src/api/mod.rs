//! HTTP: reads requests, calls the use cases, writes answers. Knows no SQL.

pub mod assets;
pub mod bundle;
pub mod client;
pub mod consents;
pub mod export;
pub mod handovers;
pub mod log;
pub mod openapi;
pub mod ops;
pub mod pages;
pub mod policy;
pub mod problem;
pub mod processing;
pub mod receipts;
pub mod region;
pub mod reports;
pub mod shown;
pub mod site_files;

use crate::access::{self, Principal, Scope};
use crate::cache::SitePolicies;
use crate::error::Error;
use crate::state::AppState;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{Resource, Route, web};
use avow_shared::id::SiteId;
use problem::{Kind, Problem};
use std::sync::Arc;

/// The template of the resource that answered, as logs and metrics name it. To ask the framework for it would match
/// the path a second time.
#[derive(Clone, Copy, Debug)]
pub struct Template(pub &'static str);

/// A resource that tells its template.
fn resource(template: &'static str) -> Resource {
    web::resource(template).app_data(Template(template))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = Self::new(error.kind);
        if !error.detail.is_empty() {
            problem = problem.detail(error.detail);
        }
        if let Some(now) = error.server_time {
            problem = problem.member("server_time", now.0);
        }
        match error.retry_after {
            Some(seconds) => problem.retry_after(seconds),
            None => problem,
        }
    }
}

impl From<crate::store::StoreError> for Problem {
    fn from(error: crate::store::StoreError) -> Self {
        Error::from(error).into()
    }
}

/// A body that has come as a whole.
fn whole(body: Result<Bytes, actix_web::Error>) -> Result<Bytes, Problem> {
    body.map_err(|error| {
        // Whatever else can go wrong with a body is a connection that broke.
        let status = error.as_response_error().status_code();
        Problem::new(if status.as_u16() == 413 { Kind::TooLarge } else { Kind::Malformed })
    })
}

/// A site by its name, with its policies.
async fn site_policies(state: &AppState, site: &str) -> Result<(SiteId, Arc<SitePolicies>), Problem> {
    let site = SiteId::parse(site).ok_or(Kind::UnknownSite)?;
    let policies = state.policies.site(&site).await?.ok_or(Kind::UnknownSite)?;
    Ok((site, policies))
}

/// The data protection officer whose token the request shows (RFC 6750 section 2.1).
async fn officer(state: &AppState, site: &SiteId, headers: &HeaderMap) -> Result<Principal, Problem> {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, token) = shown.split_once(' ').ok_or(Kind::Unauthorized)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Kind::Unauthorized.into());
    }
    Ok(access::authorize(&state.store, site, token.trim(), Scope::Dpo).await?)
}

/// Answers GET and HEAD alike.
fn get_or_head() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}
