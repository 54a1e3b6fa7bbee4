//! HTTP: reads requests, calls the use cases, writes answers. Knows no SQL.

pub mod assets;
pub mod consents;
pub mod export;
pub mod openapi;
pub mod ops;
pub mod policy;
pub mod problem;

use crate::error::Error;
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
