//! Keys of message authentication codes (HMAC-SHA-256, RFC 2104): one for each purpose, made once and kept in the
//! database, shared by all nodes of an installation.

use crate::clock::Clock;
use crate::rng::Rng;
use crate::store::{Store, StoreError};
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use std::fmt;

/// A key.
#[derive(Clone)]
pub struct MacKey([u8; 32]);

impl MacKey {
    /// Takes the key's bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key of that name of the installation whose database this is; made if it has none yet.
    pub async fn stored(store: &Store, name: &str, clock: &Clock, rng: &Rng) -> Result<Self, StoreError> {
        Ok(Self(store.secret_or_insert(name, rng.bytes(), clock.now()).await?))
    }

    /// The code of a message, to be finished or compared.
    pub fn of(&self, message: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(message.as_bytes());
        mac
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey")
    }
}
