//! The example of RFC 8037, and tokens that must not be believed.

use super::*;
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;

/// RFC 8037 appendix A: the private key (A.1), its public half (A.2), thumbprint (A.3) and token (A.4).
const SECRET: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn bytes(text: &str) -> [u8; 32] {
    URL_SAFE_NO_PAD.decode(text).expect("base64url").try_into().expect("32 bytes")
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&bytes(SECRET))
}

fn key() -> Key {
    Key::from_public(bytes(PUBLIC)).expect("a key")
}

/// A token with any header, rightly signed.
fn token(header: &str, payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    compact(&input, &signer().sign(input.as_bytes()).to_bytes())
}

fn header(alg: &str) -> String {
    format!(r#"{{"alg":"{alg}","kid":"{THUMBPRINT}","typ":"{TYPE}"}}"#)
}

#[test]
fn the_example_of_the_rfc_is_ours() {
    assert_eq!(signer().verifying_key().to_bytes(), bytes(PUBLIC));
    assert_eq!(thumbprint(&bytes(PUBLIC)), THUMBPRINT);
    let parts = Parts::read(TOKEN).expect("a token");
    assert_eq!(parts.payload, b"Example of Ed25519 signing");
    assert_eq!(parts.signed_by(&key()), Ok(()));
    assert_eq!(token(r#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing"), TOKEN);
    // As a receipt it says too little of itself.
    assert_eq!(verify(TOKEN, &[key()]), Err(JwsError::Header));
}

#[test]
fn what_is_signed_is_read_back() {
    let input = signing_input(THUMBPRINT, b"{}");
    let token = compact(&input, &signer().sign(input.as_bytes()).to_bytes());
    let verified = verify(&token, &[key()]).expect("a token");
    assert_eq!((verified.payload.as_slice(), verified.kid.as_str()), (&b"{}"[..], THUMBPRINT));
    assert_eq!(Parts::read(&token).expect("a token").header, header("EdDSA").into_bytes());
}

#[test]
fn both_names_of_the_algorithm_are_read_and_no_other() {
    for right in ["EdDSA", "Ed25519"] {
        assert!(verify(&token(&header(right), b"x"), &[key()]).is_ok(), "{right}");
    }
    for wrong in ["none", "None", "HS256", "ES256", "Ed448", "eddsa", ""] {
        assert_eq!(verify(&token(&header(wrong), b"x"), &[key()]), Err(JwsError::Algorithm), "{wrong}");
    }
    let unsigned = format!("{}.eA.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    assert_eq!(verify(&unsigned, &[key()]), Err(JwsError::Algorithm));
}

#[test]
fn the_header_has_three_members() {
    let with = |more: &str| header("EdDSA").replace('}', &format!(",{more}}}"));
    for (wrong, error) in [
        (with(r#""crit":["b64"],"b64":false"#), JwsError::Critical),
        (with(r#""crit":null"#), JwsError::Critical),
        (with(r#""jwk":{}"#), JwsError::Header),
        (with(r#""alg":"EdDSA""#), JwsError::Header),
        (with(r#""kid":"other""#), JwsError::Header),
        (header("EdDSA").replace("consent", "contract"), JwsError::Type),
        (header("EdDSA").replace(THUMBPRINT, "other"), JwsError::UnknownKey),
        (header("EdDSA").replace("\"kid\"", "\"key\""), JwsError::Header),
        ("[]".to_owned(), JwsError::Header),
        (String::new(), JwsError::Header),
    ] {
        assert_eq!(verify(&token(&wrong, b"x"), &[key()]), Err(error), "{wrong}");
    }
    assert_eq!(verify(&token(&header("EdDSA"), b"x"), &[]), Err(JwsError::UnknownKey));
}

#[test]
fn other_spellings_and_long_tokens_are_refused() {
    let right = token(&header("EdDSA"), b"x");
    let (input, signature) = right.rsplit_once('.').expect("three parts");
    for wrong in [
        String::new(),
        "..".to_owned(),
        format!("{right}="),
        format!("{right}."),
        format!(" {right}"),
        format!("{right}\n"),
        // The last character of `eA` has loose bits; `eB` would be the same byte.
        right.replacen(".eA.", ".eB.", 1),
        right.replacen(".eA.", ".eA==.", 1),
        format!("{input}.{}", &signature[..signature.len() - 2]),
        input.to_owned(),
    ] {
        assert!(verify(&wrong, &[key()]).is_err(), "{wrong}");
    }
    let long = "x".repeat(MAX_LEN);
    assert_eq!(verify(&token(&header("EdDSA"), long.as_bytes()), &[key()]), Err(JwsError::TooLong));
}

#[test]
fn no_character_of_a_token_can_be_another() {
    let right = token(&header("EdDSA"), b"{\"schema\":1}");
    for at in 0..right.len() {
        for flip in [1, 2, 0x20] {
            let mut wrong = right.clone().into_bytes();
            wrong[at] ^= flip;
            let wrong = String::from_utf8(wrong).expect("ASCII");
            assert!(verify(&wrong, &[key()]).is_err(), "character {at}: {wrong}");
        }
    }
}

#[test]
fn a_key_for_a_set_names_itself() {
    let jwk: serde_json::Value = serde_json::from_str(&jwk(&bytes(PUBLIC))).expect("JSON");
    let expected = serde_json::json!({
        "alg": "EdDSA", "crv": "Ed25519", "kid": THUMBPRINT, "kty": "OKP", "use": "sig", "x": PUBLIC,
    });
    assert_eq!(jwk, expected);
    // The point of order one: it would accept a signature of anything.
    let mut weak = [0; 32];
    weak[0] = 1;
    assert_eq!(Key::from_public(weak), None);
}

proptest! {
    #[test]
    fn every_payload_survives(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let input = signing_input(THUMBPRINT, &payload);
        let token = compact(&input, &signer().sign(input.as_bytes()).to_bytes());
        prop_assert_eq!(verify(&token, &[key()]).map(|verified| verified.payload), Ok(payload));
    }
}
