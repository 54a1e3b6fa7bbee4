//! The canonical policy document: one for all languages, immutable once published.
//!
//! Its JSON is canonical (RFC 8785): fields stand in sorted order here, maps are sorted, numbers are whole.
//! Its SHA-256 is the policy's hash, which cookies, records and addresses name; so a change of layout is a
//! change of `schema`.

use super::changes::Change;
use super::notice::PrivacyNotice;
use avow_shared::regime::Behaviour;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The layout that this build writes and reads.
pub const SCHEMA: u32 = 1;

/// A compiled policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `children`; left out for everyone, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// What this version and those before it changed, the oldest first; left out where nothing did, as in documents
    /// from before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Who decides why and how the data is used.
    pub controller: Controller,
    /// Declared domain to the cookie's `Domain` attribute, or null for a host-only cookie.
    pub cookie_domain: BTreeMap<String, Option<String>>,
    /// The hosts that embed it.
    pub domains: Vec<String>,
    /// The data protection officer.
    pub dpo: Option<Contact>,
    /// Inline code that the gate lets run; left out where there is none, as in documents from before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inline: Vec<Inline>,
    /// The id of the law.
    pub jurisdiction: String,
    /// Language tags, the default first.
    pub languages: Vec<String>,
    /// How it looks.
    pub look: Look,
    /// Who may read the log and who watches it; left out where nobody does, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Log>,
    /// `compatible`; left out for `strict`, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The site's name.
    pub name: String,
    /// Where the notices are.
    pub notice: Links,
    /// What the privacy notice says; left out where the site writes its own, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_notice: Option<PrivacyNotice>,
    /// In the order in which visitors see them.
    pub purposes: Vec<Purpose>,
    /// How consent works for a visitor of whom nothing else is known.
    pub regime: Regime,
    /// How it works where a visitor is, by the regime's id; left out where the site treats all alike, as in documents
    /// from before it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regimes: BTreeMap<String, Regime>,
    /// The authority that takes complaints.
    pub regulator: Regulator,
    /// How long records are kept.
    pub retention: Retention,
    /// [`SCHEMA`].
    pub schema: u32,
    /// Path or address under which Avow is served.
    pub served_from: String,
    /// The site's id.
    pub site: String,
    /// Days for which a version is accepted after the next one came.
    pub superseded_days: u16,
    /// Language to key to text, complete.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    /// Language to SHA-256 of everything shown in it.
    pub texts_sha256: BTreeMap<String, String>,
    /// Counts up from 1.
    pub version: u32,
}

/// Name and addresses of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// Postal.
    pub address: String,
    /// For questions.
    pub email: String,
    /// Legal name.
    pub name: String,
}

/// Whom to write to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Address.
    pub email: String,
    /// Name or role.
    pub name: String,
}

/// In place of a purpose's id: the site cannot do without it.
pub const NECESSARY: &str = "necessary";

/// A purpose that a form of the site asks for, and no banner.
pub const BY_FORM: &str = "form";

/// Who may read the site's log, and who watches it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Whether anybody may fetch heads and tiles.
    pub public: bool,
    /// Who must see every published head.
    pub witnesses: Vec<Witness>,
}

/// A witness (C2SP tlog-witness).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Its public key, `name+id+key`.
    pub key: String,
    /// Where it listens.
    pub url: String,
}

/// Approved inline code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inline {
    /// `script` or `handler`.
    pub kind: String,
    /// What it does.
    pub note: String,
    /// The id of a purpose, or [`NECESSARY`].
    pub purpose: String,
    /// SHA-256 of its text in base64.
    pub sha256: String,
}

/// Looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// `#rrggbb`, lower case.
    pub accent: String,
    /// `page`; left out for the device's, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub font: Option<String>,
    /// One of [`LAYOUTS`](super::looks::LAYOUTS); left out for `card`, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// CSS pixels.
    pub radius: u8,
    /// `auto`, `light` or `dark`.
    pub scheme: String,
    /// `compact`; left out for normal, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing: Option<String>,
    /// A name.
    pub theme: String,
}

/// The site's notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// About cookies.
    pub cookies: String,
    /// The privacy notice.
    pub privacy: String,
}

/// A [`avow_shared::regime::Regime`] as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regime {
    /// What happens without an answer; with `+consent_first` where marketing waits and the rest does not.
    pub behaviour: String,
    /// Whether statistics and appearance need no consent.
    pub exemptions: bool,
    /// Days.
    pub grant_days: u16,
    /// Its name.
    pub id: String,
    /// Days.
    pub refusal_days: u16,
}

/// The authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regulator {
    /// Its name.
    pub name: String,
    /// Its website.
    pub url: String,
}

/// How long records are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Days.
    pub record_days: u16,
    /// `count`; left out for `delete`, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_end: Option<String>,
    /// `keep`.
    pub refusal_record: String,
}

/// A purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// [`BY_FORM`]; left out where the banner asks, as in documents from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// Why its items may be stored.
    pub basis: String,
    /// One of the four.
    pub category: String,
    /// CSP host sources of all its services, each once.
    pub hosts: Vec<String>,
    /// The same through all versions.
    pub id: String,
    /// UK GDPR Art 6(1).
    pub lawful_basis: String,
    /// Under it.
    pub services: Vec<Service>,
    /// The version in which it last changed so much that older grants no longer cover it.
    pub since: u32,
    /// By language.
    pub text: BTreeMap<String, PurposeText>,
}

/// What visitors read of a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeText {
    /// A sentence or two.
    pub description: String,
    /// A few words.
    pub name: String,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Two letters.
    pub country: String,
    /// CSP host sources.
    pub hosts: Vec<String>,
    /// One of its kind.
    pub id: String,
    /// What it stores.
    pub items: Vec<Item>,
    /// Its name.
    pub name: String,
    /// Its privacy notice.
    pub privacy_url: String,
    /// The organisation.
    pub provider: String,
    /// Its part in data protection law.
    pub role: String,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// As declared: `session`, `persistent`, `13 months`.
    pub duration: String,
    /// Why the site cannot do without it.
    pub justification: Option<String>,
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The name is only the start.
    pub prefix: bool,
    /// By language.
    pub text: BTreeMap<String, String>,
    /// Who else can read it.
    pub third_parties: Vec<String>,
}

impl Document {
    /// The canonical bytes, as text.
    pub fn to_canonical(&self) -> String {
        serde_json::to_string(self).expect("strings, whole numbers and maps with text keys always serialize")
    }

    /// Whether something may run until the visitor opts out, somewhere.
    pub fn allows_opt_out(&self) -> bool {
        self.regimes.values().any(|regime| regime.behaviour != Behaviour::ConsentFirst.as_str())
    }

    /// The hash of canonical bytes, 64 hexadecimal characters.
    pub fn hash(canonical: &str) -> String {
        hex::encode(Sha256::digest(canonical.as_bytes()))
    }

    /// What the site's log is called if this is its first version: unique, and the name of the log's key.
    pub fn log_origin(&self) -> String {
        let domain = self.domains.first().map_or("site.invalid", |domain| domain.trim_start_matches("*."));
        format!("{domain}/avow/{}", self.site)
    }

    /// True if publishing `self` after `other` would change nothing but the number.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let mut renumbered = self.clone();
        renumbered.version = other.version;
        for purpose in &mut renumbered.purposes {
            if let Some(before) = other.purposes.iter().find(|before| before.id == purpose.id) {
                purpose.since = before.since;
            }
        }
        renumbered == *other
    }
}
