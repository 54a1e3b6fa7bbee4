//! Reads the compiled policy, as the server publishes it per language, into the engine's types.
//!
//! Whatever does not read as a policy is an error: then nothing optional runs. Texts are left where they
//! are and read when they are shown.

use crate::dom::js::{each, flag, get, text, texts, whole};
use crate::gate::{Item, Unit};
use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::policy::{Policy, Purpose};
use avow_shared::regime::{Behaviour, Regime};
use wasm_bindgen::JsValue;

/// The only layout of a compiled policy that this build reads.
const SCHEMA: u32 = 1;

/// Reads policy and, for each purpose, what the gate needs. `None`: it is not one.
pub fn read(compiled: &JsValue) -> Option<(Policy, Vec<Unit>)> {
    if whole(compiled, "schema") != SCHEMA {
        return None;
    }
    let regime = get(compiled, "regime");
    let grant_days = days(&regime, "grant_days")?;
    let regime = Regime {
        id: text(&regime, "id"),
        behaviour: Behaviour::parse(&text(&regime, "behaviour"))?,
        exemptions: flag(&regime, "exemptions"),
        grant_days,
        refusal_days: days(&regime, "refusal_days")?.max(grant_days),
    };
    let mut purposes = Vec::new();
    let mut units = Vec::new();
    for purpose in each(&get(compiled, "purposes")) {
        purposes.push(Purpose {
            id: PurposeId::parse(&text(&purpose, "id"))?,
            category: Category::parse(&text(&purpose, "category"))?,
            basis: Basis::parse(&text(&purpose, "basis"))?,
            since: whole(&purpose, "since"),
        });
        let mut items = Vec::new();
        for service in each(&get(&purpose, "services")) {
            items.extend(each(&get(&service, "items")).map(|item| Item {
                kind: text(&item, "kind"),
                name: text(&item, "name"),
                prefix: flag(&item, "prefix"),
            }));
        }
        units.push(Unit { hosts: texts(&get(&purpose, "hosts")), items });
    }
    let site = SiteId::parse(&text(compiled, "site"))?;
    let version = whole(compiled, "version");
    let policy = Policy::new(site, version, text(compiled, "hash"), regime, purposes).ok()?;
    Some((policy, units))
}

fn days(of: &JsValue, key: &str) -> Option<u16> {
    u16::try_from(whole(of, key)).ok().filter(|days| *days > 0)
}
