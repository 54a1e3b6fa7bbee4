//! What the guard is told: which hosts pass, which purposes there are, where the engine lies.

use std::collections::BTreeMap;

use avow_shared::category::Category;
use serde::{Deserialize, Serialize};

use crate::assets::Widget;
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
    /// `strict` or `compatible`.
    mode: String,
    /// Purposes that the gate's verified decision allows; the guard allows what it reads itself and finds here.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted: Option<Vec<String>>,
    /// Hosts that need no consent.
    allow: Vec<String>,
    purposes: BTreeMap<String, Purpose>,
    assets: Assets,
    langs: Vec<String>,
    lang: String,
}

#[derive(Debug, Serialize)]
struct Purpose {
    since: u32,
    category: String,
    hosts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Assets {
    js: &'static str,
    wasm: &'static str,
    guard: &'static str,
}

/// The parts of the compiled document that the guard needs.
#[derive(Debug, Deserialize)]
struct Document {
    served_from: String,
    languages: Vec<String>,
    mode: Option<String>,
    purposes: Vec<DocumentPurpose>,
}

#[derive(Debug, Deserialize)]
struct DocumentPurpose {
    id: String,
    category: String,
    since: u32,
    hosts: Vec<String>,
}

impl Config {
    /// From a published policy.
    pub fn of(policy: &Published, widget: &'static Widget, form: Form) -> Result<Self, Error> {
        let document: Document = serde_json::from_str(&policy.document).map_err(Error::internal)?;
        let mut allow = Vec::new();
        let mut purposes = BTreeMap::new();
        for purpose in document.purposes {
            // A category that cannot be read is none that runs unasked.
            if Category::parse(&purpose.category) == Some(Category::Necessary) {
                allow.extend(purpose.hosts);
            } else {
                let DocumentPurpose { id, category, since, hosts } = purpose;
                purposes.insert(id, Purpose { since, category, hosts });
            }
        }
        allow.sort();
        allow.dedup();
        let lang = document.languages.first().cloned();
        Ok(Self {
            site: policy.engine.site.as_str().to_owned(),
            version: policy.engine.version,
            hash: policy.engine.hash.clone(),
            base: document.served_from.trim_end_matches('/').to_owned(),
            form,
            mode: document.mode.unwrap_or_else(|| "strict".to_owned()),
            granted: None,
            allow,
            purposes,
            assets: Assets { js: widget.js, wasm: widget.wasm, guard: widget.guard },
            lang: lang.ok_or_else(|| Error::internal("a policy without a language"))?,
            langs: document.languages,
        })
    }

    /// The same with what the gate's decision allows.
    #[must_use]
    pub fn granting(self, granted: Vec<String>) -> Self {
        Self { granted: Some(granted), ..self }
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

/// The origin of an absolute base; a path has none.
pub fn origin(base: &str) -> Option<&str> {
    let after = base.find("://")? + 3;
    let end = base[after..].find('/').map_or(base.len(), |at| after + at);
    Some(&base[..end])
}
