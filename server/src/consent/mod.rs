//! The use cases around a consent: decide, fill in, hand over, look up, prove, erase, export, bundle, inspect, restore, retain. Knows neither HTTP nor SQL.

pub mod bundle;
pub mod decide;
pub mod erase;
pub mod export;
pub mod fill_in;
pub mod hand_over;
pub mod inspect;
pub mod iso27560;
pub mod kantara;
pub mod letter;
pub mod lookup;
pub mod receipt;
pub mod region;
pub mod restore;
pub mod retain;
mod submitted;

use avow_shared::decision::Decision;
use avow_shared::id::Millis;
use sha2::{Digest, Sha256};

/// What a device keeps of an answer.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What the cookie says.
    pub decision: Decision,
    /// This server's seal.
    pub seal: String,
    /// Until when the device keeps it.
    pub until: Millis,
}

/// The hash under which a record's secret is kept. Secrets are 16 random bytes, so a plain hash is enough.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"avow/secret/v1\n").chain_update(secret).finalize().into()
}
