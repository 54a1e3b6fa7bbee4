//! Limits: how often one network address may ask, in this process or shared between nodes through Redis.
//!
//! An address is never kept: what is counted is HMAC-SHA256 of the address (IPv6: of its /64) under a random
//! key that changes every UTC day. Without Redis the key lives in this process only; with Redis the nodes
//! share it there for two days. When Redis goes away the counting goes on in the process at once.

mod address;
mod key;
mod memory;
mod quota;
mod shared;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use self::address::{BadProxy, TrustedProxies, network};
use self::key::DayKeys;
pub use self::key::Entropy;
use self::memory::Memory;
pub use self::quota::{BadRate, Quota, RateLimit};
use self::shared::Shared;
use crate::cache::Link;

/// What kind of request is counted; each kind has its own allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A decision sent in.
    Write,
    /// A record looked up: an id, a secret or a token may be guessed here, so it is the smaller one.
    Read,
}

impl Class {
    /// Every class, in the order of its index.
    pub const ALL: [Self; 2] = [Self::Write, Self::Read];

    /// The word for it in metrics and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// The answer of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// Not now.
    Refused {
        /// After how long the next request is allowed.
        retry_after: Duration,
    },
}

/// The limits of one server.
pub struct Limits {
    rate: RateLimit,
    proxies: TrustedProxies,
    keys: DayKeys,
    memory: Memory,
    shared: Option<Shared>,
}

impl Limits {
    /// Limits that count in this process, and in Redis wherever there is a link that works.
    pub fn new(rate: RateLimit, proxies: TrustedProxies, entropy: Entropy, link: Option<Arc<Link>>) -> Self {
        Self {
            memory: Memory::new(rate),
            shared: link.map(Shared::new),
            keys: DayKeys::new(entropy),
            rate,
            proxies,
        }
    }

    /// Whose `X-Forwarded-For` is believed.
    pub fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// Counts one request of this client at this time (ms UTC; only the day matters).
    pub async fn check(&self, class: Class, client: IpAddr, now_ms: i64) -> Verdict {
        let Some(quota) = self.rate.of(class) else { return Verdict::Allowed };
        let day = now_ms.div_euclid(86_400_000);
        if let Some(shared) = &self.shared
            && let Some(verdict) = shared.check(class, quota, client, day, &self.keys).await
        {
            count(class, "redis", verdict);
            return verdict;
        }
        let verdict = self.memory.check(class, self.keys.local(day).short_hash(client));
        count(class, "memory", verdict);
        verdict
    }

    /// Forgets keys whose allowance is full again; to be called about once a minute.
    pub fn sweep(&self) {
        self.memory.sweep();
        metrics::gauge!("avow_limits_keys")
            .set(f64::from(u32::try_from(self.memory.len()).unwrap_or(u32::MAX)));
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limits")
    }
}

fn count(class: Class, backend: &'static str, verdict: Verdict) {
    let outcome = if verdict == Verdict::Allowed { "allowed" } else { "refused" };
    metrics::counter!("avow_limits_total", "class" => class.name(), "backend" => backend, "outcome" => outcome)
        .increment(1);
}

#[cfg(test)]
mod tests;
