//! The one place that reads the time; everything else is given a [`Clock`].

use avow_shared::id::Millis;
use std::fmt;
use std::sync::Arc;

pub use avow_verify::rfc3339;

/// The day, `2026-01-31`, for people.
pub fn day(at: Millis) -> String {
    rfc3339(at).chars().take(10).collect()
}

/// Day and second, `2026-01-31 12:00:00 UTC`, for people.
pub fn second(at: Millis) -> String {
    let time: String = rfc3339(at).chars().skip(11).take(8).collect();
    format!("{} {time} UTC", day(at))
}

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::from_fn(|| {
            #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
            let now = std::time::SystemTime::now();
            let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        })
    }

    /// A clock that asks `now` each time: for tests.
    pub fn from_fn(now: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The moment.
    pub fn now(&self) -> Millis {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
