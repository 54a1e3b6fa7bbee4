//! The client against the real witness, and against answers that no honest witness gives.

use super::*;
use crate::clock::Clock;
use crate::rng::Rng;
use crate::witness::testing::{Log, ORIGIN, log_key, sign};
use crate::witness::{Witness, serve::bind};
use avow_shared::id::Millis;
use avow_shared::note::cosigned_message;
use ed25519_dalek::{Signer as _, SigningKey};
use std::net::Ipv4Addr;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const TIME: u64 = 1_700_000_000;

/// A witness that runs.
struct Running {
    url: String,
    key: Verifier,
    stop: Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>,
    _files: TempDir,
}

impl Running {
    fn start(log: Verifier) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let (key, state) = (files.path().join("key"), files.path().join("state"));
        let clock = Clock::from_fn(|| Millis(1_700_000_000_999));
        let witness = Witness::open("example.org/w", &key, &state, vec![log], clock, &Rng::seeded(1));
        let witness = witness.expect("it opens");
        let key = witness.verifier().clone();
        let (address, server) = bind((Ipv4Addr::LOCALHOST, 0).into(), witness).expect("it listens");
        let handle = server.handle();
        tokio::spawn(server);
        let stop = Box::new(move || Box::pin(handle.stop(true)) as _);
        Self { url: format!("http://{address}"), key, stop, _files: files }
    }

    async fn ask(&self, old: u64, log: &Log) -> Result<String, WitnessError> {
        cosign(&self.url, &self.key, old, &log.proof_from(old), &signed(log)).await
    }
}

fn signed(log: &Log) -> String {
    sign(&log.head().to_string(), 1)
}

#[tokio::test]
async fn a_log_that_grows_is_cosigned_and_the_line_completes_its_head() {
    let witness = Running::start(log_key(1).0);
    for (old, size) in [(0, 3), (3, 3), (3, 8), (8, 21)] {
        let log = Log::of(size);
        let line = witness.ask(old, &log).await.expect("it cosigns");
        let note = format!("{}{line}", signed(&log));
        let keys = [log_key(1).0, witness.key.clone()];
        let signed = Note::parse(&note).expect("a note").verify(&keys).expect("both signed");
        assert_eq!(signed.iter().map(|signed| signed.time).collect::<Vec<_>>(), [0, TIME], "{old} to {size}");
    }
    (witness.stop)().await;
}

#[tokio::test]
async fn each_refusal_is_told_apart() {
    let witness = Running::start(log_key(1).0);
    witness.ask(0, &Log::of(8)).await.expect("the first contact");
    assert_eq!(witness.ask(0, &Log::of(9)).await, Err(WitnessError::Behind(8)));
    assert_eq!(witness.ask(7, &Log::of(7)).await, Err(WitnessError::Behind(8)), "it is ahead, too");
    assert_eq!(witness.ask(8, &Log::new(8, 5, 1)).await, Err(WitnessError::OtherRoot(8)));
    let fork = witness.ask(8, &Log::new(11, 5, 1)).await;
    assert!(matches!(&fork, Err(WitnessError::Refused(422, reason)) if reason.contains("proof")), "{fork:?}");
    // Told its size, a log gets its cosignature.
    witness.ask(8, &Log::of(9)).await.expect("the control");
    (witness.stop)().await;
    let gone = witness.ask(9, &Log::of(10)).await;
    assert!(matches!(&gone, Err(WitnessError::Unreachable(_))), "{gone:?}");
}

#[tokio::test]
async fn a_stranger_is_refused() {
    let witness = Running::start(log_key(2).0);
    let refused = witness.ask(0, &Log::of(3)).await;
    assert!(matches!(&refused, Err(WitnessError::Refused(403, _))), "{refused:?}");
    (witness.stop)().await;
}

