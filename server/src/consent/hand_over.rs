//! Hands an answer over from one domain of a site to another, when its visitor follows a link that says so.
//!
//! One site may have several domains that share no cookie. The answer on one of them holds for the site, so on a click
//! it may go along; never by itself, and no record is made: it is the same answer. What goes along is the sealed value
//! of the cookie, good for two minutes and under a code of its own over where its visitor asks from: a link that somebody
//! else made brings nothing, unless they share the visitor's network.

use super::Sealed;
use crate::clock::Clock;
use crate::error::{Error, Kind};
use crate::mac::MacKey;
use crate::rng::Rng;
use crate::state::AppState;
use crate::store::{Store, StoreError};
use avow_shared::cookie;
use avow_shared::decision::Decision;
use avow_shared::id::{Millis, SiteId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;

/// The name under which the key is stored.
const NAME: &str = "handover/1";
/// How long a token is good, milliseconds: a page that loads slowly.
const GOOD_FOR: i64 = 2 * 60 * 1_000;
/// Bytes of the HMAC that are kept.
const CODE_BYTES: usize = 16;

/// The key of all tokens of this installation.
#[derive(Clone, Debug)]
pub struct HandoverKey(MacKey);

impl HandoverKey {
    /// The key of the installation whose database this is; made if it has none yet.
    pub async fn stored(store: &Store, clock: &Clock, rng: &Rng) -> Result<Self, StoreError> {
        Ok(Self(MacKey::stored(store, NAME, clock, rng).await?))
    }

    fn code(&self, site: &SiteId, visitor: &str, end: i64, value: &str) -> hmac::Hmac<sha2::Sha256> {
        self.0.of(&format!("{}\n{visitor}\n{end}\n{value}", site.as_str()))
    }
}

/// A token for the answer in that cookie value, for a `visitor` who asks from there: `end.code.value`, all of it fit for the fragment of an address.
pub fn offer(state: &AppState, site: &SiteId, visitor: &str, value: &str) -> Result<String, Error> {
    let now = state.clock.now();
    sealed(state, site, value, now)?;
    let end = now.0 + GOOD_FOR;
    let code = state.handovers.code(site, visitor, end, value).finalize().into_bytes();
    Ok(format!("{end}.{}.{value}", URL_SAFE_NO_PAD.encode(&code[..CODE_BYTES])))
}

/// The answer of a token that was offered a moment ago, for a device that remembers a no for so many days.
pub fn take(
    state: &AppState,
    site: &SiteId,
    visitor: &str,
    token: &str,
    refusal_days: u16,
) -> Result<Sealed, Error> {
    let refused = || Error::new(Kind::Invalid, "not a token of this site, or one whose time is over");
    let now = state.clock.now();
    let mut parts = token.splitn(3, '.');
    let (Some(end), Some(code), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(refused());
    };
    let time: i64 = end.parse().map_err(|_| refused())?;
    let code =
        URL_SAFE_NO_PAD.decode(code).ok().filter(|code| code.len() == CODE_BYTES).ok_or_else(refused)?;
    state.handovers.code(site, visitor, time, value).verify_truncated_left(&code).map_err(|_| refused())?;
    if !(0..=GOOD_FOR).contains(&(time - now.0)) {
        return Err(refused());
    }
    let (decision, seal) = sealed(state, site, value, now)?;
    Ok(Sealed { until: decision.remembered(refusal_days), decision, seal })
}

/// A cookie value under this server's seal, whose time is not over.
fn sealed(state: &AppState, site: &SiteId, value: &str, now: Millis) -> Result<(Decision, String), Error> {
    let stored = cookie::parse(value);
    let good = stored.and_then(|stored| {
        let seal = stored.seal?;
        let holds =
            state.seal.verify(site.as_str(), &stored.decision, &seal) && in_force(&stored.decision, now);
        holds.then_some((stored.decision, seal))
    });
    good.ok_or_else(|| {
        Error::new(Kind::Invalid, "not an answer that this server has sealed, or one whose time is over")
    })
}

/// A no may hold longer than the grants beside it; for how long says the engine where it arrives.
fn in_force(decision: &Decision, now: Millis) -> bool {
    now < decision.expires || decision.choices.iter().any(|choice| !choice.granted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, databases, site, state};
    use avow_shared::cookie::encode;
    use avow_shared::decision::Choice;
    use avow_shared::id::PurposeId;
    use std::sync::atomic::Ordering;

    #[actix_web::test]
    async fn a_token_is_good_for_its_site_its_answer_and_two_minutes() {
        for database in databases().await {
            let test = state(&database.store).await;
            let choice = Choice { purpose: PurposeId::parse("analytics").expect("an id"), granted: true };
            let decision = Decision {
                version: 1,
                decided: NOW,
                expires: NOW.plus_days(180),
                gpc: false,
                left_on: false,
                choices: vec![choice],
            };
            let value = encode(&decision, Some(&test.state.seal.seal("site", &decision)));
            let token = offer(&test.state, &site(), "here", &value).expect("sealed by this server");
            assert_eq!(
                take(&test.state, &site(), "here", &token, 365).expect("just offered").decision,
                decision
            );
            for at in 0..token.len() {
                let mut other = token.clone().into_bytes();
                other[at] = if other[at] == b'1' { b'2' } else { b'1' };
                let other = String::from_utf8(other).expect("ASCII");
                assert!(take(&test.state, &site(), "here", &other, 365).is_err(), "byte {at}: {other}");
            }
            assert!(take(&test.state, &site(), "there", &token, 365).is_err(), "another network");
            let elsewhere = SiteId::parse("elsewhere").expect("a site");
            assert!(take(&test.state, &elsewhere, "here", &token, 365).is_err());
            for wrong in
                [encode(&decision, None), value.replace(":1", ":0"), String::new(), "1.1.a.b.c.d".to_owned()]
            {
                assert!(offer(&test.state, &site(), "here", &wrong).is_err(), "{wrong}");
            }
            test.clock.store(NOW.0 + GOOD_FOR, Ordering::Relaxed);
            assert!(take(&test.state, &site(), "here", &token, 365).is_ok());
            test.clock.store(NOW.0 + GOOD_FOR + 1, Ordering::Relaxed);
            assert!(take(&test.state, &site(), "here", &token, 365).is_err(), "its time is over");
            drop(test.state);
            test.writer.finish().await;
        }
    }
}
