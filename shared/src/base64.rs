//! Base64 with padding (RFC 4648 section 4) in its one spelling, as signed notes and proofs have it.
//!
//! By hand, because the browser's module has it too, where the general one weighs more than this; the tests hold it to
//! that one.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Reads it; `None` for whatever [`encode`] would not have written.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if text.len() % 4 != 0 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count, mut padding) = (0u32, 0, 0);
    for byte in text {
        if *byte == b'=' {
            padding += 1;
            continue;
        }
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        // Nothing follows padding.
        if padding > 0 {
            return None;
        }
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            #[expect(clippy::cast_possible_truncation, reason = "the lowest eight bits are meant")]
            bytes.push((bits >> count) as u8);
        }
    }
    // What is left over is zero, and padding stands for exactly that.
    let rest = bits & ((1 << count) - 1);
    (rest == 0 && padding * 2 == count).then_some(bytes)
}

/// Writes it.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let mut bits = 0u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(part.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at > part.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_what_others_write_and_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let text = encode(&bytes);
            prop_assert_eq!(&text, &STANDARD.encode(&bytes));
            prop_assert_eq!(decode(&text), Some(bytes));
        }

        #[test]
        fn any_text_is_read_as_others_read_it(text in "[A-D+/=\\-_ \n]{0,9}") {
            prop_assert_eq!(decode(&text), STANDARD.decode(&text).ok());
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        assert_eq!(decode("QQ=="), Some(b"A".to_vec()));
        for wrong in
            ["QQ", "QQ=", "QR==", "Q===", "====", "QQ==QQ==", "QQ =", "Q-==", "QQ==\n", "=QQQ", "QQ=Q"]
        {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
    }
}
