//! Keys of limits: what stands for an address while it is counted.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::address::network;

/// Where 32 fresh random bytes come from.
pub type Entropy = Arc<dyn Fn() -> [u8; 32] + Send + Sync>;

/// The key of one UTC day. Who has no key cannot tell which address a hash stands for, and the key is gone
/// two days later at the latest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DayKey {
    pub(super) day: i64,
    pub(super) secret: [u8; 32],
}

impl DayKey {
    fn hash(&self, client: IpAddr) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(&network(client));
        mac.finalize().into_bytes().into()
    }

    /// 64 bits: enough to keep the addresses of a day apart.
    pub(super) fn short_hash(&self, client: IpAddr) -> u64 {
        let hash = self.hash(client);
        hash.first_chunk().map_or(0, |start| u64::from_be_bytes(*start))
    }
}

/// Today's key of this process, made when it is first needed.
pub(super) struct DayKeys {
    entropy: Entropy,
    current: RwLock<DayKey>,
}

impl DayKeys {
    pub(super) fn new(entropy: Entropy) -> Self {
        // No request comes on that day, so the first use draws a key.
        Self { current: RwLock::new(DayKey { day: i64::MIN, secret: [0; 32] }), entropy }
    }

    pub(super) fn local(&self, day: i64) -> DayKey {
        let current = *self.current.read().unwrap_or_else(PoisonError::into_inner);
        if current.day == day {
            return current;
        }
        let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if slot.day != day {
            *slot = DayKey { day, secret: (self.entropy)() };
        }
        *slot
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[test]
    fn the_key_changes_with_the_day_and_only_then() {
        let drawn = Arc::new(AtomicU8::new(0));
        let counter = Arc::clone(&drawn);
        let keys = DayKeys::new(Arc::new(move || [counter.fetch_add(1, Ordering::Relaxed); 32]));
        let client: IpAddr = "192.0.2.1".parse().expect("a test address parses");
        let today = keys.local(20_000).short_hash(client);
        assert_eq!(keys.local(20_000).short_hash(client), today);
        assert_ne!(keys.local(20_001).short_hash(client), today);
        assert_eq!(drawn.load(Ordering::Relaxed), 2);
    }
}
