//! Bodies of `POST /v1/consents`, as a browser would send them.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::time::now;

/// What every decision of one policy version has in common.
#[derive(Clone, Debug)]
pub struct Draft {
    site: String,
    version: u64,
    sha256: String,
    regime: String,
    purposes: Vec<String>,
}

/// One decision, free to be spoiled by a test.
#[derive(Clone, Debug)]
pub struct Body(pub Value);

impl std::fmt::Display for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Body {
    /// The record's id.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap_or_default()
    }

    /// The record's secret.
    pub fn secret(&self) -> &str {
        self.0["secret"].as_str().unwrap_or_default()
    }

    /// With one member replaced; `path` as in RFC 6901.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Self {
        if let Some(place) = self.0.pointer_mut(path) {
            *place = value.into();
        } else if let Some((parent, name)) = path.rsplit_once('/')
            && let Some(parent) = self.0.pointer_mut(parent)
        {
            parent[name] = value.into();
        }
        self
    }

    /// As the successor of `former`.
    #[must_use]
    pub fn after(self, former: &Self) -> Self {
        let chain = former.0["chain"].as_u64().unwrap_or_default() + 1;
        let previous = json!({ "id": former.id(), "secret": former.secret() });
        self.with("/chain", chain).with("/previous", previous)
    }
}

impl Draft {
    /// Under the policy that `GET /v1/sites/{site}/policy` answered with.
    pub fn under(site: &str, policy: &Value) -> Result<Self> {
        let optional = policy["purposes"].as_array().context("a policy has purposes")?.iter();
        Ok(Self {
            site: site.to_owned(),
            version: policy["version"].as_u64().context("a policy has a version")?,
            sha256: policy["hash"].as_str().context("a policy has a hash")?.to_owned(),
            regime: policy["regime"]["id"].as_str().unwrap_or("gb").to_owned(),
            purposes: optional
                .filter(|purpose| purpose["category"] != "necessary")
                .filter_map(|purpose| purpose["id"].as_str().map(str::to_owned))
                .collect(),
        })
    }

    /// The hash of the policy version.
    pub fn hash(&self) -> &str {
        &self.sha256
    }

    /// The same for a visitor who was told of that regime.
    #[must_use]
    pub fn in_regime(self, regime: &str) -> Self {
        Self { regime: regime.to_owned(), ..self }
    }

    /// A click on "accept".
    pub fn grant(&self) -> Body {
        self.decide(&self.purposes.iter().map(|purpose| (purpose.as_str(), true)).collect::<Vec<_>>())
    }

    /// A click on "reject".
    pub fn refusal(&self) -> Body {
        self.decide(&self.purposes.iter().map(|purpose| (purpose.as_str(), false)).collect::<Vec<_>>())
    }

    /// A choice per purpose.
    pub fn decide(&self, choices: &[(&str, bool)]) -> Body {
        let control = match choices.iter().filter(|(_, granted)| *granted).count() {
            0 => "reject_all",
            granted if granted == choices.len() => "accept_all",
            _ => "save",
        };
        let surface = if control == "save" { "preferences" } else { "banner" };
        let choices: serde_json::Map<String, Value> =
            choices.iter().map(|(purpose, granted)| ((*purpose).to_owned(), json!(granted))).collect();
        let (id, secret) = fresh(now());
        Body(json!({
            "id": id,
            "secret": secret,
            "site": self.site,
            "policy": { "version": self.version, "sha256": self.sha256 },
            "choices": choices,
            "decided_at": now(),
            "locale": "en",
            "regime": self.regime,
            "surface": surface,
            "control": control,
            "input": "pointer",
            "signals": { "gpc": false, "dnt": false },
            "ui": {
                "widget": "0123456789abcdef",
                "guard": "fedcba9876543210",
                "form": "external",
                "theme": "plain",
                "viewport": "wide",
                "reject": { "width": 120, "height": 44, "contrast": 700, "visible": true }
            },
            "chain": 0,
            "previous": null
        }))
    }
}

/// A new record id of this time (UUIDv7) and a secret.
#[expect(clippy::disallowed_methods, reason = "stands for the browser's generator")]
pub fn fresh(at: i64) -> (String, String) {
    let random: [u8; 10] = rand::random();
    let millis = u64::try_from(at).expect("tests live after 1970");
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string();
    let secret: [u8; 16] = rand::random();
    (id, URL_SAFE_NO_PAD.encode(secret))
}
