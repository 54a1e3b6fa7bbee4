//! Reads a record back from its canonical text; any other spelling is refused.

use super::{PurposeDecision, Record, SCHEMA};
use crate::act::{Control, Event, Form, Input, RejectButton, Surface, Viewport};
use crate::basis::Basis;
use crate::id::Millis;
use crate::submission::SignalsRef;
use serde::Deserialize;
use std::fmt;

/// Why a text is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// It has not the members of a record of schema 1.
    Shape,
    /// Its bytes are not the canonical ones (RFC 8785).
    NotCanonical,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shape => "this is not a record of schema 1",
            Self::NotCanonical => "its bytes are not canonical",
        })
    }
}

impl std::error::Error for RecordError {}

impl Record {
    /// Reads the text that [`Record::to_canonical`] writes.
    pub fn from_canonical(text: &str) -> Result<Self, RecordError> {
        let read: Document = serde_json::from_str(text).map_err(|_| RecordError::Shape)?;
        let record = read.record().ok_or(RecordError::Shape)?;
        if record.to_canonical() == text { Ok(record) } else { Err(RecordError::NotCanonical) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    chain: u32,
    decisions: Vec<Decision>,
    event: String,
    id: String,
    notice: Notice,
    previous: Option<String>,
    regime: Regime,
    schema: i64,
    signals: SignalsRef,
    site: String,
    time: Time,
    ui: Ui,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    basis: String,
    granted: bool,
    purpose: String,
    until: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    locale: String,
    policy_sha256: String,
    texts_sha256: String,
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Regime {
    id: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    client: i64,
    server: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ui {
    control: Control,
    form: Form,
    guard: String,
    input: Input,
    reject: Option<RejectButton>,
    surface: Surface,
    theme: String,
    viewport: Viewport,
    widget: String,
}

impl Document {
    fn record(self) -> Option<Record> {
        let decisions = self.decisions.into_iter().map(|decision| {
            Some(PurposeDecision {
                basis: Basis::parse(&decision.basis)?,
                granted: decision.granted,
                purpose: decision.purpose,
                until: Millis(decision.until),
            })
        });
        let record = Record {
            id: self.id,
            site: self.site,
            event: Event::parse(&self.event)?,
            server_time: Millis(self.time.server),
            client_time: Millis(self.time.client),
            chain: self.chain,
            previous: self.previous,
            decisions: decisions.collect::<Option<_>>()?,
            policy_version: self.notice.version,
            policy_sha256: self.notice.policy_sha256,
            locale: self.notice.locale,
            texts_sha256: self.notice.texts_sha256,
            regime: self.regime.id,
            regime_source: self.regime.source,
            signals: self.signals,
            surface: self.ui.surface,
            control: self.ui.control,
            input: self.ui.input,
            form: self.ui.form,
            theme: self.ui.theme,
            viewport: self.ui.viewport,
            widget: self.ui.widget,
            guard: self.ui.guard,
            reject: self.ui.reject,
        };
        (self.schema == SCHEMA).then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROZEN: &str = include_str!("../../testdata/record-1.json");

    #[test]
    fn the_frozen_record_reads_back() {
        let record = Record::from_canonical(FROZEN.trim_end()).expect("a record");
        assert_eq!(record.to_canonical(), FROZEN.trim_end());
        assert_eq!((record.site.as_str(), record.chain), ("careers-enterprise", 1));
    }

    #[test]
    fn other_spellings_and_other_shapes_are_refused() {
        let frozen = FROZEN.trim_end();
        let spelled = |from: &str, to: &str| {
            assert!(frozen.contains(from), "{from}");
            frozen.replacen(from, to, 1)
        };
        for (wrong, error) in [
            (format!("{frozen}\n"), RecordError::NotCanonical),
            (spelled("{\"chain\":1,", "{ \"chain\":1,"), RecordError::NotCanonical),
            (spelled("en-GB", "en\\u002dGB"), RecordError::NotCanonical),
            (spelled("\"client\":1763764800000", "\"client\":9007199254740992"), RecordError::NotCanonical),
            (spelled("\"schema\":1", "\"schema\":2"), RecordError::Shape),
            (spelled("\"chain\":1,", ""), RecordError::Shape),
            (spelled("\"chain\":1,", "\"chain\":1,\"chain\":1,"), RecordError::Shape),
            (spelled("\"chain\":1,", "\"chain\":1.0,"), RecordError::Shape),
            (spelled("\"basis\":\"consent\"", "\"basis\":\"whim\""), RecordError::Shape),
            (spelled("{\"chain\"", "{\"address\":\"\",\"chain\""), RecordError::Shape),
            (String::new(), RecordError::Shape),
        ] {
            assert_eq!(Record::from_canonical(&wrong), Err(error), "{wrong}");
        }
    }
}
