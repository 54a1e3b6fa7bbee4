//! Signed receipts: compact JWS (RFC 7515) with Ed25519 (RFC 8037).
//!
//! What this is *not*: it makes no signatures. It says which bytes are to be signed and puts a signature behind
//! them; private keys are the business of whoever has them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use std::fmt;

/// Longest token that is read, bytes.
pub const MAX_LEN: usize = 64 * 1024;
/// The `typ` of a receipt.
pub const TYPE: &str = "consent-receipt+jws";
/// The `alg` that is written (RFC 8037 section 3.1).
const ALGORITHM: &str = "EdDSA";
/// What is read: also the name that says the curve (RFC 9864 section 2.2). Both are Ed25519 with our keys.
const ALGORITHMS: [&str; 2] = [ALGORITHM, "Ed25519"];

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsError {
    /// More than [`MAX_LEN`] bytes.
    TooLong,
    /// Not three parts of base64url in its one spelling (RFC 7515 sections 2 and 7.1).
    Malformed,
    /// The header has not exactly the members `alg`, `kid` and `typ`, each a text.
    Header,
    /// It demands an extension that is not known, as all are (RFC 7515 section 4.1.11).
    Critical,
    /// Not signed with Ed25519; `none` is among these.
    Algorithm,
    /// It is of something other than a receipt.
    Type,
    /// No key that is known has this `kid`.
    UnknownKey,
    /// The key has signed something else.
    BadSignature,
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "token: longer than 64 kB",
            Self::Malformed => "token: not three parts of base64url",
            Self::Header => "token: its header must have alg, kid and typ, and nothing else",
            Self::Critical => "token: it demands an extension that is not known",
            Self::Algorithm => "token: not signed with Ed25519",
            Self::Type => "token: it is not of a consent receipt",
            Self::UnknownKey => "token: signed with a key that is not known",
            Self::BadSignature => "token: the signature is not of this text",
        })
    }
}

impl std::error::Error for JwsError {}

/// A public key that signs tokens, known by its thumbprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    kid: String,
    key: VerifyingKey,
}

impl Key {
    /// A key; `None` if the bytes are none, or one under which anything passes.
    pub fn from_public(public: [u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(&public).ok().filter(|key| !key.is_weak())?;
        Some(Self { kid: thumbprint(&public), key })
    }

    /// Its `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    fn accepts(&self, signing_input: &str, signature: &[u8; 64]) -> bool {
        self.key.verify_strict(signing_input.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }
}

/// What a token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// Thumbprint of the key that signed them.
    pub kid: String,
}

/// What is looked at first, so that the errors for `none` and for `crit` are about these.
#[derive(Deserialize)]
struct Method {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// All that a header may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "alg")]
    _alg: IgnoredAny,
    kid: String,
    typ: String,
}

/// What is to be signed: header and payload, each in base64url, with a dot between.
pub fn signing_input(kid: &str, payload: &[u8]) -> String {
    let mut header = crate::json::Writer::new();
    header.object(|header| {
        header.key("alg").string(ALGORITHM);
        header.key("kid").string(kid);
        header.key("typ").string(TYPE);
    });
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.finish()), URL_SAFE_NO_PAD.encode(payload))
}

/// The token: what was signed, and its signature.
pub fn compact(signing_input: &str, signature: &[u8; 64]) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Checks a token against the keys that are known.
pub fn verify(token: &str, known: &[Key]) -> Result<Verified, JwsError> {
    let parts = Parts::read(token)?;
    let method: Method = serde_json::from_slice(&parts.header).map_err(|_| JwsError::Header)?;
    if !ALGORITHMS.contains(&method.alg.as_str()) {
        return Err(JwsError::Algorithm);
    }
    if method.crit {
        return Err(JwsError::Critical);
    }
    let header: Header = serde_json::from_slice(&parts.header).map_err(|_| JwsError::Header)?;
    if header.typ != TYPE {
        return Err(JwsError::Type);
    }
    let key = known.iter().find(|key| key.kid == header.kid).ok_or(JwsError::UnknownKey)?;
    parts.signed_by(key)?;
    Ok(Verified { payload: parts.payload, kid: header.kid })
}

/// The thumbprint of a key (RFC 7638, with the members of RFC 8037 section 2), in base64url.
pub fn thumbprint(public: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bare_jwk(public)))
}

/// The key as a member of a JWKS (RFC 7517 section 4), with its `kid`.
pub fn jwk(public: &[u8; 32]) -> String {
    let mut json = crate::json::Writer::new();
    json.object(|json| {
        json.key("alg").string(ALGORITHM);
        json.key("crv").string("Ed25519");
        json.key("kid").string(&thumbprint(public));
        json.key("kty").string("OKP");
        json.key("use").string("sig");
        json.key("x").string(&URL_SAFE_NO_PAD.encode(public));
    });
    json.finish()
}

/// The members that a thumbprint is made of, in their order.
fn bare_jwk(public: &[u8; 32]) -> String {
    let mut json = crate::json::Writer::new();
    json.object(|json| {
        json.key("crv").string("Ed25519");
        json.key("kty").string("OKP");
        json.key("x").string(&URL_SAFE_NO_PAD.encode(public));
    });
    json.finish()
}

/// A token taken apart; nothing of it is checked yet.
pub(crate) struct Parts<'a> {
    signing_input: &'a str,
    header: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    pub(crate) fn read(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_LEN {
            return Err(JwsError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        // The decoder refuses padding, other alphabets and loose bits; a second dot is none of the alphabet.
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed);
        Ok(Self {
            signing_input,
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// Checks the signature and nothing else.
    pub(crate) fn signed_by(&self, key: &Key) -> Result<(), JwsError> {
        let signature = self.signature.as_slice().try_into().map_err(|_| JwsError::BadSignature)?;
        if key.accepts(self.signing_input, signature) { Ok(()) } else { Err(JwsError::BadSignature) }
    }
}

/// True for a member that is there, whatever it holds.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests;
