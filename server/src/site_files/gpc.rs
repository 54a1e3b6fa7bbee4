//! What a site says of Global Privacy Control, for `/.well-known/gpc.json`, where browsers look for it.
//!
//! It is said of a site whose answers Avow enforces, so it is always that the signal is honored.

use avow_shared::id::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::day;

/// Where browsers look for it (W3C Global Privacy Control, "GPC Support Resource").
pub const WELL_KNOWN: &str = "/.well-known/gpc.json";

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GpcBody {
    /// True: the signal is honored.
    gpc: bool,
    /// The day on which the current version was published (RFC 3339 full-date).
    #[serde(rename = "lastUpdate")]
    last_update: String,
}

impl GpcBody {
    /// Of a site whose current version was published then.
    pub fn since(published: Millis) -> Self {
        Self { gpc: true, last_update: day(published) }
    }
}
