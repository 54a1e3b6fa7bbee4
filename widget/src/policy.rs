//! Reads the compiled policy, as the server publishes it per language, into the engine's types.
//!
//! Pure: `fact` answers a path such as `policy.regime.id` with text. Whatever does not read as a policy is
//! `None`: then nothing optional runs. Texts and items stay on the page and are read where they are shown.

use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::policy::{MAX_PURPOSES, Policy, Purpose};
use avow_shared::regime::{Behaviour, Regime};

/// The hosts that each purpose needs, as CSP host sources joined by commas.
pub type Hosts = Vec<String>;

/// The policy, and the hosts of each purpose.
pub fn read(fact: impl Fn(&str) -> String) -> Option<(Policy, Hosts)> {
    // The only layout of a compiled policy that this build reads.
    if fact("policy.schema") != "1" {
        return None;
    }
    let grant_days = days(&fact("policy.regime.grant_days"))?;
    let regime = Regime {
        id: fact("policy.regime.id"),
        behaviour: Behaviour::parse(&fact("policy.regime.behaviour"))?,
        exemptions: fact("policy.regime.exemptions") == "true",
        grant_days,
        refusal_days: days(&fact("policy.regime.refusal_days"))?.max(grant_days),
    };
    let mut purposes = Vec::new();
    let mut hosts = Vec::new();
    for at in 0..=MAX_PURPOSES {
        let mut path = String::from("policy.purposes.");
        path.push_str(&decimal(at));
        path.push('.');
        let of = |key: &str| {
            let mut path = path.clone();
            path.push_str(key);
            fact(&path)
        };
        let id = of("id");
        if id.is_empty() {
            break;
        }
        purposes.push(Purpose {
            id: PurposeId::parse(&id)?,
            category: Category::parse(&of("category"))?,
            basis: Basis::parse(&of("basis"))?,
            since: whole(&of("since"))?,
        });
        hosts.push(of("hosts"));
    }
    let site = SiteId::parse(&fact("policy.site"))?;
    let version = whole(&fact("policy.version"))?;
    let policy = Policy::new(site, version, fact("policy.hash"), regime, purposes).ok()?;
    Some((policy, hosts))
}

/// A whole number from 0 up.
pub fn whole(text: &str) -> Option<u32> {
    u32::try_from(text.parse::<i64>().ok()?).ok()
}

/// A whole number as text; the library's way to write one is a kilobyte.
pub fn decimal(number: usize) -> String {
    let mut json = avow_shared::json::Writer::new();
    json.int(i64::try_from(number).unwrap_or_default());
    json.finish()
}

fn days(text: &str) -> Option<u16> {
    u16::try_from(whole(text)?).ok().filter(|days| *days > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(path: &str) -> String {
        let value = match path {
            "policy.schema" => "1",
            "policy.site" => "careers-enterprise",
            "policy.version" => "3",
            "policy.hash" => "ab",
            "policy.regime.id" => "gb",
            "policy.regime.behaviour" => "consent_first",
            "policy.regime.exemptions" => "true",
            "policy.regime.grant_days" => "180",
            "policy.regime.refusal_days" => "90",
            "policy.purposes.0.id" => "essential",
            "policy.purposes.0.category" => "necessary",
            "policy.purposes.0.basis" => "strictly_necessary",
            "policy.purposes.1.id" => "statistics",
            "policy.purposes.1.category" => "analytics",
            "policy.purposes.1.basis" => "consent",
            "policy.purposes.1.hosts" => "https://a.example,*.b.example",
            "policy.purposes.0.since" | "policy.purposes.1.since" => "1",
            _ => "",
        };
        value.to_owned()
    }

    #[test]
    fn a_compiled_policy_is_read() {
        let (policy, hosts) = read(facts).expect("a whole policy");
        assert_eq!((policy.version, policy.purposes().len(), policy.optional().count()), (3, 2, 1));
        assert_eq!(hosts, ["", "https://a.example,*.b.example"]);
        assert!(policy.regime.exemptions);
        assert_eq!(policy.regime.refusal_days, 180, "a refusal is remembered at least as long as a grant");
    }

    #[test]
    fn whatever_is_missing_or_strange_is_no_policy() {
        for path in [
            "policy.schema",
            "policy.site",
            "policy.version",
            "policy.regime.behaviour",
            "policy.regime.grant_days",
            "policy.purposes.1.category",
            "policy.purposes.1.basis",
            "policy.purposes.1.since",
        ] {
            for wrong in ["", "0", "-1", "x y"] {
                let read = read(|asked| if asked == path { wrong.to_owned() } else { facts(asked) });
                assert_eq!(read, None, "{path} = {wrong:?}");
            }
        }
    }
}
