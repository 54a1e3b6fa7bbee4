//! Checkpoints (C2SP tlog-checkpoint v1.0.0): the text under which a log's key signs its size and root.

use crate::base64;
use crate::fields::Fields;
use crate::merkle::Hash;
use std::fmt;

/// The head of a log: how many leaves it has, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: unique, and the name of its key.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a note. Lines after the third are extensions, and of no meaning here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = Fields::new(text.strip_suffix('\n')?, b'\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let size = parse_size(size)?;
        let root = base64::decode(root)?.try_into().ok()?;
        // An extension line may not be empty.
        if origin.is_empty() || lines.any(str::is_empty) {
            return None;
        }
        Some(Self { origin: origin.to_owned(), size, root })
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, base64::encode(&self.root))
    }
}

/// A number of leaves: digits without a leading zero.
pub fn parse_size(text: &str) -> Option<u64> {
    if text.is_empty() || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    let mut number: u64 = 0;
    for byte in text.bytes() {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let checkpoint = Checkpoint { origin: "example.com/log".to_owned(), size: 70_000, root: [7; 32] };
        let text = checkpoint.to_string();
        assert_eq!(text, format!("example.com/log\n70000\n{}\n", base64::encode(&[7; 32])));
        assert_eq!(Checkpoint::parse(&text), Some(checkpoint.clone()));
        assert_eq!(Checkpoint::parse(&format!("{text}an extension\n")), Some(checkpoint));
    }

    #[test]
    fn other_spellings_are_no_checkpoint() {
        let root = base64::encode(&[7; 32]);
        for wrong in [
            String::new(),
            format!("o\n1\n{root}"),
            format!("\n1\n{root}\n"),
            format!("o\n01\n{root}\n"),
            format!("o\n+1\n{root}\n"),
            format!("o\n\n{root}\n"),
            format!("o\n18446744073709551616\n{root}\n"),
            format!("o\n1\n{}\n", base64::encode(&[7; 31])),
            format!("o\n1\n{root}\n\n"),
        ] {
            assert_eq!(Checkpoint::parse(&wrong), None, "{wrong:?}");
        }
    }
}
