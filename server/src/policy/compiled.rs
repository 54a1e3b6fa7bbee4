//! The compiled policy: what the widget reads of a version, in one language. Its address names hash and language, so it
//! never changes.

use super::document::{Document, Links, Look, Regime, SCHEMA, Service};
use super::duration::Duration;
use super::texts::{Words, direction};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

impl Document {
    /// What the widget reads, in one language; `None` if the policy does not have it.
    pub fn localize(&self, lang: &str, hash: &str) -> Option<String> {
        self.local(lang).map(|local| {
            let compiled = Compiled {
                schema: SCHEMA,
                site: &self.site,
                version: self.version,
                hash,
                regime: &self.regime,
                cookie_domain: &self.cookie_domain,
                links: &self.notice,
                look: &self.look,
                local,
            };
            serde_json::to_string(&compiled)
                .expect("strings, whole numbers and maps with text keys serialize")
        })
    }

    /// SHA-256 of everything that is shown in a language, whatever the version's number.
    pub fn texts_hash(&self, lang: &str) -> Option<String> {
        let mut local = self.local(lang)?;
        for purpose in &mut local.purposes {
            purpose.since = 0;
        }
        let shown =
            serde_json::to_string(&(&local, &self.notice)).expect("strings and whole numbers serialize");
        Some(hex::encode(Sha256::digest(shown.as_bytes())))
    }

    /// What changed as visitors read it, each with the version that brought it.
    pub fn changes_told(&self, lang: &str, words: &Words) -> Vec<(u32, String)> {
        self.changes
            .iter()
            .filter_map(|change| Some((change.version, change.told(self, lang, words)?)))
            .collect()
    }

    fn local(&self, lang: &str) -> Option<Local<'_>> {
        let words = Words::new(lang, self.texts.get(lang)?.clone());
        let purposes = self.purposes.iter().map(|purpose| {
            let text = purpose.text.get(lang)?;
            Some(LocalPurpose {
                asked: purpose.asked.as_deref(),
                id: &purpose.id,
                category: &purpose.category,
                basis: &purpose.basis,
                since: purpose.since,
                name: &text.name,
                description: &text.description,
                hosts: &purpose.hosts,
                services: purpose
                    .services
                    .iter()
                    .map(|service| service.local(lang, &words))
                    .collect::<Option<_>>()?,
            })
        });
        Some(Local {
            changes: self.changes_told(lang, &words),
            lang: self.languages.iter().find(|known| *known == lang)?,
            dir: direction(lang),
            purposes: purposes.collect::<Option<_>>()?,
            texts: words.for_widget(&self.name, self.allows_opt_out()),
        })
    }
}

impl Service {
    fn local(&self, lang: &str, words: &Words) -> Option<LocalService<'_>> {
        let items = self.items.iter().map(|item| {
            Some(LocalItem {
                name: &item.name,
                kind: &item.kind,
                prefix: item.prefix,
                duration: Duration::parse(&item.duration)?.told(words),
                third_parties: &item.third_parties,
                description: item.text.get(lang)?,
            })
        });
        Some(LocalService {
            id: &self.id,
            name: &self.name,
            provider: &self.provider,
            country: &self.country,
            privacy_url: &self.privacy_url,
            items: items.collect::<Option<_>>()?,
        })
    }
}

/// The widget's view: the address names hash and language, so it never changes.
#[derive(Serialize)]
struct Compiled<'a> {
    schema: u32,
    site: &'a str,
    version: u32,
    hash: &'a str,
    regime: &'a Regime,
    cookie_domain: &'a BTreeMap<String, Option<String>>,
    links: &'a Links,
    look: &'a Look,
    #[serde(flatten)]
    local: Local<'a>,
}

/// What depends on the language.
#[derive(Serialize)]
struct Local<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<(u32, String)>,
    lang: &'a str,
    dir: &'static str,
    purposes: Vec<LocalPurpose<'a>>,
    texts: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct LocalPurpose<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<&'a str>,
    id: &'a str,
    category: &'a str,
    basis: &'a str,
    since: u32,
    name: &'a str,
    description: &'a str,
    hosts: &'a [String],
    services: Vec<LocalService<'a>>,
}

#[derive(Serialize)]
struct LocalService<'a> {
    id: &'a str,
    name: &'a str,
    provider: &'a str,
    country: &'a str,
    privacy_url: &'a str,
    items: Vec<LocalItem<'a>>,
}

#[derive(Serialize)]
struct LocalItem<'a> {
    name: &'a str,
    kind: &'a str,
    prefix: bool,
    duration: String,
    third_parties: &'a [String],
    description: &'a str,
}
