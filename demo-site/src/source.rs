//! Time and randomness as values that are passed down.
//!
//! Nothing else here reads a clock or makes a random number.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

/// Where the demo takes the time and its identifiers from.
#[derive(Clone)]
pub struct Source {
    clock: fn() -> i64,
    rng: Arc<Mutex<StdRng>>,
}

impl Source {
    /// The machine's clock and entropy.
    pub fn of_the_system() -> Self {
        Self { clock: system_clock, rng: Arc::new(Mutex::new(StdRng::from_os_rng())) }
    }

    /// Milliseconds since 1970, UTC.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// 128 random bits as 32 hexadecimal characters.
    pub fn identifier(&self) -> String {
        let mut bytes = [0u8; 16];
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes.iter().fold(String::with_capacity(32), |mut hex, byte| {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
            hex
        })
    }

    /// A fixed time and a seeded sequence.
    #[cfg(test)]
    pub fn fixed() -> Self {
        Self { clock: || 1_764_000_000_000, rng: Arc::new(Mutex::new(StdRng::seed_from_u64(7))) }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn system_clock() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_128_bits_and_is_never_the_same_twice() {
        let source = Source::fixed();
        let (first, second) = (source.identifier(), source.identifier());
        assert_eq!(first.len(), 32);
        assert!(first.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(first, second);
    }
}
