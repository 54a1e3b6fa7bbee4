//! Signed notes (C2SP signed-note v1.0.0): a text, a blank line, and one line for each signature.
//!
//! What this is *not*: it makes no signatures. It says which bytes are to be signed and puts a signature into
//! its line; private keys are the business of whoever has them.

use crate::base64;
use crate::fields::{Fields, cut};
use crate::radix;
use crate::sha256::sha256;
use ed25519_dalek::{Signature, VerifyingKey};
use std::fmt;

/// Longest note that is read, bytes.
pub const MAX_LEN: usize = 64 * 1024;
/// Most signatures that are read; the specification asks for 16 or more.
pub const MAX_SIGNATURES: usize = 64;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the text (signature type 0x01).
    Ed25519,
    /// A witness's Ed25519 over time and text (type 0x04; C2SP tlog-cosignature).
    Cosignature,
}

impl Algorithm {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// Why a note is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// It has not the form of a signed note.
    Malformed,
    /// A key that is known has signed something else.
    BadSignature,
    /// No key that is known has signed.
    Unknown,
}

impl NoteError {
    /// The sentence for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "this is not a signed note",
            Self::BadSignature => "a signature is not of this text",
            Self::Unknown => "no key that is known has signed",
        }
    }
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for NoteError {}

/// A public key with the name under which it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl Verifier {
    /// A key under a name; `None` if the name cannot stand in a note or the bytes are no key.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(public).ok().filter(|key| !key.is_weak())?;
        is_name(name).then(|| Self {
            name: name.to_owned(),
            id: key_id(name, algorithm, public),
            algorithm,
            key,
        })
    }

    /// Reads `name+id+key`, the form in which such keys are published.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = cut(text, b'+')?;
        let (id, key) = cut(rest, b'+')?;
        let key = base64::decode(key)?;
        let (kind, public) = key.split_first()?;
        let algorithm =
            [Algorithm::Ed25519, Algorithm::Cosignature].into_iter().find(|known| known.byte() == *kind)?;
        let verifier = Self::new(name, algorithm, public.try_into().ok()?)?;
        (crate::id::hex(&verifier.id) == id).then_some(verifier)
    }

    /// Its name: for a log's own key, the log's origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 bytes of the key.
    pub fn public(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The first four bytes of its hash, which stand before each signature.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The line with that signature (of 64 bytes, or of a time and 64 bytes), with its newline.
    pub fn line(&self, signature: &[u8]) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(signature);
        format!("\u{2014} {} {}\n", self.name, base64::encode(&bytes))
    }

    fn accepts(&self, text: &str, signature: &[u8]) -> Option<u64> {
        let (time, message, signature) = match self.algorithm {
            Algorithm::Ed25519 => (0, text.to_owned(), signature),
            Algorithm::Cosignature => {
                let (time, signature) = signature.split_first_chunk::<8>()?;
                // No later time can be stated (C2SP tlog-cosignature, "Format").
                let time = Some(u64::from_be_bytes(*time)).filter(|time| i64::try_from(*time).is_ok())?;
                (time, cosigned_message(time, text), signature)
            }
        };
        let signature = Signature::from_slice(signature).ok()?;
        self.key.verify_strict(message.as_bytes(), &signature).ok().map(|()| time)
    }
}

/// `name+id+key`.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.algorithm.byte()];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, crate::id::hex(&self.id), base64::encode(&key))
    }
}

/// What a witness signs (C2SP tlog-cosignature): `time` in seconds since 1970, and the note's text.
pub fn cosigned_message(time: u64, text: &str) -> String {
    // By hand: in the browser the standard library's formatting weighs more than the rest of this.
    let mut message = "cosignature/v1\ntime ".to_owned();
    radix::push_decimal(&mut message, time);
    message.push('\n');
    message.push_str(text);
    message
}

fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> [u8; 4] {
    let hash = sha256(&[name.as_bytes(), &[b'\n', algorithm.byte()], public]);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// True for a name that can stand in a signature's line and in a published key.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

/// A note as read; its signatures are not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    lines: Vec<Line<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line<'a> {
    name: &'a str,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<'k> {
    /// Whose.
    pub by: &'k Verifier,
    /// Seconds since 1970 that a witness states; 0 for a log's own.
    pub time: u64,
}

impl<'a> Note<'a> {
    /// Reads a note.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        let control = |c: char| c.is_control() && c != '\n';
        if note.len() > MAX_LEN || note.contains(control) {
            return Err(NoteError::Malformed);
        }
        // The last blank line ends the text, which may have others.
        let blank = note.as_bytes().windows(2).rposition(|pair| pair == b"\n\n");
        let at = blank.ok_or(NoteError::Malformed)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        let Some(signatures) = signatures.strip_suffix('\n') else { return Err(NoteError::Malformed) };
        let mut lines = Vec::new();
        for line in Fields::new(signatures, b'\n') {
            lines.push(Line::parse(line).ok_or(NoteError::Malformed)?);
        }
        if lines.len() > MAX_SIGNATURES { Err(NoteError::Malformed) } else { Ok(Self { text, lines }) }
    }

    /// The text that is signed, with its last newline.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Checks every signature of a key that is known. One that does not hold spoils the note; those of unknown
    /// keys say nothing.
    pub fn verify<'k>(&self, known: &'k [Verifier]) -> Result<Vec<Signed<'k>>, NoteError> {
        let mut signed: Vec<Signed<'k>> = Vec::new();
        for line in &self.lines {
            let Some(by) = known.iter().find(|key| key.name == line.name && key.id == line.id) else {
                continue;
            };
            let time = by.accepts(self.text, &line.signature).ok_or(NoteError::BadSignature)?;
            if !signed.iter().any(|earlier| earlier.by == by) {
                signed.push(Signed { by, time });
            }
        }
        if signed.is_empty() { Err(NoteError::Unknown) } else { Ok(signed) }
    }

    /// The names of signatures that none of these keys can check.
    pub fn unknown(&self, known: &[Verifier]) -> Vec<&'a str> {
        let is_known = |line: &&Line<'_>| known.iter().any(|key| key.name == line.name && key.id == line.id);
        self.lines.iter().filter(|line| !is_known(line)).map(|line| line.name).collect()
    }
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, signature) = cut(line.strip_prefix("\u{2014} ")?, b' ')?;
        let bytes = base64::decode(signature)?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        (is_name(name) && !signature.is_empty()).then(|| Self {
            name,
            id: *id,
            signature: signature.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests;
