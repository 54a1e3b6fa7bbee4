//! The regime of a visitor: found by where they are, handed out under a seal, and believed again by that seal.
//!
//! An answer may reach the server long after it was given, from elsewhere, and names the regime that was shown: the
//! id of a regime and, if it is not the policy's own, how the place was found, the hour in which this installation handed
//! it out, and a code over all of it. Nothing in it tells one visitor from another: all who asked in that hour from such a place have the
//! same. Without a code that holds, only the policy's own regime is taken.

use crate::clock::Clock;
use crate::error::{Error, Kind};
use crate::geo::{Found, Place};
use crate::mac::MacKey;
use crate::policy::Published;
use crate::rng::Rng;
use crate::store::{Store, StoreError};
use avow_shared::id::Millis;
use avow_shared::policy::Policy;
use avow_shared::regime::Regime;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use std::borrow::Cow;

/// The name under which the key is stored.
const NAME: &str = "region/1";
/// Bytes of the HMAC that are kept.
const CODE_BYTES: usize = 16;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// Hours for which a region is believed: an answer may wait in a browser for a month, and a page may be open for a day.
const GOOD_FOR: i64 = 33 * 24;
/// The clock of another node may be in the next hour already.
const AHEAD: i64 = 1;

/// The key of all regions of this installation.
#[derive(Clone, Debug)]
pub struct RegionKey(MacKey);

impl RegionKey {
    /// The key of the installation whose database this is; made if it has none yet.
    pub async fn stored(store: &Store, clock: &Clock, rng: &Rng) -> Result<Self, StoreError> {
        Ok(Self(MacKey::stored(store, NAME, clock, rng).await?))
    }

    /// The regime for a visitor of that place, its id under this installation's seal; the policy's own where the place
    /// is unknown, or the site treats all alike.
    pub fn regime(&self, policy: &Published, place: Option<&Place>, now: Millis) -> Regime {
        let known = place.and_then(|place| {
            let regime = policy.regime_at(&place.country, place.part.as_deref())?;
            Some((regime, place.found.as_str()))
        });
        let Some((regime, found)) = known else { return policy.engine.regime.clone() };
        let hour = now.0 / HOUR_MS;
        let code = self.code(policy, &regime.id, found, hour);
        Regime { id: format!("{}.{found}.{hour}.{code}", regime.id), ..regime.clone() }
    }

    /// The policy as it was for a visitor who names that regime, and how the regime was found.
    pub fn policy<'a>(
        &self,
        policy: &'a Published,
        named: &str,
        now: Millis,
    ) -> Result<(Cow<'a, Policy>, &'static str), Error> {
        if named == policy.engine.regime.id {
            return Ok((Cow::Borrowed(&policy.engine), "default"));
        }
        let (regime, found) = self
            .believed(policy, named, now)
            .ok_or_else(|| Error::new(Kind::Invalid, "regime is neither the policy's nor one of a region"))?;
        Ok((Cow::Owned(policy.engine.in_regime(regime.clone())), found))
    }

    fn believed<'a>(
        &self,
        policy: &'a Published,
        named: &str,
        now: Millis,
    ) -> Option<(&'a Regime, &'static str)> {
        let mut parts = named.split('.');
        let (id, found, hour, code) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let found = Found::ALL.into_iter().map(Found::as_str).find(|known| *known == found)?;
        let shown: i64 = hour.parse().ok().filter(|number: &i64| number.to_string() == hour)?;
        if parts.next().is_some() || !(-AHEAD..=GOOD_FOR).contains(&(now.0 / HOUR_MS).checked_sub(shown)?) {
            return None;
        }
        let code = URL_SAFE_NO_PAD.decode(code).ok().filter(|code| code.len() == CODE_BYTES)?;
        self.0.of(&message(policy, id, found, shown)).verify_truncated_left(&code).ok()?;
        policy.regimes.iter().find(|regime| regime.id == id).map(|regime| (regime, found))
    }

    fn code(&self, policy: &Published, id: &str, found: &str, hour: i64) -> String {
        let mac = self.0.of(&message(policy, id, found, hour)).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&mac[..CODE_BYTES])
    }
}

