//! Canonical JSON (RFC 8785) of any document, and whether a document already is canonical.
//!
//! Stricter than the RFC where a reader could be misled: a member named twice and a whole number that not every
//! reader keeps are refused. Nothing that Avow signs has a fraction.

use crate::json::MAX_SAFE_INT;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// Why a document has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JcsError {
    /// It is not JSON, or names a member twice (RFC 7493 section 2.3).
    Malformed,
    /// A whole number beyond ±(2^53 - 1) (RFC 7493 section 2.2).
    Number,
}

impl fmt::Display for JcsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "this is not JSON, or it names a member twice",
            Self::Number => "a whole number is too great for every reader to keep",
        })
    }
}

impl std::error::Error for JcsError {}

/// The canonical text of a document.
pub fn canonical(json: &str) -> Result<String, JcsError> {
    serde_json::from_str::<Unambiguous>(json).map_err(|_| JcsError::Malformed)?;
    if numbers(json).any(|number| !is_safe(number)) {
        return Err(JcsError::Number);
    }
    let value: serde_json::Value = serde_json::from_str(json).map_err(|_| JcsError::Malformed)?;
    serde_json_canonicalizer::to_string(&value).map_err(|_| JcsError::Malformed)
}

/// Whether a document is its own canonical text.
pub fn is_canonical(json: &str) -> bool {
    canonical(json).as_deref() == Ok(json)
}

/// The numbers of a document that is JSON.
fn numbers(json: &str) -> impl Iterator<Item = &str> {
    let outside = outside_strings(json);
    outside.flat_map(|text| {
        text.split(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .filter(|word| word.contains(|c: char| c.is_ascii_digit()))
    })
}

/// The pieces of a document between its strings.
fn outside_strings(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(json);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some((before, string)) = text.split_once('"') else { return Some(text) };
        let mut escaped = false;
        let end = string.bytes().position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        rest = end.and_then(|end| string.get(end + 1..));
        Some(before)
    })
}

/// A number with a fraction or an exponent is a double in every reader; a whole one must fit.
fn is_safe(number: &str) -> bool {
    number.contains(['.', 'e', 'E'])
        || number.parse::<i64>().is_ok_and(|number| number.unsigned_abs() <= MAX_SAFE_INT.unsigned_abs())
}

/// Reads any JSON in which no object names a member twice.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Unambiguous;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Unambiguous, A::Error> {
        while elements.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unambiguous, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !seen.insert(name) {
                return Err(A::Error::custom("a member is named twice"));
            }
            members.next_value::<Unambiguous>()?;
        }
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_document_has_its_known_form() {
        let known = r#"{"b":1.0,"a":"€","c":[1e21,0.1]}"#;
        assert_eq!(canonical(known).as_deref(), Ok(r#"{"a":"€","b":1,"c":[1e+21,0.1]}"#));
    }

    #[test]
    fn the_frozen_record_is_canonical_and_no_other_spelling_is() {
        let record = include_str!("../testdata/record-1.json").trim_end();
        assert!(is_canonical(record));
        for wrong in [
            record.replacen(',', ", ", 1),
            record.replacen("\"chain\":1", "\"chain\":1.0", 1),
            record.replacen("\"chain\":1,", "", 1).replacen("}}", "},\"chain\":1}", 1),
            record.replacen("en-GB", "en\\u002dGB", 1),
            record.replacen("\"chain\":1", "\"chain\":1,\"chain\":1", 1),
            format!("{record}\n"),
        ] {
            assert!(!is_canonical(&wrong), "{wrong}");
        }
    }

    #[test]
    fn what_readers_would_read_differently_is_refused() {
        for safe in ["9007199254740991", "-9007199254740991", r#"["9007199254740992","\"9007199254740992"]"#]
        {
            assert_eq!(canonical(safe).as_deref(), Ok(safe));
        }
        for great in ["9007199254740992", "[-9007199254740992]", r#"{"a\\":18446744073709551616}"#] {
            assert_eq!(canonical(great), Err(JcsError::Number), "{great}");
        }
        for wrong in ["", "{", r#"{"a":1,"a":1}"#, r#"[{"a":{"b":1,"\u0062":2}}]"#, "1 2", "nul"] {
            assert_eq!(canonical(wrong), Err(JcsError::Malformed), "{wrong}");
        }
    }
}
