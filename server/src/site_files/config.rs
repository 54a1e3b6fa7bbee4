//! What the guard is told: which hosts and items pass, which purposes there are, where the engine lies.

use std::collections::BTreeMap;

use avow_shared::category::Category;
use serde::{Deserialize, Serialize};

use crate::assets::Build;
use crate::error::Error;
use crate::policy::Published;

/// How Avow is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One external script.
    External,
    /// The pasted snippet.
    Snippet,
    /// Behind the gate.
    Gate,
}

/// How a site wants it enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// With a content security policy; the default, and in doubt.
    Strict,
    /// Without one.
    Compatible,
}

/// The guard's configuration; its names are those in `widget/js/guard.js`.
#[derive(Debug, Serialize)]
pub struct Config {
    /// The site.
    pub site: String,
    version: u32,
    hash: String,
    /// Where Avow is served, without a slash at the end.
    pub base: String,
    form: Form,
    /// Which guard reads it.
    #[serde(skip)]
    mode: Mode,
    /// Purposes that the gate's verified decision allows; the guard allows what it reads itself and finds here.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<Vec<String>>,
    /// Hosts that need no consent.
    allow: Vec<String>,
    /// Items that need none, as [`code`] writes them.
    items: Vec<String>,
    purposes: BTreeMap<String, Purpose>,
    assets: Assets,
    langs: Vec<String>,
    lang: String,
    /// Whether to ask where the visitor is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    region: bool,
}

#[derive(Debug, Serialize)]
struct Purpose {
    since: u32,
    category: String,
    hosts: Vec<String>,
    items: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Assets {
    js: String,
    preferences: String,
    late: String,
    wasm: String,
    guard: String,
}

/// The parts of the compiled document that the guard needs.
#[derive(Debug, Deserialize)]
struct Document {
    served_from: String,
    languages: Vec<String>,
    mode: Option<String>,
    #[serde(default)]
    regimes: serde_json::Map<String, serde_json::Value>,
    purposes: Vec<DocumentPurpose>,
}

#[derive(Debug, Deserialize)]
struct DocumentPurpose {
    id: String,
    category: String,
    since: u32,
    hosts: Vec<String>,
    services: Vec<DocumentService>,
}

#[derive(Debug, Deserialize)]
struct DocumentService {
    items: Vec<DocumentItem>,
}

#[derive(Debug, Deserialize)]
struct DocumentItem {
    kind: String,
    name: String,
    prefix: bool,
}

/// What Avow itself keeps on the device, whether the policy says so or not.
const OWN_ITEMS: [&str; 6] =
    ["cavow", "lavow_grant", "lavow_outbox", "lavow_receipts", "savow_form", "savow_said"];

impl Config {
    /// From a published policy.
    pub fn of(policy: &Published, build: &Build<'_>, form: Form) -> Result<Self, Error> {
        let document: Document = serde_json::from_str(&policy.document).map_err(Error::internal)?;
        let mut allow = Vec::new();
        let mut items = OWN_ITEMS.map(str::to_owned).to_vec();
        let mut purposes = BTreeMap::new();
        for purpose in document.purposes {
            // A category that cannot be read is none that runs unasked.
            if Category::parse(&purpose.category) == Some(Category::Necessary) {
                items.extend(codes(&purpose.services));
                allow.extend(purpose.hosts);
            } else {
                let items = codes(&purpose.services);
                let DocumentPurpose { id, category, since, hosts, .. } = purpose;
                purposes.insert(id, Purpose { since, category, hosts, items });
            }
        }
        items.sort();
        items.dedup();
        allow.sort();
        allow.dedup();
        let mode = match document.mode.as_deref() {
            Some("compatible") => Mode::Compatible,
            _ => Mode::Strict,
        };
        let lang = document.languages.first().cloned();
        Ok(Self {
            site: policy.engine.site.as_str().to_owned(),
            version: policy.engine.version,
            hash: policy.engine.hash.clone(),
            base: document.served_from.trim_end_matches('/').to_owned(),
            form,
            mode,
            granted: None,
            allow,
            items,
            purposes,
            assets: Assets {
                js: build.js.to_owned(),
                preferences: build.preferences.to_owned(),
                late: build.late.to_owned(),
                wasm: build.wasm.to_owned(),
                guard: if mode == Mode::Strict { build.guard } else { build.guard_compatible }.to_owned(),
            },
            lang: lang.ok_or_else(|| Error::internal("a policy without a language"))?,
            langs: document.languages,
            region: !document.regimes.is_empty(),
        })
    }

    /// Whether it is for the guard without a content security policy.
    pub fn is_compatible(&self) -> bool {
        self.mode == Mode::Compatible
    }

    /// The same with what the gate's decision allows.
    #[must_use]
    pub fn granting(self, granted: Vec<String>) -> Self {
        Self { granted: Some(granted), ..self }
    }

    /// The same for files that lie elsewhere.
    #[must_use]
    pub fn served_from(self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self }
    }

    /// JSON that may stand in a script in a page: it cannot end the script.
    pub fn to_script(&self) -> Result<String, Error> {
        let json = serde_json::to_string(self).map_err(Error::internal)?;
        Ok(json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
    }

    /// The strict content security policy: the same text that the guard makes when nothing is granted.
    pub fn csp(&self) -> String {
        let mut hosts = self.allow.clone();
        if let Some(origin) = origin(&self.base) {
            hosts.push(origin.to_owned());
        }
        let hosts = hosts.join(" ");
        format!(
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: {hosts}; form-action 'self' {hosts}; \
             object-src 'none'"
        )
    }
}

/// The items of some services, each once.
fn codes(services: &[DocumentService]) -> Vec<String> {
    let mut codes: Vec<_> = services.iter().flat_map(|service| &service.items).filter_map(code).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// An item as the guard compares it: the letter of its kind and its name; with a capital, the start of its name.
/// What no script writes has no letter.
fn code(item: &DocumentItem) -> Option<String> {
    let letter = match item.kind.as_str() {
        "cookie" => 'c',
        "local" => 'l',
        "session" => 's',
        "indexeddb" => 'i',
        "cache" => 'k',
        _ => return None,
    };
    let letter = if item.prefix { letter.to_ascii_uppercase() } else { letter };
    Some(format!("{letter}{}", item.name))
}

/// The origin of an absolute base; a path has none.
pub fn origin(base: &str) -> Option<&str> {
    let after = base.find("://")? + 3;
    let end = base[after..].find('/').map_or(base.len(), |at| after + at);
    Some(&base[..end])
}
