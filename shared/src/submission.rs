//! What the browser sends for one decision: the body of `POST /v1/consents`.
//!
//! The browser writes it with [`Submission::to_json`]; the server reads it with serde, and takes the hash
//! of the same canonical bytes to tell a repeat from another submission under the same id.
//! What this is not: it checks only shapes. Whether the policy exists and the choices fit it is decided by
//! `server/src/consent`.

use crate::act::{Control, Form, Input, RejectButton, Surface, Viewport};
use crate::json::Writer;
use crate::signals::Signals;

/// Characters of a record secret: 16 bytes in unpadded base64url.
pub const SECRET_LEN: usize = 22;

/// One decision on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct Submission {
    /// The record's id: a UUIDv7 made for this decision.
    pub id: String,
    /// A secret made for this record; showing it proves possession.
    pub secret: String,
    /// The site.
    pub site: String,
    /// The policy version that was answered.
    pub policy: PolicyRef,
    /// The answer for each optional purpose, in the policy's order.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "choices::read"))]
    pub choices: Vec<(String, bool)>,
    /// When the visitor decided, milliseconds UTC by their own clock.
    pub decided_at: i64,
    /// The language that was shown.
    pub locale: String,
    /// The regime that was applied.
    pub regime: String,
    /// Where the answer was given.
    pub surface: Surface,
    /// With which control.
    pub control: Control,
    /// By which means.
    pub input: Input,
    /// The browser's preference signals.
    pub signals: SignalsRef,
    /// What was on the screen.
    pub ui: Ui,
    /// The record's place in the visitor's chain, from 0.
    pub chain: u32,
    /// The live record that this decision follows, with its secret.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "present"))]
    pub previous: Option<Previous>,
}

/// A policy version, by number and by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct PolicyRef {
    /// The version.
    pub version: u32,
    /// Its hash, 64 hexadecimal characters.
    pub sha256: String,
}

/// [`Signals`] on the wire, both stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct SignalsRef {
    /// Global Privacy Control.
    pub gpc: bool,
    /// Do Not Track.
    pub dnt: bool,
}

/// What was on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct Ui {
    /// First 16 hexadecimal characters of the widget build's SHA-256.
    pub widget: String,
    /// The same of the guard's.
    pub guard: String,
    /// How Avow was installed.
    pub form: Form,
    /// The theme's name.
    pub theme: String,
    /// Class of page width.
    pub viewport: Viewport,
    /// The reject button as measured, or null if the surface has none.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "present"))]
    pub reject: Option<RejectButton>,
}

/// The former record in the visitor's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct Previous {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl From<Signals> for SignalsRef {
    fn from(signals: Signals) -> Self {
        Self { gpc: signals.gpc, dnt: signals.dnt }
    }
}

impl From<SignalsRef> for Signals {
    fn from(signals: SignalsRef) -> Self {
        Self { gpc: signals.gpc, dnt: signals.dnt }
    }
}

impl Submission {
    /// The canonical JSON (RFC 8785).
    pub fn to_json(&self) -> String {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("chain").int(i64::from(self.chain));
            json.key("choices").object(|json| {
                let mut sorted: Vec<&(String, bool)> = self.choices.iter().collect();
                // Purpose ids are ASCII, so byte order is the UTF-16 order that the RFC asks for.
                sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                for (purpose, granted) in sorted {
                    json.key(purpose).bool(*granted);
                }
            });
            json.key("control").string(self.control.as_str());
            json.key("decided_at").int(self.decided_at);
            json.key("id").string(&self.id);
            json.key("input").string(self.input.as_str());
            json.key("locale").string(&self.locale);
            json.key("policy").object(|json| {
                json.key("sha256").string(&self.policy.sha256);
                json.key("version").int(i64::from(self.policy.version));
            });
            json.key("previous");
            match &self.previous {
                None => json.null(),
                Some(previous) => json.object(|json| {
                    json.key("id").string(&previous.id);
                    json.key("secret").string(&previous.secret);
                }),
            }
            json.key("regime").string(&self.regime);
            json.key("secret").string(&self.secret);
            json.key("signals").object(|json| self.signals.write(json));
            json.key("site").string(&self.site);
            json.key("surface").string(self.surface.as_str());
            json.key("ui").object(|json| {
                json.key("form").string(self.ui.form.as_str());
                json.key("guard").string(&self.ui.guard);
                json.key("reject");
                write_reject(json, self.ui.reject.as_ref());
                json.key("theme").string(&self.ui.theme);
                json.key("viewport").string(self.ui.viewport.as_str());
                json.key("widget").string(&self.ui.widget);
            });
        });
        json.finish()
    }
}

impl SignalsRef {
    pub(crate) fn write(self, json: &mut Writer) {
        json.key("dnt").bool(self.dnt);
        json.key("gpc").bool(self.gpc);
    }
}

pub(crate) fn write_reject(json: &mut Writer, reject: Option<&RejectButton>) {
    match reject {
        None => json.null(),
        Some(reject) => json.object(|json| {
            json.key("contrast").int(i64::from(reject.contrast));
            json.key("height").int(i64::from(reject.height));
            json.key("visible").bool(reject.visible);
            json.key("width").int(i64::from(reject.width));
        }),
    }
}

/// A field that may be null but must be there.
#[cfg(feature = "serde")]
fn present<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    serde::Deserialize::deserialize(deserializer)
}

#[cfg(feature = "serde")]
mod choices {
    //! Reads the choices as a list in the order sent; a purpose named twice is an error, not the last one's say.

    use core::fmt;
    use serde::de::{Deserializer, Error, MapAccess, Visitor};

    pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, bool)>, D::Error> {
        struct Choices;
        impl<'de> Visitor<'de> for Choices {
            type Value = Vec<(String, bool)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of purposes and booleans")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut choices: Self::Value = Vec::new();
                while let Some((purpose, granted)) = map.next_entry::<String, bool>()? {
                    if choices.len() >= crate::policy::MAX_PURPOSES {
                        return Err(A::Error::custom("too many purposes"));
                    }
                    if choices.iter().any(|(earlier, _)| *earlier == purpose) {
                        return Err(A::Error::custom("a purpose is named twice"));
                    }
                    choices.push((purpose, granted));
                }
                Ok(choices)
            }
        }
        deserializer.deserialize_map(Choices)
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests;
