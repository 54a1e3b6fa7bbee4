//! The consent cookie: frozen name, contents and text form.
//!
//! `1.<version>.<decided>.<expires>.<choices>.<seal>`: times in base-36 seconds, choices as `id:1` or `id:0`
//! joined by `~`. `_gpc:1` at the end of the choices says that Global Privacy Control was seen.
//! The seal is `-` until the server has acknowledged, then the first 16 bytes of an HMAC-SHA256 over
//! [`seal_message`] in base64url. Every character is a cookie-octet (RFC 6265 section 4.1.1).
//! There is no identifier in it.
//!
//! What this is not: it neither reads nor writes cookies, nor checks a seal (that needs the server's key).

use crate::decision::{Choice, Decision};
use crate::id::{Millis, PurposeId, is_base64url};
use crate::policy::MAX_PURPOSES;

/// The cookie's name.
pub const NAME: &str = "avow";

/// Marks a decision that no server has acknowledged yet.
pub const UNSEALED: &str = "-";

const SCHEMA: &str = "1";
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
    value.push('.');
    push_decimal(&mut value, decision.version);
    value.push('.');
    push_base36(&mut value, decision.decided.seconds());
    value.push('.');
    push_base36(&mut value, decision.expires.seconds());
    value.push('.');
    let mut first = true;
    for choice in &decision.choices {
        push_choice(&mut value, &mut first, choice.purpose.as_str(), choice.granted);
    }
    if decision.gpc {
        push_choice(&mut value, &mut first, GPC, true);
    }
    value
}

/// The whole cookie value; `seal` is `None` while there is none.
pub fn encode(decision: &Decision, seal: Option<&str>) -> String {
    let mut value = unsealed_value(decision);
    value.push('.');
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
    let mut fields = value.split('.');
    if fields.next()? != SCHEMA {
        return None;
    }
    let version = parse_decimal(fields.next()?)?;
    let decided = parse_base36(fields.next()?)?;
    let expires = parse_base36(fields.next()?)?;
    let mut choices = Vec::new();
    let mut gpc = false;
    let text = fields.next()?;
    if !text.is_empty() {
        for choice in text.split('~') {
            let (name, answer) = choice.split_once(':')?;
            let granted = match answer {
                "1" => true,
                "0" => false,
                _ => return None,
            };
            // The mark is the last one, at most once, and never a refusal.
            if gpc || choices.len() >= MAX_PURPOSES {
                return None;
            }
            if name == GPC && granted {
                gpc = true;
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
    let decision = Decision { version, decided, expires, gpc, choices };
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
        value.push('~');
    }
    *first = false;
    value.push_str(name);
    value.push_str(if granted { ":1" } else { ":0" });
}

fn push_decimal(text: &mut String, number: u32) {
    push_radix(text, u64::from(number), 10);
}

fn push_base36(text: &mut String, number: i64) {
    push_radix(text, number.max(0).unsigned_abs(), 36);
}

fn push_radix(text: &mut String, mut number: u64, radix: u8) {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        #[expect(clippy::cast_possible_truncation, reason = "a remainder by a u8 fits")]
        let digit = (number % u64::from(radix)) as usize;
        digits[at] = DIGITS[digit];
        number /= u64::from(radix);
        if number == 0 {
            break;
        }
    }
    for digit in &digits[at..] {
        text.push(*digit as char);
    }
}

fn parse_decimal(text: &str) -> Option<u32> {
    is_plain(text, u8::is_ascii_digit).then(|| text.parse().ok()).flatten()
}

fn parse_base36(text: &str) -> Option<Millis> {
    let plain = text.len() <= 9 && is_plain(text, |b| b.is_ascii_digit() || b.is_ascii_lowercase());
    plain.then(|| i64::from_str_radix(text, 36).ok()).flatten().map(|seconds| Millis(seconds * 1000))
}

/// One spelling per number: no sign, no leading zero.
fn is_plain(text: &str, is_digit: impl Fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.as_bytes().iter().all(is_digit) && (text == "0" || !text.starts_with('0'))
}

#[cfg(test)]
mod tests;
