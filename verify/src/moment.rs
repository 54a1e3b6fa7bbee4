//! Moments as people and spreadsheets read them.

use avow_shared::id::Millis;
use chrono::{DateTime, SecondsFormat};

/// RFC 3339, UTC, with milliseconds. One that no calendar has is written as its number.
pub fn rfc3339(at: Millis) -> String {
    DateTime::from_timestamp_millis(at.0)
        .map_or_else(|| at.0.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}
