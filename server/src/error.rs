//! What goes wrong inside the server, on its way to becoming a problem.

use crate::store::StoreError;
use avow_shared::id::Millis;
use std::borrow::Cow;
use std::fmt;

pub use crate::api::problem::Kind;

/// A problem with what the answer says about it. Never holds anything that identifies a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which problem.
    pub kind: Kind,
    /// One sentence for a developer; empty if the title says it all.
    pub detail: Cow<'static, str>,
    /// The server's clock, where the caller's is wrong.
    pub server_time: Option<Millis>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
}

impl Error {
    /// A problem with a sentence.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), server_time: None, retry_after: None }
    }

    /// A problem whose title says it all.
    pub fn plain(kind: Kind) -> Self {
        Self::new(kind, "")
    }

    /// A defect: its cause goes to the log, not to the caller.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::plain(Kind::Internal)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.title())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " {}", self.detail) }
    }
}

impl std::error::Error for Error {}

/// Seconds after which a caller should try a lost database again.
const RETRY_STORE: u32 = 5;
/// The same for a full disk, which somebody must clear first.
const RETRY_FULL: u32 = 60;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the database does not answer");
                Self { retry_after: Some(RETRY_STORE), ..Self::plain(Kind::Unavailable) }
            }
            StoreError::NoConnection => {
                tracing::warn!("no connection to the database in time");
                Self { retry_after: Some(RETRY_STORE), ..Self::plain(Kind::Unavailable) }
            }
            StoreError::Full => {
                tracing::error!("no space left for the database");
                Self { retry_after: Some(RETRY_FULL), ..Self::plain(Kind::StorageFull) }
            }
            other => Self::internal(other),
        }
    }
}
