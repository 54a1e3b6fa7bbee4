//! Counting in Redis: one script call per request, the same algorithm, by Redis's own clock.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::Script;

use super::key::{DayKey, DayKeys};
use super::quota::Quota;
use super::{Class, Verdict};
use crate::cache::Link;

/// The generic cell rate algorithm. KEYS: the bucket. ARGV: microseconds per request, burst.
/// Answers 0, or the microseconds to wait. A bucket lives until its allowance is full again.
const COUNT: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local interval = tonumber(ARGV[1])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
local wait = due + interval - interval * ARGV[2] - now
if wait > 0 then return math.ceil(wait) end
due = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return 0
";

/// The day's key: the one that is there, or this node's. KEYS: where it lies. ARGV: the offer, seconds.
const AGREE: &str = r"
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
return redis.call('GET', KEYS[1])
";

/// The nodes ask for the day's key again after this, so that they agree again after Redis was emptied.
const AGREE_EVERY: Duration = Duration::from_mins(1);
/// Seconds the day's key is kept in Redis.
const KEEP: u32 = 2 * 86_400;

/// A key the nodes agreed on, and when.
struct Agreed {
    key: DayKey,
    at: Instant,
    epoch: u64,
}

/// Limits shared by all nodes of one Redis.
pub(super) struct Shared {
    link: Arc<Link>,
    count: Script,
    agree: Script,
    agreed: RwLock<Option<Agreed>>,
}

impl Shared {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, count: Script::new(COUNT), agree: Script::new(AGREE), agreed: RwLock::new(None) }
    }

    /// The way to Redis.
    #[cfg(test)]
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Counts one request; nothing if Redis cannot do it now.
    pub(super) async fn check(
        &self,
        class: Class,
        quota: Quota,
        client: IpAddr,
        day: i64,
        keys: &DayKeys,
    ) -> Option<Verdict> {
        let key = self.day_key(day, keys).await?;
        let bucket = self.link.key(&format!("limits:{}:{day}:{:016x}", class.name(), key.short_hash(client)));
        let mut script = self.count.key(bucket);
        script.arg(u64::try_from(quota.interval.as_micros()).ok()?).arg(quota.burst.get());
        let wait: u64 = self.link.run(async |connection| script.invoke_async(connection).await).await?;
        Some(match wait {
            0 => Verdict::Allowed,
            micros => Verdict::Refused { retry_after: Duration::from_micros(micros) },
        })
    }

    async fn day_key(&self, day: i64, keys: &DayKeys) -> Option<DayKey> {
        let epoch = self.link.epoch()?;
        let offer = {
            let agreed = self.agreed.read().unwrap_or_else(PoisonError::into_inner);
            match &*agreed {
                Some(agreed) if agreed.key.day == day => {
                    if agreed.epoch == epoch && agreed.at.elapsed() < AGREE_EVERY {
                        return Some(agreed.key);
                    }
                    agreed.key
                }
                _ => keys.local(day),
            }
        };
        let mut script = self.agree.key(self.link.key(&format!("limits:key:{day}")));
        script.arg(hex::encode(offer.secret)).arg(KEEP);
        let found: String = self.link.run(async |connection| script.invoke_async(connection).await).await?;
        let mut secret = [0; 32];
        hex::decode_to_slice(found, &mut secret).ok()?;
        let key = DayKey { day, secret };
        *self.agreed.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Agreed { key, at: Instant::now(), epoch });
        Some(key)
    }
}
