//! Asks a witness to cosign a head of this log (the log's half of C2SP tlog-witness v1.0.0).
//!
//! Over `http://` only: what goes and comes is public and signed, so TLS would hide nothing and prove nothing;
//! who wants it puts a proxy before the witness. What this is *not*: it does not decide whom to ask or how often,
//! and keeps no connection. The witness itself is `crate::witness`.

use avow_shared::checkpoint::parse_size;
use avow_shared::merkle::Hash;
use avow_shared::note::{Algorithm, Note, NoteError, Verifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Body as _, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

/// How long a witness may take, from the connection to the end of its answer.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read, bytes.
const MAX_ANSWER: usize = 16 * 1024;
/// Longest reason that is repeated, characters.
const MAX_REASON: usize = 200;

/// Why there is no cosignature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The address is not that of a witness that can be asked.
    #[error("a witness's address is written http://HOST:PORT, with a path if it has one")]
    Address,
    /// The key signs notes, but does not cosign.
    #[error("this is not the key of a witness")]
    Key,
    /// No connection, or one that broke off.
    #[error("the witness cannot be reached, or broke off: {0}")]
    Unreachable(String),
    /// Not in time.
    #[error("the witness takes too long")]
    Late,
    /// The last head that it cosigned has that size, not the one that was given: ask again with it. It may be
    /// larger than the head's.
    #[error("the witness has last seen a head of {0} leaves")]
    Behind(u64),
    /// It has cosigned another head of this very size: one of the two is a fork, and to ask again is no use.
    #[error("the witness has seen another head of {0} leaves")]
    OtherRoot(u64),
    /// Another refusal: its status, and the beginning of its reason.
    #[error("the witness refuses with {0}: {1}")]
    Refused(u16, String),
    /// The answer has more than 16 kB, or is not what the specification asks for.
    #[error("the witness's answer cannot be read")]
    Answer,
    /// The answer has no signature of the witness's key over this head.
    #[error("the witness's answer: {0}")]
    Signature(NoteError),
}

/// Asks the witness at `url` (its submission prefix) for its cosignature under a signed head.
///
/// `proof` leads from the head of `old_size` leaves, the last that the witness has cosigned, to this one. The
/// answer is the signature's line with its newline, checked against `vkey`, ready to be put below the note.
pub async fn cosign(
    url: &str,
    vkey: &Verifier,
    old_size: u64,
    proof: &[Hash],
    checkpoint_note: &str,
) -> Result<String, WitnessError> {
    cosign_within(PATIENCE, url, vkey, old_size, proof, checkpoint_note).await
}

async fn cosign_within(
    patience: Duration,
    url: &str,
    vkey: &Verifier,
    old_size: u64,
    proof: &[Hash],
    checkpoint_note: &str,
) -> Result<String, WitnessError> {
    if vkey.algorithm() != Algorithm::Cosignature {
        return Err(WitnessError::Key);
    }
    let request = Request::post(address(url)?)
        .header("content-type", "text/plain; charset=utf-8")
        .body(body(old_size, proof, checkpoint_note))
        .map_err(|_| WitnessError::Address)?;
    let (status, answer) =
        tokio::time::timeout(patience, ask(request)).await.map_err(|_| WitnessError::Late)??;
    match status {
        200 => cosignature(vkey, checkpoint_note, &answer),
        409 => match answer.strip_suffix('\n').and_then(parse_size) {
            Some(size) if size == old_size => Err(WitnessError::OtherRoot(size)),
            Some(size) => Err(WitnessError::Behind(size)),
            None => Err(WitnessError::Answer),
        },
        _ => {
            let reason = answer.trim_end().chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
            Err(WitnessError::Refused(status, reason))
        }
    }
}

/// The address of `add-checkpoint`.
fn address(url: &str) -> Result<Uri, WitnessError> {
    let prefix = url.strip_suffix('/').unwrap_or(url);
    if !prefix.starts_with("http://") || prefix.contains(['?', '#', '@']) {
        return Err(WitnessError::Address);
    }
    format!("{prefix}/add-checkpoint").parse().map_err(|_| WitnessError::Address)
}

fn body(old_size: u64, proof: &[Hash], checkpoint_note: &str) -> String {
    let mut body = format!("old {old_size}\n");
    for hash in proof {
        // Writing to a string does not fail.
        let _ = writeln!(body, "{}", STANDARD.encode(hash));
    }
    body.push('\n');
    body.push_str(checkpoint_note);
    body
}

/// Sends the request and reads the whole answer.
async fn ask(request: Request<String>) -> Result<(u16, String), WitnessError> {
    let client = Client::builder(TokioExecutor::new()).build::<_, String>(HttpConnector::new());
    let answer = client.request(request).await.map_err(|error| {
        // The cause says more than `client error (Connect)`.
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        WitnessError::Unreachable(format!("{error}{cause}"))
    })?;
    let status = answer.status().as_u16();
    let bytes = read(answer).await?;
    Ok((status, String::from_utf8(bytes).map_err(|_| WitnessError::Answer)?))
}

async fn read(answer: Response<Incoming>) -> Result<Vec<u8>, WitnessError> {
    let mut body = answer.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| WitnessError::Unreachable(error.to_string()))?;
        let Ok(piece) = frame.into_data() else { continue };
        if bytes.len() + piece.len() > MAX_ANSWER {
            return Err(WitnessError::Answer);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The witness's line among those of the answer, which may have others, of keys that nobody here knows.
fn cosignature(vkey: &Verifier, checkpoint_note: &str, answer: &str) -> Result<String, WitnessError> {
    let text = Note::parse(checkpoint_note).map_err(WitnessError::Signature)?.text();
    for line in answer.lines() {
        let alone = format!("{text}\n{line}\n");
        let Ok(note) = Note::parse(&alone) else { return Err(WitnessError::Answer) };
        match note.verify(std::slice::from_ref(vkey)) {
            Ok(_) => return Ok(format!("{line}\n")),
            Err(NoteError::Unknown) => {}
            Err(error) => return Err(WitnessError::Signature(error)),
        }
    }
    Err(WitnessError::Signature(NoteError::Unknown))
}

#[cfg(test)]
mod tests;
