//! The consent cookie: frozen name, contents and text form.
//!
//! `1.<version>.<decided>.<expires>.<choices>.<seal>`: times in base-36 seconds, choices as `id:1` or `id:0`
//! joined by `~`. After them `_on:1` says that something was on without an answer and left so, and `_gpc:1` that Global
//! Privacy Control was seen.
//! The seal is `-` until the server has acknowledged, then the first 16 bytes of an HMAC-SHA256 over
//! [`seal_message`] in base64url. Every character is a cookie-octet (RFC 6265 section 4.1.1).
//! There is no identifier in it.
//!
//! What this is not: it neither reads nor writes cookies, nor checks a seal (that needs the server's key).

#![expect(clippy::single_char_add_str, reason = "in the browser a character weighs more than a text of one")]

use crate::decision::{Choice, Decision};
use crate::fields::Fields;
use crate::id::{Millis, PurposeId, is_base64url};
use crate::policy::MAX_PURPOSES;
use crate::radix;

/// The cookie's name.
pub const NAME: &str = "avow";

/// Marks a decision that no server has acknowledged yet.
pub const UNSEALED: &str = "-";

const SCHEMA: &str = "1";
const LEFT_ON: &str = "_on";
const GPC: &str = "_gpc";
/// Longer values are no cookie of ours; browsers keep at most 4096 bytes.
const MAX_LEN: usize = 4096;

/// A cookie value, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What was decided.
    pub decision: Decision,
    /// The server's seal, unchecked, or `None` while there is none.
    pub seal: Option<String>,
}

/// The value up to and without the last dot: what the seal covers.
pub fn unsealed_value(decision: &Decision) -> String {
    let mut value = String::with_capacity(64);
    value.push_str(SCHEMA);
    value.push_str(".");
    radix::push(&mut value, decision.version.into(), 10);
    value.push_str(".");
    radix::push(&mut value, decision.decided.seconds().max(0).unsigned_abs(), 36);
    value.push_str(".");
    radix::push(&mut value, decision.expires.seconds().max(0).unsigned_abs(), 36);
    value.push_str(".");
    let mut first = true;
    for choice in &decision.choices {
        push_choice(&mut value, &mut first, choice.purpose.as_str(), choice.granted);
    }
    if decision.left_on {
        push_choice(&mut value, &mut first, LEFT_ON, true);
    }
    if decision.gpc {
        push_choice(&mut value, &mut first, GPC, true);
    }
    value
}

/// The whole cookie value; `seal` is `None` while there is none.
pub fn encode(decision: &Decision, seal: Option<&str>) -> String {
    let mut value = unsealed_value(decision);
    value.push_str(".");
    value.push_str(seal.unwrap_or(UNSEALED));
    value
}

/// The bytes that the server's seal is made over.
pub fn seal_message(site: &str, unsealed_value: &str) -> String {
    let mut message = String::from("avow/seal/v1\n");
    message.push_str(site);
    message.push('\n');
    message.push_str(unsealed_value);
    message
}

/// Reads a cookie value. Anything that [`encode`] would not write is `None`: not consented.
pub fn parse(value: &str) -> Option<Stored> {
    if value.len() > MAX_LEN {
        return None;
    }
    let mut fields = Fields::new(value, b'.');
    if fields.next()? != SCHEMA {
        return None;
    }
    let version = u32::try_from(radix::parse(fields.next()?, 10)?).ok()?;
    let decided = seconds(fields.next()?)?;
    let expires = seconds(fields.next()?)?;
    let mut choices = Vec::new();
    let (mut left_on, mut gpc) = (false, false);
    let text = fields.next()?;
    if !text.is_empty() {
        for choice in Fields::new(text, b'~') {
            let mut parts = Fields::new(choice, b':');
            let (name, answer) = (parts.next()?, parts.next()?);
            let granted = match answer {
                "1" => true,
                "0" => false,
                _ => return None,
            };
            if parts.next().is_some() {
                return None;
            }
            // The marks are the last ones, in this order, at most once each, and never a refusal.
            if gpc || choices.len() >= MAX_PURPOSES {
                return None;
            }
            if name == GPC && granted {
                gpc = true;
                continue;
            }
            if left_on {
                return None;
            }
            if name == LEFT_ON && granted {
                left_on = true;
                continue;
            }
            let purpose = PurposeId::parse(name)?;
            if choices.iter().any(|earlier: &Choice| earlier.purpose == purpose) {
                return None;
            }
            choices.push(Choice { purpose, granted });
        }
    }
    let seal = match fields.next()? {
        UNSEALED => None,
        seal if is_base64url(seal, 22) => Some(seal.to_owned()),
        _ => return None,
    };
    if fields.next().is_some() || version == 0 {
        return None;
    }
    let decision = Decision { version, decided, expires, gpc, left_on, choices };
    Some(Stored { decision, seal })
}

/// Finds our cookie in a `Cookie` header or in `document.cookie`.
///
/// Two cookies of the name with different values (a stale one on another path or domain) are no decision.
pub fn find_in(cookies: &str) -> Option<&str> {
    let mut found = None;
    for pair in cookies.split(';') {
        let Some((name, value)) = pair.trim().split_once('=') else { continue };
        if name == NAME {
            if found.is_some_and(|earlier| earlier != value) {
                return None;
            }
            found = Some(value);
        }
    }
    found
}

fn push_choice(value: &mut String, first: &mut bool, name: &str, granted: bool) {
    if !*first {
        value.push_str("~");
    }
    *first = false;
    value.push_str(name);
    value.push_str(if granted { ":1" } else { ":0" });
}

fn seconds(text: &str) -> Option<Millis> {
    // Nine digits last for three million years.
    let seconds = radix::parse(text, 36).filter(|_| text.len() <= 9)?;
    i64::try_from(seconds).ok().map(|seconds| Millis(seconds * 1000))
}

#[cfg(test)]
mod tests;
