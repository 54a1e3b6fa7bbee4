//! The seal on the consent cookie: proof that this server acknowledged the decision.
//!
//! Any script on a page can write a cookie; only the server can write its seal.

use crate::clock::Clock;
use crate::mac::MacKey;
use crate::rng::Rng;
use crate::store::{Store, StoreError};
use avow_shared::cookie::{seal_message, unsealed_value};
use avow_shared::decision::Decision;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use subtle::ConstantTimeEq as _;

/// The name under which the key is stored.
const NAME: &str = "seal/1";
/// Bytes of the HMAC that are kept.
const SEAL_BYTES: usize = 16;

/// The key of all seals of this installation.
#[derive(Clone, Debug)]
pub struct SealKey(MacKey);

impl SealKey {
    /// Takes the key's bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self(MacKey::new(key))
    }

    /// The key of the installation whose database this is; made if it has none yet.
    pub async fn stored(store: &Store, clock: &Clock, rng: &Rng) -> Result<Self, StoreError> {
        Ok(Self(MacKey::stored(store, NAME, clock, rng).await?))
    }

    /// The seal of a decision: 22 characters of base64url.
    pub fn seal(&self, site: &str, decision: &Decision) -> String {
        let mac = self.0.of(&seal_message(site, &unsealed_value(decision))).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&mac[..SEAL_BYTES])
    }

    /// Whether `shown` is the seal of that decision, compared in constant time.
    pub fn verify(&self, site: &str, decision: &Decision, shown: &str) -> bool {
        self.seal(site, decision).as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avow_shared::decision::Choice;
    use avow_shared::id::{Millis, PurposeId};

    #[test]
    fn a_seal_holds_for_its_site_and_decision_only() {
        let key = SealKey::new([7; 32]);
        let mut decision = Decision {
            version: 3,
            decided: Millis(1_000),
            expires: Millis(2_000),
            gpc: false,
            left_on: false,
            choices: vec![Choice { purpose: PurposeId::parse("marketing").expect("a name"), granted: false }],
        };
        let seal = key.seal("a", &decision);
        assert_eq!(seal.len(), 22);
        assert_eq!(key.seal("a", &decision), seal);
        assert_ne!(key.seal("b", &decision), seal);
        assert_ne!(SealKey::new([8; 32]).seal("a", &decision), seal);
        decision.choices[0].granted = true;
        assert_ne!(key.seal("a", &decision), seal);
    }
}
