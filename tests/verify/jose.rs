//! Tokens of receipts under another implementation, the npm package `jose`: each takes what the other made.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use avow_shared::jws::{JwsError, Key, TYPE, compact, jwk, signing_input, thumbprint, verify};
use avow_tests::tools;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

const PAYLOAD: &str = r#"{"note":"café ☕","schema":1}"#;

/// Asks `tests/verify/jose.mjs`.
fn ask(question: &Value) -> Result<Value> {
    tools::npm("jose")?;
    let script = tools::root().join("tests/verify/jose.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("run node (install Node.js)")?;
    node.stdin.take().context("its input")?.write_all(question.to_string().as_bytes())?;
    let done = node.wait_with_output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(serde_json::from_slice(&done.stdout)?)
}

fn ours(key: &SigningKey, payload: &str) -> String {
    let kid = thumbprint(key.verifying_key().as_bytes());
    let input = signing_input(&kid, payload.as_bytes());
    compact(&input, &key.sign(input.as_bytes()).to_bytes())
}

#[test]
fn jose_takes_our_tokens_and_none_that_was_altered() -> Result<()> {
    let (key, other) = (SigningKey::from_bytes(&[3; 32]), SigningKey::from_bytes(&[4; 32]));
    let set: Value = serde_json::from_str(&jwk(key.verifying_key().as_bytes()))?;
    let right = ours(&key, PAYLOAD);
    let mut tokens = vec![right.clone(), ours(&other, PAYLOAD)];
    // One character in each part: the second has no loose bits, so that the bytes do change.
    let parts: Vec<usize> = [0].into_iter().chain(right.match_indices('.').map(|(at, _)| at + 1)).collect();
    for at in parts {
        let mut wrong = right.clone().into_bytes();
        wrong[at + 1] = if wrong[at + 1] == b'A' { b'B' } else { b'A' };
        tokens.push(String::from_utf8(wrong)?);
    }
    tokens.push(right.replacen(&URL_SAFE_NO_PAD.encode(PAYLOAD), &URL_SAFE_NO_PAD.encode("{}"), 1));
    let answers = ask(&json!({ "jwks": { "keys": [set] }, "tokens": tokens }))?;
    let answers = answers.as_array().context("answers")?;
    ensure!(answers.len() == tokens.len() && answers.len() == 6);
    ensure!(answers[0]["payload"] == PAYLOAD, "{}", answers[0]);
    let kid = thumbprint(key.verifying_key().as_bytes());
    ensure!(answers[0]["header"] == json!({ "alg": "EdDSA", "kid": kid, "typ": TYPE }), "{}", answers[0]);
    for (answer, token) in answers.iter().zip(&tokens).skip(1) {
        ensure!(answer["error"].is_string(), "{answer}: {token}");
    }
    Ok(())
}

#[test]
fn we_take_tokens_of_jose_and_none_that_was_altered() -> Result<()> {
    let made = ask(&json!({ "payload": PAYLOAD, "algorithms": ["EdDSA", "Ed25519"] }))?;
    let public = URL_SAFE_NO_PAD.decode(made["jwk"]["x"].as_str().context("x")?)?;
    let key = Key::from_public(public.try_into().ok().context("32 bytes")?).context("a key")?;
    ensure!(made["kid"] == key.kid(), "both have the same thumbprint: {made}");
    let tokens = made["tokens"].as_array().context("tokens")?;
    ensure!(tokens.len() == 2);
    for token in tokens {
        let token = token.as_str().context("a token")?;
        ensure!(verify(token, std::slice::from_ref(&key))?.payload == PAYLOAD.as_bytes());
        let payload = URL_SAFE_NO_PAD.encode(PAYLOAD);
        let wrong = token.replacen(&payload, &URL_SAFE_NO_PAD.encode("{}"), 1);
        ensure!(verify(&wrong, std::slice::from_ref(&key)) == Err(JwsError::BadSignature));
        let other = Key::from_public(SigningKey::from_bytes(&[5; 32]).verifying_key().to_bytes());
        ensure!(verify(token, &[other.context("a key")?]) == Err(JwsError::UnknownKey));
    }
    Ok(())
}
