//! The lines of `leaves.csv`, `manifests.ndjson`, `proofs.ndjson` and `consistency.txt`.
//!
//! Each has one spelling: what reads back as the same line is that line, byte for byte.

use avow_shared::checkpoint::parse_size;
use avow_shared::entry::Kind;
use avow_shared::id::hex;
use avow_shared::merkle::{Hash, MAX_PROOF};
use avow_shared::note::Verifier;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// The first line of `leaves.csv`, without its newline.
pub const LEAVES_HEAD: &str = "index,kind,content,salt";
/// The first line of `erased-later.csv`, without its newline.
pub const ERASED_LATER_HEAD: &str = "index";

/// A leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Which.
    pub index: u64,
    /// What it stands for.
    pub kind: Kind,
    /// 32 bytes that stand for it.
    pub content: Hash,
    /// The salt of its record, if that is there.
    pub salt: Option<[u8; 32]>,
}

impl Leaf {
    /// The line, without its newline.
    pub fn to_line(&self) -> String {
        let salt = self.salt.map(|salt| URL_SAFE_NO_PAD.encode(salt)).unwrap_or_default();
        format!("{},{},{},{salt}", self.index, self.kind.as_str(), hex(&self.content))
    }

    /// Reads a line.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let (index, kind, content, salt) = (next()?, next()?, next()?, next()?);
        let leaf = Self {
            index: parse_size(index)?,
            kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
            content: unhex(content)?,
            salt: if salt.is_empty() {
                None
            } else {
                Some(URL_SAFE_NO_PAD.decode(salt).ok()?.try_into().ok()?)
            },
        };
        // Nothing may follow, and a salt is that of a record.
        (next().is_none() && (leaf.salt.is_none() || leaf.kind == Kind::Record)).then_some(leaf)
    }
}

/// What an entry other than a record stands for. Members in the order of the line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its leaf.
    pub index: u64,
    /// `artefact`, `erasure` or `epoch`.
    pub kind: String,
    /// The canonical JSON whose hash is the leaf's content.
    pub manifest: String,
}

/// A proof of an entry. Members in the order of the line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Its leaf.
    pub index: u64,
    /// The text of a `.tlog-proof` file under `head.note`.
    pub proof: String,
}

macro_rules! json_line {
    ($type:ty) => {
        impl $type {
            /// The line, without its newline.
            pub fn to_line(&self) -> String {
                serde_json::to_string(self).expect("numbers and texts always serialize")
            }

            /// Reads a line.
            pub fn parse(line: &str) -> Option<Self> {
                let read: Self = serde_json::from_str(line).ok()?;
                (read.to_line() == line).then_some(read)
            }
        }
    };
}
json_line!(Manifest);
json_line!(Proof);

/// The text of `consistency.txt`: hashes in base64, one on each line.
pub fn consistency_text(proof: &[Hash]) -> String {
    proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect()
}

/// Reads it; no proof is longer than any tree needs.
pub fn parse_consistency(text: &str) -> Option<Vec<Hash>> {
    let hashes: Vec<Hash> = text
        .lines()
        .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
        .take(MAX_PROOF + 1)
        .collect::<Option<_>>()?;
    (hashes.len() <= MAX_PROOF && consistency_text(&hashes) == text).then_some(hashes)
}

/// The text of `keys.txt`: one public key on each line.
pub fn keys_text(keys: &[Verifier]) -> String {
    let mut text: Vec<String> = keys.iter().map(ToString::to_string).collect();
    text.push(String::new());
    text.join("\n")
}

/// 32 bytes in lower-case hexadecimal.
pub fn unhex(text: &str) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut hash = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_read_back(index: u64, kind in 0..4_usize, content: [u8; 32], salt: Option<[u8; 32]>, text: String) {
            let kind = Kind::ALL[kind];
            let salt = salt.filter(|_| kind == Kind::Record);
            let leaf = Leaf { index, kind, content, salt };
            prop_assert_eq!(Leaf::parse(&leaf.to_line()), Some(leaf));
            let manifest = Manifest { index, kind: kind.as_str().to_owned(), manifest: text.clone() };
            prop_assert_eq!(Manifest::parse(&manifest.to_line()), Some(manifest));
            let proof = Proof { index, proof: text };
            prop_assert_eq!(Proof::parse(&proof.to_line()), Some(proof));
        }

        #[test]
        fn a_line_has_one_spelling(at in 0..140_usize, byte in 0..128_u8) {
            let leaf = Leaf { index: 70, kind: Kind::Record, content: [0xab; 32], salt: Some([7; 32]) };
            let mut line = leaf.to_line().into_bytes();
            let at = at % line.len();
            prop_assume!(line[at] != byte);
            line[at] = byte;
            let line = String::from_utf8(line).expect("ASCII");
            if let Some(other) = Leaf::parse(&line) {
                prop_assert_eq!(other.to_line(), line);
                prop_assert_ne!(other, leaf);
            }
        }
    }

    #[test]
    fn other_spellings_are_no_lines() {
        let content = "ab".repeat(32);
        let salt = URL_SAFE_NO_PAD.encode([7; 32]);
        for wrong in [
            String::new(),
            format!("01,record,{content},{salt}"),
            format!(",record,{content},{salt}"),
            format!("1,records,{content},{salt}"),
            format!("1,record,{},{salt}", "AB".repeat(32)),
            format!("1,record,{content}0,{salt}"),
            format!("1,record,{content},{salt}="),
            format!("1,record,{content},{salt},"),
            format!("1,erasure,{content},{salt}"),
        ] {
            assert_eq!(Leaf::parse(&wrong), None, "{wrong}");
        }
        for wrong in
            [r#"{"index":1,"proof":"a" }"#, r#"{"proof":"a","index":1}"#, r#"{"index":1,"proof":"\u0061"}"#]
        {
            assert_eq!(Proof::parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse_consistency(""), Some(Vec::new()));
        let hash = STANDARD.encode([1; 32]);
        assert_eq!(parse_consistency(&format!("{hash}\n")), Some(vec![[1; 32]]));
        for wrong in
            [hash.clone(), format!("{hash}\r\n"), format!("{hash}\n\n"), format!("{hash}\n").repeat(65)]
        {
            assert_eq!(parse_consistency(&wrong), None, "{wrong}");
        }
    }
}
