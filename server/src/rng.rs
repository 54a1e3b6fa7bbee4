//! The one place that makes randomness; everything else is given an [`Rng`].

use avow_shared::id::{Millis, RecordId};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A cryptographic generator (ChaCha12), seeded by the operating system. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Rng(Arc<Mutex<StdRng>>);

impl Rng {
    /// Seeded by the operating system.
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// Always the same bytes: for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // A generator has no half-done state that a panic elsewhere could leave behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A UUIDv7 of that moment.
    pub fn uuid(&self, now: Millis) -> RecordId {
        RecordId::from_parts(now, self.bytes())
    }
}

impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng")
    }
}
