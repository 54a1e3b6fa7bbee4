//! An address for a scene: whoever has it may look, for a short time. No cookie and no token goes with it.

use super::scene::Scene;
use crate::clock::Clock;
use crate::mac::MacKey;
use crate::rng::Rng;
use crate::store::{Store, StoreError};
use avow_shared::id::Millis;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use serde::{Deserialize, Serialize};

/// The name under which the key is stored.
const NAME: &str = "shown/1";
/// How long a ticket is good, milliseconds.
pub const GOOD_FOR: i64 = 15 * 60 * 1_000;
/// Longest text of a ticket.
const MAX_LEN: usize = 2_048;

/// The key of all tickets of this installation.
#[derive(Clone, Debug)]
pub struct TicketKey(MacKey);

#[derive(Serialize, Deserialize)]
struct Ticket {
    /// Milliseconds UTC at which it ends.
    e: i64,
    s: Scene,
}

impl TicketKey {
    /// The key of the installation whose database this is; made if it has none yet.
    pub async fn stored(store: &Store, clock: &Clock, rng: &Rng) -> Result<Self, StoreError> {
        Ok(Self(MacKey::stored(store, NAME, clock, rng).await?))
    }

    /// A ticket for that scene, to be put into a path, and when it ends.
    pub fn issue(&self, scene: &Scene, now: Millis) -> (String, Millis) {
        let end = now.0 + GOOD_FOR;
        let ticket = Ticket { e: end, s: scene.clone() };
        let payload = serde_json::to_vec(&ticket).expect("words and numbers always serialize");
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let mac = URL_SAFE_NO_PAD.encode(self.0.of(&payload).finalize().into_bytes());
        (format!("{payload}.{mac}"), Millis(end))
    }

    /// The scene of a ticket of ours that has not ended.
    pub fn scene(&self, ticket: &str, now: Millis) -> Option<Scene> {
        let (payload, mac) = ticket.split_once('.').filter(|_| ticket.len() <= MAX_LEN)?;
        self.0.of(payload).verify_slice(&URL_SAFE_NO_PAD.decode(mac).ok()?).ok()?;
        let ticket: Ticket = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (ticket.e > now.0).then_some(ticket.s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::scene::Layer;

    #[test]
    fn a_ticket_is_good_for_its_scene_and_its_time_only() {
        let key = TicketKey(MacKey::new([7; 32]));
        let scene = Scene {
            site: "site".to_owned(),
            policy: "aa".repeat(32),
            widget: "0123456789abcdef".to_owned(),
            guard: "fedcba9876543210".to_owned(),
            before: 41,
            regime: "gb".into(),
            language: "zh-Hant-TW".to_owned(),
            layer: Layer::Dialog,
            width: 412,
            height: 780,
            gpc: true,
            reference: Some("0TNX-5G7Q-1C4M-8ZRD".to_owned()),
        };
        let now = Millis(1_000);
        let (ticket, end) = key.issue(&scene, now);
        assert!(
            ticket.len() < MAX_LEN
                && ticket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        );
        assert_eq!(key.scene(&ticket, now), Some(scene));
        assert!(key.scene(&ticket, Millis(end.0 - 1)).is_some());
        assert_eq!(key.scene(&ticket, end), None);
        assert_eq!(TicketKey(MacKey::new([8; 32])).scene(&ticket, now), None);
        for at in 0..ticket.len() {
            let mut other = ticket.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).expect("ASCII");
            assert_eq!(key.scene(&other, now), None, "byte {at}");
        }
    }
}