fn message(policy: &Published, id: &str, found: &str, hour: i64) -> String {
    format!("{}\n{id}\n{found}\n{hour}", policy.engine.site.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::compile;

    const DEMO: &str = include_str!("../../../demo-site/careers-enterprise/avow.toml");

    fn published(source: &str) -> Published {
        let file = compile::read(source, "avow.toml").unwrap_or_else(|faults| panic!("{faults}"));
        let document = compile::compile(&file, &[]).to_canonical();
        Published::from_document(&document, &"0".repeat(64)).expect("a policy")
    }

    /// The demo's policy, for a site that follows its visitors.
    fn following(site: &str) -> Published {
        let own = "banner_body = \"Some are needed, others are not.\"\ndialog_body = \"Choose.\"\n";
        let source = DEMO
            .replace("schema = 1\n", "schema = 1\nfollow_visitor = true\n")
            .replace("site = \"careers-enterprise\"", &format!("site = \"{site}\""));
        published(&format!("{source}\n[texts.en]\n{own}[texts.cy]\n{own}"))
    }

    fn follows() -> Published {
        following("careers-enterprise")
    }

    fn key(byte: u8) -> RegionKey {
        RegionKey(MacKey::new([byte; 32]))
    }

    fn at(code: &str) -> Option<Place> {
        Place::parse(code, Found::File)
    }

    const NOW: Millis = Millis(1_800_000_000_000);

    #[test]
    fn what_was_handed_out_is_believed_for_its_time_and_its_site() {
        let policy = follows();
        let regime = key(7).regime(&policy, at("US-CA").as_ref(), NOW);
        assert!(regime.id.starts_with("us-ca."));
        for (later, holds) in
            [(0, true), (31 * 24, true), (GOOD_FOR, true), (GOOD_FOR + 1, false), (-1, true), (-2, false)]
        {
            let now = Millis(NOW.0 + later * HOUR_MS);
            assert_eq!(key(7).policy(&policy, &regime.id, now).is_ok(), holds, "{later} hours later");
        }
        let (believed, source) = key(7).policy(&policy, &regime.id, NOW).expect("believed");
        assert_eq!((believed.regime.id.as_str(), source), ("us-ca", "geo"));
        assert_eq!(
            (believed.regime.behaviour, believed.regime.grant_days),
            (regime.behaviour, regime.grant_days)
        );
        let other = following("another");
        assert!(key(7).policy(&other, &regime.id, NOW).is_err(), "another site");
        assert!(key(8).policy(&policy, &regime.id, NOW).is_err(), "another installation");
        for at in 0..regime.id.len() {
            let mut changed = regime.id.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(key(7).policy(&policy, &changed, NOW).is_err(), "{changed}");
        }
        for wrong in
            ["", "us-ca", "gb", "us-ca...", "us-ca.geo.+500000.x", "...", &format!("{}.x", regime.id)]
        {
            assert!(key(7).policy(&policy, wrong, NOW).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_known_is_the_policys_own() {
        let policy = follows();
        for nowhere in [None, at("JP"), at("PM")] {
            let regime = key(7).regime(&policy, nowhere.as_ref(), NOW);
            assert_eq!(regime, policy.engine.regime);
            assert_eq!(regime.id, "strictest");
        }
        // Nor where the site treats all alike.
        let alike = published(DEMO);
        assert_eq!(key(7).regime(&alike, at("US-CA").as_ref(), NOW), alike.engine.regime);
        let (policy, source) = key(7).policy(&alike, "gb", NOW).expect("its own");
        assert_eq!((policy.regime.exemptions, source), (false, "default"));
    }
}
