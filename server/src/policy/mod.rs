//! Policies: the file an owner writes, the rules it must keep, and the published version the server uses.
//!
//! Read in this order: [`mod@file`] (the shape), [`check`] and [`law`] (the rules), [`compile`](mod@compile),
//! [`document`] (what is published), [`banner`](mod@banner) (what of it a page fetches first), then [`Published`] (what requests are judged with).
//! What this is not: it stores nothing (`store`), and does not know HTTP (`api`, `site_files`).

pub mod banner;
pub mod changes;
pub mod check;
pub mod compile;
mod compiled;
pub mod document;
pub mod domains;
pub mod duration;
pub mod fault;
pub mod file;
pub mod hosts;
pub mod languages;
pub mod law;
pub mod looks;
pub mod neighbors;
pub mod notice;
pub mod schema;
pub mod shape;
pub mod texts;

pub use banner::banner;

use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::law::Rule;
use avow_shared::policy::{Asked, Policy, Purpose};
use avow_shared::regime::{Behaviour, Regime};
use document::{BY_FORM, Document};
use domains::Domains;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A published version, ready to judge submissions with.
#[derive(Clone, Debug)]
pub struct Published {
    /// What the engine needs: site, version, hash, regime, purposes.
    pub engine: Policy,
    /// How consent works where a visitor is; none where the site treats all alike.
    pub regimes: Vec<Regime>,
    /// The hosts that embed it.
    pub domains: Domains,
    /// Days for which a version is accepted after the next one came.
    pub superseded_days: u16,
    /// Language tag to SHA-256 of the texts shown in it, 64 hexadecimal characters.
    pub texts_sha256: BTreeMap<String, String>,
    /// How long records are kept.
    pub retention: document::Retention,
    /// Who may read the site's log, and who watches it.
    pub log: document::Log,
    /// The canonical compiled document.
    pub document: String,
}

/// The parts of a [`Document`] that requests are judged with.
#[derive(Debug, Deserialize)]
struct Parts {
    site: String,
    version: u32,
    domains: Vec<String>,
    superseded_days: u16,
    regime: document::Regime,
    #[serde(default)]
    regimes: BTreeMap<String, document::Regime>,
    purposes: Vec<PurposeParts>,
    texts_sha256: BTreeMap<String, String>,
    retention: document::Retention,
    #[serde(default)]
    log: document::Log,
}

#[derive(Debug, Deserialize)]
struct PurposeParts {
    id: String,
    category: String,
    basis: String,
    since: u32,
    #[serde(default)]
    asked: Option<String>,
}

impl Published {
    /// How consent works for a visitor of that place, if the site follows that: a country and, where known, the part
    /// of it.
    pub fn regime_at(&self, country: &str, part: Option<&str>) -> Option<&Regime> {
        let rule = Rule::at(country, part)?;
        self.regimes.iter().find(|regime| regime.id == rule.id)
    }

    /// Reads a stored document back; `Err` names the part that cannot be read.
    pub fn from_document(document: &str, hash: &str) -> Result<Self, &'static str> {
        let read: Parts = serde_json::from_str(document).map_err(|_| "document")?;
        let regime = regime(read.regime)?;
        let regimes = read.regimes.into_values().map(self::regime).collect::<Result<_, _>>()?;
        let purposes = read.purposes.iter().map(|purpose| {
            Some(Purpose {
                id: PurposeId::parse(&purpose.id)?,
                category: Category::parse(&purpose.category)?,
                basis: Basis::parse(&purpose.basis)?,
                since: purpose.since,
                asked: if purpose.asked.as_deref() == Some(BY_FORM) {
                    Asked::ByForm
                } else {
                    Asked::ByBanner
                },
            })
        });
        let engine = Policy::new(
            SiteId::parse(&read.site).ok_or("site")?,
            read.version,
            hash.to_owned(),
            regime,
            purposes.collect::<Option<_>>().ok_or("purpose")?,
        )
        .map_err(|_| "purposes")?;
        Ok(Self {
            engine,
            regimes,
            domains: Domains::new(read.domains),
            superseded_days: read.superseded_days,
            texts_sha256: read.texts_sha256,
            retention: read.retention,
            log: read.log,
            document: document.to_owned(),
        })
    }
}

fn regime(read: document::Regime) -> Result<Regime, &'static str> {
    let (behaviour, marketing_asks) = Behaviour::parse_both(&read.behaviour).ok_or("behaviour")?;
    Ok(Regime {
        id: read.id,
        behaviour,
        marketing_asks,
        exemptions: read.exemptions,
        grant_days: read.grant_days,
        refusal_days: read.refusal_days,
    })
}

/// What the widget reads, in one language, from a canonical document and its hash; `None` if the policy does not
/// have that language (or the document is none).
pub fn localize(document: &str, lang: &str, hash: &str) -> Option<String> {
    serde_json::from_str::<Document>(document).ok()?.localize(lang, hash)
}

#[cfg(test)]
mod tests;
