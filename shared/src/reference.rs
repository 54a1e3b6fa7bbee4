//! The reference code: what a visitor reads out so that the site's data protection officer finds the record.
//!
//! 80 bits of the record's id (48 of time, 12 and 20 random) in Crockford's base 32: `XXXX-XXXX-XXXX-XXXX`.
//! It is a prefix, so it needs no index of its own: the store looks up a range of ids.

#![expect(clippy::single_char_add_str, reason = "in the browser a character weighs more than a text of one")]

use crate::id::RecordId;

const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code of a record.
pub fn code(id: &RecordId) -> String {
    let bits = prefix(id.as_bytes());
    let mut text = String::with_capacity(19);
    for at in 0..16 {
        if at != 0 && at % 4 == 0 {
            text.push_str("-");
        }
        let digit = (bits >> (75 - 5 * at)) as usize & 31;
        text.push_str(&ALPHABET[digit..=digit]);
    }
    text
}

/// The first and the last id that a code can stand for, or `None` if it is no code.
///
/// Reads what people write: lower case, spaces, `O` for zero, `I` and `L` for one.
pub fn range(code: &str) -> Option<(RecordId, RecordId)> {
    let mut bits: u128 = 0;
    let mut count = 0;
    for c in code.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let digit = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = ALPHABET.find(digit)?;
        bits = (bits << 5) | value as u128;
        count += 1;
        if count > 16 {
            return None;
        }
    }
    if count != 16 {
        return None;
    }
    Some((with_rest(bits, 0x00), with_rest(bits, 0xff)))
}

/// 48 bits of time, 12 of `rand_a`, the first 20 of `rand_b`.
fn prefix(bytes: &[u8; 16]) -> u128 {
    let all = u128::from_be_bytes(*bytes);
    let time = all >> 80;
    let rand_a = (all >> 64) & 0xfff;
    let rand_b = (all >> 42) & 0xf_ffff;
    (time << 32) | (rand_a << 20) | rand_b
}

fn with_rest(prefix: u128, fill: u8) -> RecordId {
    let rest = if fill == 0 { 0 } else { (1u128 << 42) - 1 };
    let all = ((prefix >> 32) << 80)
        | (0x7 << 76)
        | (((prefix >> 20) & 0xfff) << 64)
        | (0b10 << 62)
        | ((prefix & 0xf_ffff) << 42)
        | rest;
    RecordId::from_bytes(all.to_be_bytes()).expect("version and variant are set above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Millis;

    #[test]
    fn the_range_of_a_code_holds_its_id() {
        for fill in [0x00, 0x5a, 0xff] {
            let id = RecordId::from_parts(Millis(1_763_764_800_123), [fill; 10]);
            let (first, last) = range(&code(&id)).unwrap();
            assert!(first <= id && id <= last);
            assert_eq!((code(&first), code(&last)), (code(&id), code(&id)));
            assert_eq!(first.at(), id.at());
        }
    }

    #[test]
    fn people_may_write_it_their_way() {
        let id = RecordId::from_parts(Millis(1_763_764_800_123), [7; 10]);
        let written = code(&id).to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(range(&written), range(&code(&id)));
    }

    #[test]
    fn other_texts_are_no_code() {
        for wrong in ["", "0000", "0000-0000-0000-000U", "0000-0000-0000-00000", "0000-0000-0000-000é"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }
}
