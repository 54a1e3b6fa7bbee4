//! Reads what the engine must know of the compiled policy and the browser.
//!
//! Pure: fields by line ends, as `read` in `../js/page.js` writes them. Whatever does not read as a policy is
//! `None`: then nothing optional runs. Texts and items stay on the page and are read where they are shown.

use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::policy::{Policy, Purpose};
use avow_shared::regime::{Behaviour, Regime};
use avow_shared::signals::Signals;

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The policy. Its hash stays on the page: the engine only passes it on.
    pub policy: Policy,
    /// For each purpose the hosts that it needs, as CSP host sources by commas.
    pub hosts: Vec<&'a str>,
    /// The browser's signals, as far as they decide anything.
    pub signals: Signals,
    /// The look's accent, `#rrggbb`.
    pub accent: &'a str,
    /// The look's corner radius, CSS pixels.
    pub radius: &'a str,
}

/// Reads the fields.
pub fn read(text: &str) -> Option<Facts<'_>> {
    let mut fields = text.split('\n');
    let mut next = || fields.next();
    // The only layout of a compiled policy that this build reads.
    if next()? != "1" {
        return None;
    }
    let (site, version) = (SiteId::parse(next()?)?, whole(next()?)?);
    let (id, behaviour, exemptions) = (next()?, Behaviour::parse(next()?)?, next()? == "true");
    let (grant_days, refusal_days) = (days(next()?)?, days(next()?)?);
    let refusal_days = refusal_days.max(grant_days);
    let regime = Regime { id: id.to_owned(), behaviour, exemptions, grant_days, refusal_days };
    let signals = Signals { gpc: next()? == "true", dnt: false };
    let (accent, radius) = (next()?, next()?);
    let mut purposes = Vec::new();
    let mut hosts = Vec::new();
    while let Some(id) = next() {
        purposes.push(Purpose {
            id: PurposeId::parse(id)?,
            category: Category::parse(next()?)?,
            basis: Basis::parse(next()?)?,
            since: whole(next()?)?,
        });
        hosts.push(next()?);
    }
    let policy = Policy::new(site, version, String::new(), regime, purposes).ok()?;
    Some(Facts { policy, hosts, signals, accent, radius })
}

/// A whole number from 0 up.
fn whole(text: &str) -> Option<u32> {
    u32::try_from(text.parse::<i64>().ok()?).ok()
}

fn days(text: &str) -> Option<u16> {
    u16::try_from(whole(text)?).ok().filter(|days| *days > 0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const FACTS: [&str; 26] = [
        "1",
        "careers-enterprise",
        "3",
        "gb",
        "consent_first",
        "false",
        "180",
        "90",
        "false",
        "#0b5cab",
        "6",
        "essential",
        "necessary",
        "strictly_necessary",
        "1",
        "",
        "statistics",
        "analytics",
        "consent",
        "1",
        "https://a.example,*.b.example",
        "campaigns",
        "marketing",
        "consent",
        "2",
        "https://c.example",
    ];

    #[test]
    fn a_compiled_policy_is_read() {
        let text = FACTS.join("\n");
        let facts = read(&text).expect("a whole policy");
        assert_eq!(
            (facts.policy.version, facts.policy.purposes().len(), facts.policy.optional().count()),
            (3, 3, 2)
        );
        assert_eq!(facts.hosts, ["", "https://a.example,*.b.example", "https://c.example"]);
        assert_eq!(
            facts.policy.regime.refusal_days, 180,
            "a refusal is remembered at least as long as a grant"
        );
    }

    #[test]
    fn whatever_is_missing_or_strange_is_no_policy() {
        for at in [0, 1, 2, 4, 6, 7, 11, 12, 13, 14, 17, 18] {
            for wrong in ["", "0", "-1", "x y"] {
                let mut fields = FACTS;
                fields[at] = wrong;
                assert_eq!(read(&fields.join("\n")), None, "field {at} = {wrong:?}");
            }
        }
        for len in (0..FACTS.len()).filter(|len| ![11, 16, 21].contains(len)) {
            assert_eq!(read(&FACTS[..len].join("\n")), None, "cut after {len}");
        }
    }
}
