//! The allowance of one address: a steady rate and a burst on top of it.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::Class;

/// How often one address may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// One more request is allowed after each of these.
    pub interval: Duration,
    /// So many requests may come at once.
    pub burst: NonZeroU32,
}

/// The `--rate-limit` setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Nothing is counted: for load tests, or where a proxy limits already.
    Off,
    /// The allowance of [`Class::Write`]; [`Class::Read`] has a quarter of it.
    PerAddress(Quota),
}

/// What is wrong with a `--rate-limit` value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `off` or PER_SECOND[:BURST], such as 10:300 or 0.5:30")]
pub struct BadRate(String);

impl Default for RateLimit {
    /// Ten a second and 600 at once: many visitors share one address behind a carrier's or an office's NAT.
    fn default() -> Self {
        Self::parse("10:600").unwrap_or(Self::Off)
    }
}

impl RateLimit {
    fn parse(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self::Off);
        }
        let (rate, burst) = text.split_once(':').map_or((text, None), |(rate, burst)| (rate, Some(burst)));
        let rate: f64 = rate.parse().ok()?;
        if !(0.001..=1_000_000.0).contains(&rate) {
            return None;
        }
        let burst = match burst {
            Some(burst) => burst.parse().ok()?,
            // A minute's worth, at least one.
            None => NonZeroU32::MIN.saturating_add(bounded(rate * 60.0) - 1),
        };
        Some(Self::PerAddress(Quota { interval: Duration::from_secs_f64(1.0 / rate), burst }))
    }

    /// The allowance of a class, if anything is counted.
    pub fn of(self, class: Class) -> Option<Quota> {
        match (self, class) {
            (Self::Off, _) => None,
            (Self::PerAddress(quota), Class::Write) => Some(quota),
            (Self::PerAddress(quota), Class::Read) => Some(Quota {
                interval: quota.interval * 4,
                burst: NonZeroU32::new(quota.burst.get() / 4).unwrap_or(NonZeroU32::MIN),
            }),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the target's range")]
fn bounded(value: f64) -> u32 {
    value.clamp(1.0, f64::from(u32::MAX)) as u32
}

impl FromStr for RateLimit {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, BadRate> {
        Self::parse(text.trim()).ok_or_else(|| BadRate(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(text: &str, class: Class) -> Option<(Duration, u32)> {
        let rate: RateLimit = text.parse().expect("a test rate parses");
        rate.of(class).map(|quota| (quota.interval, quota.burst.get()))
    }

    #[test]
    fn a_rate_and_a_burst() {
        assert_eq!(quota("10:300", Class::Write), Some((Duration::from_millis(100), 300)));
        assert_eq!(quota("10:300", Class::Read), Some((Duration::from_millis(400), 75)));
        assert_eq!(quota("0.5", Class::Write), Some((Duration::from_secs(2), 30)));
        assert_eq!(quota("0.001:1", Class::Read), Some((Duration::from_secs(4000), 1)));
        assert_eq!(quota("off", Class::Write), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "0", "-1", "nan", "inf", "10:0", "10:", "ten", "10:3.5"] {
            assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
        }
    }
}
