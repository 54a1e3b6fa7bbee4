//! HTTP: reads requests, calls the use cases, writes answers. Knows no SQL.

pub mod assets;
pub mod consents;
pub mod export;
pub mod openapi;
pub mod ops;
pub mod policy;
pub mod problem;
pub mod site_files;

use crate::error::Error;
use actix_web::http::header::{self, HeaderMap};
use problem::Problem;

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

/// The token of an `Authorization: Bearer` header (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
