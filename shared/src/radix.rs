//! Whole numbers in the one spelling that cookies and policies have: no sign, no leading zero, lower case.

/// The longest that is read: ten digits of any radix fit into 64 bits.
const MAX_LEN: usize = 10;

/// Reads a number of that radix (2 to 36). Anything that [`push`] would not write is `None`.
pub fn parse(text: &str, radix: u8) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_LEN || (bytes[0] == b'0' && bytes.len() > 1) {
        return None;
    }
    let mut number = 0;
    for byte in bytes {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => return None,
        };
        if digit >= radix {
            return None;
        }
        number = number * u64::from(radix) + u64::from(digit);
    }
    Some(number)
}

/// Writes a number in that radix (2 to 36).
pub fn push(text: &mut String, number: u64, radix: u8) {
    const DIGITS: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    let (rest, digit) = (number / u64::from(radix), number % u64::from(radix));
    if rest > 0 {
        push(text, rest, radix);
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than the radix")]
    let digit = digit as usize;
    // As text and not as a character, which could be any of Unicode's.
    text.push_str(&DIGITS[digit..=digit]);
}

/// Writes a number of any size in decimal.
pub fn push_decimal(text: &mut String, number: u64) {
    if number > 9 {
        push_decimal(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_are_those_of_the_standard_library(number in any::<u64>()) {
            let mut text = String::new();
            push_decimal(&mut text, number);
            prop_assert_eq!(text, number.to_string());
        }

        #[test]
        fn what_is_written_reads_back(number in 0..3_000_000_000_000_000u64, radix in 10..=36u8) {
            let mut text = String::new();
            push(&mut text, number, radix);
            prop_assert_eq!(u64::from_str_radix(&text, radix.into()), Ok(number));
            prop_assert_eq!(parse(&text, radix), (text.len() <= MAX_LEN).then_some(number));
        }
    }

    #[test]
    fn other_spellings_are_no_number() {
        for wrong in ["", "-1", "+1", " 1", "01", "00", "1.0", "A", "g", "é", "12345678901"] {
            assert_eq!(parse(wrong, 16), None, "{wrong}");
        }
        assert_eq!(
            (parse("0", 10), parse("zz", 36), parse("4294967296", 10)),
            (Some(0), Some(1295), Some(1 << 32))
        );
    }
}
