//! What a version changed, as far as it matters to somebody who has agreed: a new purpose, another basis, a service,
//! third party or host that was not there, data that is kept longer. New words alone ask nobody again.
//!
//! A grant of a purpose that changed so is void; a denial never is.

use super::document::{Document, Item, Purpose, Service};
use super::duration::Duration;
use super::texts::Words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What changed: the end of the key of the text that tells it.
    pub kind: Kind,
    /// Who came in, for [`Kind::Service`] and [`Kind::ThirdParty`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The purpose.
    pub purpose: String,
    /// The version that brought it.
    pub version: u32,
}

/// What can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The purpose is new, or of another category, or asked for in another way.
    Purpose,
    /// Its basis.
    Basis,
    /// A service that was not there, or its provider, role, country or a host of it.
    Service,
    /// Somebody else who can read what is stored.
    ThirdParty,
    /// Something is kept longer.
    Duration,
}

impl Change {
    /// As visitors read it; `None` where the policy has no text for it.
    pub fn told(&self, document: &Document, lang: &str, words: &Words) -> Option<String> {
        let purpose = document.purposes.iter().find(|purpose| purpose.id == self.purpose)?;
        let key = match self.kind {
            Kind::Purpose => "changed_purpose",
            Kind::Basis => "changed_basis",
            Kind::Service => "changed_service",
            Kind::ThirdParty => "changed_third_party",
            Kind::Duration => "changed_duration",
        };
        let provider = self.provider.as_deref().unwrap_or_default();
        let text = words.say(key);
        (!text.is_empty()).then(|| {
            text.replace("{name}", purpose.text.get(lang).map_or("", |text| &text.name))
                .replace("{provider}", provider)
        })
    }
}

/// What `now`, a purpose of version `version`, changed against `before`; nothing if a grant of that still says yes.
pub fn between(before: Option<&Purpose>, now: &Purpose, version: u32) -> Vec<Change> {
    let change = |kind, provider: Option<&str>| Change {
        kind,
        provider: provider.map(str::to_owned),
        purpose: now.id.clone(),
        version,
    };
    let Some(before) = before.filter(|before| before.category == now.category && before.asked == now.asked)
    else {
        return vec![change(Kind::Purpose, None)];
    };
    let mut changes = Vec::new();
    if before.basis != now.basis {
        changes.push(change(Kind::Basis, None));
    }
    let known: BTreeSet<&String> = before.hosts.iter().collect();
    let is_known = |service: &&Service| {
        let same = |earlier: &Service| {
            (&earlier.id, &earlier.provider, &earlier.role, &earlier.country)
                == (&service.id, &service.provider, &service.role, &service.country)
        };
        before.services.iter().any(same) && service.hosts.iter().all(|host| known.contains(host))
    };
    for service in now.services.iter().filter(|service| !is_known(service)) {
        changes.push(change(Kind::Service, Some(&service.provider)));
    }
    let parties = third_parties(before);
    for party in third_parties(now).difference(&parties) {
        changes.push(change(Kind::ThirdParty, Some(party)));
    }
    if now.services.iter().any(|service| keeps_longer(service, before)) {
        changes.push(change(Kind::Duration, None));
    }
    changes
}

fn third_parties(purpose: &Purpose) -> BTreeSet<&str> {
    items(purpose).flat_map(|item| &item.third_parties).map(String::as_str).collect()
}

fn items(purpose: &Purpose) -> impl Iterator<Item = &Item> {
    purpose.services.iter().flat_map(|service| &service.items)
}

/// True if a service keeps an item longer than it kept that item before, or a new one longer than it kept anything.
fn keeps_longer(now: &Service, before: &Purpose) -> bool {
    let Some(before) = before.services.iter().find(|service| service.id == now.id) else { return false };
    let minutes = |item: &Item| Duration::parse(&item.duration).map_or(u64::MAX, Duration::minutes);
    let longest = before.items.iter().map(minutes).max().unwrap_or_default();
    let same = |item: &Item, earlier: &&Item| {
        (&item.kind, &item.name, item.prefix) == (&earlier.kind, &earlier.name, earlier.prefix)
    };
    now.items.iter().any(|item| {
        let earlier = before.items.iter().find(|earlier| same(item, earlier));
        minutes(item) > earlier.map_or(longest, minutes)
    })
}