/// Answers one connection with these bytes once the request has come, and then waits for the other end.
async fn answer_with(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(&bytes).await;
        // Until the client has had enough.
        while matches!(stream.read(&mut request).await, Ok(read) if read > 0) {}
    });
    format!("http://{address}/prefix/")
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn witness_key(seed: u8) -> (Verifier, SigningKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let verifier = Verifier::new("example.org/w", Algorithm::Cosignature, key.verifying_key().as_bytes());
    (verifier.expect("a key"), key)
}

/// A cosignature's line, made here.
fn line(seed: u8, text: &str) -> String {
    let (verifier, key) = witness_key(seed);
    let signature = key.sign(cosigned_message(TIME, text).as_bytes()).to_bytes();
    verifier.line(&[&TIME.to_be_bytes()[..], &signature].concat())
}

async fn outcome(bytes: Vec<u8>) -> Result<String, WitnessError> {
    let url = answer_with(bytes).await;
    cosign(&url, &witness_key(7).0, 3, &[], &signed(&Log::of(3))).await
}

#[tokio::test]
async fn an_answer_is_believed_for_its_signature_only() {
    let text = Log::of(3).head().to_string();
    let good = line(7, &text);
    assert_eq!(outcome(http("200 OK", &good)).await, Ok(good.clone()));
    // Another key's line before it is passed over.
    assert_eq!(outcome(http("200 OK", &format!("{}{good}", line(8, &text)))).await, Ok(good));
    let none = Err(WitnessError::Signature(NoteError::Unknown));
    assert_eq!(outcome(http("200 OK", "")).await, none);
    assert_eq!(outcome(http("200 OK", &line(8, &text))).await, none);
    let moved = line(7, &Log::of(4).head().to_string());
    assert_eq!(outcome(http("200 OK", &moved)).await, Err(WitnessError::Signature(NoteError::BadSignature)));
    for odd in ["thank you\n", "\u{2014} a\n", "\n\n"] {
        assert_eq!(outcome(http("200 OK", odd)).await, Err(WitnessError::Answer), "{odd:?}");
    }
}

#[tokio::test]
async fn odd_answers_are_errors() {
    for odd in ["", "8", "08\n", "eight\n"] {
        assert_eq!(outcome(http("409 Conflict", odd)).await, Err(WitnessError::Answer), "{odd:?}");
    }
    let long = "x".repeat(MAX_ANSWER + 1);
    assert_eq!(outcome(http("200 OK", &long)).await, Err(WitnessError::Answer));
    let reason = outcome(http("500 Oh", &format!("a\u{7}b{}", "c".repeat(1000)))).await;
    let expected = format!("ab{}", "c".repeat(MAX_REASON - 2));
    assert_eq!(reason, Err(WitnessError::Refused(500, expected)));
    let broken = outcome(b"no HTTP at all\r\n\r\n".to_vec()).await;
    assert!(matches!(&broken, Err(WitnessError::Unreachable(_))), "{broken:?}");
}

#[tokio::test]
async fn a_witness_that_is_silent_is_not_waited_for() {
    let soon = Duration::from_millis(100);
    let note = signed(&Log::of(3));
    // Before the answer, and in the middle of it.
    for begun in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"] {
        let url = answer_with(begun.to_vec()).await;
        let late = cosign_within(soon, &url, &witness_key(7).0, 3, &[], &note).await;
        assert_eq!(late, Err(WitnessError::Late));
    }
}

#[tokio::test]
async fn only_witnesses_that_can_be_asked_are() {
    let note = signed(&Log::of(3));
    for wrong in
        ["", "127.0.0.1:1", "https://example.org", "http://u@example.org", "http://a/?b", "http://a b"]
    {
        let asked = cosign(wrong, &witness_key(7).0, 0, &[], &note).await;
        assert_eq!(asked, Err(WitnessError::Address), "{wrong}");
    }
    let asked = cosign("http://127.0.0.1:1", &log_key(1).0, 0, &[], &note).await;
    assert_eq!(asked, Err(WitnessError::Key), "a log's key does not cosign, even if its name is {ORIGIN}");
}
