//! Published policies as the server uses them.

pub mod domains;

use avow_shared::basis::Basis;
use avow_shared::category::Category;
use avow_shared::id::{PurposeId, SiteId};
use avow_shared::policy::{Policy, Purpose};
use avow_shared::regime::{Behaviour, Regime};
use domains::Domains;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A published version, ready to judge submissions with.
#[derive(Clone, Debug)]
pub struct Published {
    /// What the engine needs: site, version, hash, regime, purposes.
    pub engine: Policy,
    /// The hosts that embed it.
    pub domains: Domains,
    /// Days for which a version is accepted after the next one came.
    pub superseded_days: u16,
    /// Language tag to SHA-256 of the texts shown in it, 64 hexadecimal characters.
    pub texts_sha256: BTreeMap<String, String>,
    /// The canonical compiled document.
    pub document: String,
}

/// The parts of the compiled document that the server reads back.
#[derive(Debug, Deserialize, Serialize)]
struct Document {
    site: String,
    version: u32,
    domains: Vec<String>,
    superseded_days: u16,
    regime: RegimeDocument,
    purposes: Vec<PurposeDocument>,
    texts_sha256: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct RegimeDocument {
    id: String,
    behaviour: String,
    exemptions: bool,
    grant_days: u16,
    refusal_days: u16,
}

#[derive(Debug, Deserialize, Serialize)]
struct PurposeDocument {
    id: String,
    category: String,
    basis: String,
    since: u32,
}

impl Published {
    /// Reads a stored document back; `Err` names the part that cannot be read.
    pub fn from_document(document: &str, hash: &str) -> Result<Self, &'static str> {
        let read: Document = serde_json::from_str(document).map_err(|_| "document")?;
        let regime = Regime {
            id: read.regime.id,
            behaviour: Behaviour::parse(&read.regime.behaviour).ok_or("behaviour")?,
            exemptions: read.regime.exemptions,
            grant_days: read.regime.grant_days,
            refusal_days: read.regime.refusal_days,
        };
        let purposes = read.purposes.iter().map(|purpose| {
            Some(Purpose {
                id: PurposeId::parse(&purpose.id)?,
                category: Category::parse(&purpose.category)?,
                basis: Basis::parse(&purpose.basis)?,
                since: purpose.since,
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
            domains: Domains::new(read.domains),
            superseded_days: read.superseded_days,
            texts_sha256: read.texts_sha256,
            document: document.to_owned(),
        })
    }
}

/// The text of a document in one language, or `None` if it has no such language.
pub fn localize(_document: &str, _lang: &str, _hash: &str) -> Option<String> {
    None
}
