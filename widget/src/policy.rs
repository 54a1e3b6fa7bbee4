//! Reads what the engine must know of the compiled policy and the browser.
//!
//! Pure: fields by line ends, as `read` in `../js/page.js` writes them. Whatever does not read as a policy is
//! `None`: then nothing optional runs. Texts and items stay on the page and are read where they are shown.

use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::fields::Fields;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::policy::{Asked, Policy, Purpose};
use avow_shared::radix;
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
}

/// Reads the fields.
pub fn read(text: &str) -> Option<Facts<'_>> {
    let mut fields = Fields::new(text, b'\n');
    // The only layout of a compiled policy that this build reads.
    if fields.next()? != "1" {
        return None;
    }
    let site = SiteId::parse(fields.next()?)?;
    let version = whole(fields.next()?)?;
    let id = fields.next()?.to_owned();
    let (behaviour, marketing_asks) = Behaviour::parse_both(fields.next()?)?;
    let exemptions = fields.next()? == "true";
    let grant_days = days(fields.next()?)?;
    let refusal_days = days(fields.next()?)?.max(grant_days);
    let signals = Signals { gpc: fields.next()? == "true", dnt: false };
    let (mut purposes, mut hosts) = (Vec::new(), Vec::new());
    // Six for each purpose, taken one by one: adapters weigh more in the module than all that they say here.
    while let Some(id) = fields.next() {
        purposes.push(Purpose {
            id: PurposeId::parse(id)?,
            category: Category::parse(fields.next()?)?,
            basis: Basis::parse(fields.next()?)?,
            since: whole(fields.next()?)?,
            asked: if fields.next()?.is_empty() { Asked::ByBanner } else { Asked::ByForm },
        });
        hosts.push(fields.next()?);
    }
    let regime = Regime { id, behaviour, marketing_asks, exemptions, grant_days, refusal_days };
    let policy = Policy::new(site, version, String::new(), regime, purposes).ok()?;
    Some(Facts { policy, hosts, signals })
}

/// A whole number from 0 up.
fn whole(text: &str) -> Option<u32> {
    u32::try_from(radix::parse(text, 10)?).ok()
}

fn days(text: &str) -> Option<u16> {
    u16::try_from(whole(text)?).ok().filter(|days| *days > 0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const FACTS: [&str; 27] = [
        "1",
        "careers-enterprise",
        "3",
        "gb",
        "consent_first",
        "false",
        "180",
        "90",
        "false",
        "essential",
        "necessary",
        "strictly_necessary",
        "1",
        "",
        "",
        "statistics",
        "analytics",
        "consent",
        "1",
        "",
        "https://a.example,*.b.example",
        "campaigns",
        "marketing",
        "consent",
        "2",
        "",
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
        for at in [0, 1, 2, 4, 6, 7, 9, 10, 11, 12, 16, 17] {
            for wrong in ["", "0", "-1", "x y"] {
                let mut fields = FACTS;
                fields[at] = wrong;
                assert_eq!(read(&fields.join("\n")), None, "field {at} = {wrong:?}");
            }
        }
        for len in (0..FACTS.len()).filter(|len| ![9, 15, 21].contains(len)) {
            assert_eq!(read(&FACTS[..len].join("\n")), None, "cut after {len}");
        }
    }
}
