//! The record: what is committed. Schema version 1, frozen.
//!
//! Its canonical bytes (RFC 8785) are hashed, stored and exported; there are no log fields and no signature
//! inside. Everything else about the policy is found through `notice.policy_sha256`, which names an
//! immutable version. No address, no user agent, no page history.

use crate::act::{Control, Event, Form, Input, RejectButton, Surface, Viewport};
use crate::basis::Basis;
use crate::id::Millis;
use crate::json::Writer;
use crate::submission::{SignalsRef, write_reject};

#[cfg(feature = "jws")]
mod read;

#[cfg(feature = "jws")]
pub use read::RecordError;

/// The schema version of [`Record`].
pub const SCHEMA: i64 = 1;

/// A decision as stored, with what was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// UUIDv7 text.
    pub id: String,
    /// The site.
    pub site: String,
    /// What happened.
    pub event: Event,
    /// The server's clock when the record was made.
    pub server_time: Millis,
    /// The visitor's clock when they decided.
    pub client_time: Millis,
    /// Place in the visitor's chain, from 0.
    pub chain: u32,
    /// Commitment of the former record, 64 hexadecimal characters; `None` if there is none or it is not held.
    pub previous: Option<String>,
    /// One answer per optional purpose, in the policy's order.
    pub decisions: Vec<PurposeDecision>,
    /// The policy version that was answered.
    pub policy_version: u32,
    /// Its hash.
    pub policy_sha256: String,
    /// The language that was shown.
    pub locale: String,
    /// Hash of the texts that were shown, in that language.
    pub texts_sha256: String,
    /// The regime that was applied.
    pub regime: String,
    /// How that regime was found: `default`, by the operator's file (`geo`), or by a header of a trusted
    /// proxy (`header`).
    pub regime_source: String,
    /// The browser's preference signals.
    pub signals: SignalsRef,
    /// Where the answer was given.
    pub surface: Surface,
    /// With which control.
    pub control: Control,
    /// By which means.
    pub input: Input,
    /// How Avow was installed.
    pub form: Form,
    /// The theme's name.
    pub theme: String,
    /// Class of page width.
    pub viewport: Viewport,
    /// The widget build.
    pub widget: String,
    /// The guard build.
    pub guard: String,
    /// The reject button as measured.
    pub reject: Option<RejectButton>,
}

/// One answer, explicit both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurposeDecision {
    /// The purpose.
    pub purpose: String,
    /// Granted or refused.
    pub granted: bool,
    /// Why its items would be stored.
    pub basis: Basis,
    /// When this answer ends.
    pub until: Millis,
}

impl Record {
    /// The canonical bytes, as text.
    pub fn to_canonical(&self) -> String {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("chain").int(i64::from(self.chain));
            json.key("decisions").array(|json| {
                for decision in &self.decisions {
                    json.object(|json| {
                        json.key("basis").string(decision.basis.as_str());
                        json.key("granted").bool(decision.granted);
                        json.key("purpose").string(&decision.purpose);
                        json.key("until").int(decision.until.0);
                    });
                }
            });
            json.key("event").string(self.event.as_str());
            json.key("id").string(&self.id);
            json.key("notice").object(|json| {
                json.key("locale").string(&self.locale);
                json.key("policy_sha256").string(&self.policy_sha256);
                json.key("texts_sha256").string(&self.texts_sha256);
                json.key("version").int(i64::from(self.policy_version));
            });
            json.key("previous").string_or_null(self.previous.as_deref());
            json.key("regime").object(|json| {
                json.key("id").string(&self.regime);
                json.key("source").string(&self.regime_source);
            });
            json.key("schema").int(SCHEMA);
            json.key("signals").object(|json| self.signals.write(json));
            json.key("site").string(&self.site);
            json.key("time").object(|json| {
                json.key("client").int(self.client_time.0);
                json.key("server").int(self.server_time.0);
            });
            json.key("ui").object(|json| {
                json.key("control").string(self.control.as_str());
                json.key("form").string(self.form.as_str());
                json.key("guard").string(&self.guard);
                json.key("input").string(self.input.as_str());
                json.key("reject");
                write_reject(json, self.reject.as_ref());
                json.key("surface").string(self.surface.as_str());
                json.key("theme").string(&self.theme);
                json.key("viewport").string(self.viewport.as_str());
                json.key("widget").string(&self.widget);
            });
        });
        json.finish()
    }
}

#[cfg(test)]
mod tests;
