//! Names and numbers that identify things, each valid by construction.

use core::fmt;

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

impl Millis {
    /// The moment `days` later.
    #[must_use]
    pub fn plus_days(self, days: u16) -> Self {
        Self(self.0.saturating_add(i64::from(days) * DAY_MS))
    }

    /// Whole seconds, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// A site: `[a-z][a-z0-9-]{0,31}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(String);

/// A purpose: `[a-z][a-z0-9_]{0,31}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurposeId(String);

fn is_name(text: &str, joiner: u8) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 32
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == joiner)
}

impl SiteId {
    /// Reads a site id, or `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        is_name(text, b'-').then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PurposeId {
    /// Reads a purpose id, or `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        is_name(text, b'_').then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PurposeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A record's id: a UUIDv7 (RFC 9562 section 5.7), made by the browser for one decision and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 16]);

impl RecordId {
    /// Builds an id from a moment and ten random bytes.
    pub fn from_parts(at: Millis, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self(bytes)
    }

    /// Takes sixteen bytes, or `None` if version or variant are not those of a UUIDv7.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes[6] >> 4 == 7 && bytes[8] >> 6 == 2).then_some(Self(bytes))
    }

    /// Reads the lower-case hyphenated text, or `None`: other spellings of the same id are refused, so that
    /// one id has one text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return None;
        }
        let mut bytes = [0u8; 16];
        let mut digits = 0;
        for (at, &byte) in text.iter().enumerate() {
            if matches!(at, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return None,
            };
            bytes[digits / 2] |= digit << (4 * (1 - digits % 2));
            digits += 1;
        }
        Self::from_bytes(bytes)
    }

    /// The sixteen bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The lower-case hyphenated text.
    pub fn to_text(self) -> String {
        let mut text = String::with_capacity(36);
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            push_hex(&mut text, *byte);
        }
        text
    }

    /// The moment inside the id.
    pub fn at(&self) -> Millis {
        let mut bytes = [0; 8];
        bytes[2..].copy_from_slice(&self.0[..6]);
        Millis(i64::from_be_bytes(bytes))
    }
}

/// Writes bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        push_hex(&mut text, *byte);
    }
    text
}

fn push_hex(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(DIGITS[usize::from(byte >> 4)] as char);
    text.push(DIGITS[usize::from(byte & 15)] as char);
}

/// True for exactly `len` lower-case hexadecimal characters.
pub fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// True for exactly `len` characters of unpadded base64url.
pub fn is_base64url(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_id_reads_back_and_knows_its_moment() {
        let id = RecordId::from_parts(Millis(1_763_764_800_123), [0xff; 10]);
        assert_eq!(RecordId::parse(&id.to_text()), Some(id));
        assert_eq!(id.at(), Millis(1_763_764_800_123));
        let oracle = uuid::Uuid::parse_str(&id.to_text()).unwrap();
        assert_eq!((oracle.get_version_num(), oracle.as_bytes()), (7, id.as_bytes()));
    }

    #[test]
    fn other_spellings_and_versions_are_refused() {
        let text = RecordId::from_parts(Millis(1), [0xab; 10]).to_text();
        for wrong in [
            text.to_uppercase(),
            text.replace('-', ""),
            text.replacen("-7", "-4", 1),
            text.replacen("-ab", "-cb", 1),
            format!("{text} "),
            String::new(),
        ] {
            assert_eq!(RecordId::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_short_lower_case_words() {
        assert!(SiteId::parse("careers-enterprise").is_some());
        assert!(PurposeId::parse("analytics_2").is_some());
        for wrong in ["", "Upper", "1st", "a b", "a.b", "a~b", "a:b", &"a".repeat(33), "_x", "é"] {
            assert!(SiteId::parse(wrong).is_none() && PurposeId::parse(wrong).is_none(), "{wrong}");
        }
        assert!(SiteId::parse("a_b").is_none() && PurposeId::parse("a-b").is_none());
    }
}
