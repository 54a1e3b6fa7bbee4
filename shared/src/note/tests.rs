//! Go's example note, and what must not pass for one.

use super::*;
use ed25519_dalek::{Signer as _, SigningKey};

/// From the documentation of Go's `golang.org/x/mod/sumdb/note`.
const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const TEXT: &str = "This is an example message.\n";
const LINE: &str = "\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn witness(name: &str, seed: u8) -> (Verifier, SigningKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let verifier = Verifier::new(name, Algorithm::Cosignature, key.verifying_key().as_bytes());
    (verifier.expect("a key"), key)
}

#[test]
fn the_known_note_is_accepted() {
    let key = Verifier::parse(KEY).expect("a key");
    assert_eq!(key.to_string(), KEY);
    let text = format!("{TEXT}\n{LINE}");
    let note = Note::parse(&text).expect("a note");
    let known = [key];
    let signed = note.verify(&known).expect("it is signed");
    assert_eq!((note.text(), signed.len(), signed[0].by.name()), (TEXT, 1, "example.com/foo"));
}

#[test]
fn no_byte_of_the_known_note_can_be_another() {
    let known = [Verifier::parse(KEY).expect("a key")];
    let note = format!("{TEXT}\n{LINE}").into_bytes();
    for at in 0..note.len() {
        for flip in [1, 0x20, 0x80] {
            let mut wrong = note.clone();
            wrong[at] ^= flip;
            let Ok(wrong) = String::from_utf8(wrong) else { continue };
            let believed = Note::parse(&wrong).and_then(|note| note.verify(&known).map(|_| ()));
            assert!(believed.is_err(), "byte {at}: {wrong:?}");
        }
    }
}

#[test]
fn unknown_keys_are_passed_over_and_a_bad_signature_of_a_known_one_is_not() {
    let (other, key) = witness("other", 3);
    let time = 1_700_000_000_u64;
    let sign = |text: &str| {
        let signature = key.sign(cosigned_message(time, text).as_bytes());
        [&time.to_be_bytes()[..], &signature.to_bytes()].concat()
    };
    let good = format!("{TEXT}\n{LINE}{}", other.line(&sign(TEXT)));
    let bad = format!("{TEXT}\n{LINE}{}", other.line(&sign("another text\n")));
    let log = Verifier::parse(KEY).expect("a key");
    let both = [log.clone(), other];
    let note = Note::parse(&good).expect("a note");
    let signed = note.verify(&both).expect("both signed");
    assert_eq!(signed.iter().map(|signed| signed.time).collect::<Vec<_>>(), [0, time]);
    let note = Note::parse(&bad).expect("a note");
    assert!(note.verify(std::slice::from_ref(&log)).is_ok());
    assert_eq!(note.verify(&both), Err(NoteError::BadSignature));
    assert_eq!(note.verify(&both[..0]), Err(NoteError::Unknown));
}

#[test]
fn a_cosignature_key_cannot_pass_for_a_log_key() {
    let key = SigningKey::from_bytes(&[3; 32]);
    let public = key.verifying_key().to_bytes();
    let log = Verifier::new("name", Algorithm::Ed25519, &public).expect("a key");
    let witness = Verifier::new("name", Algorithm::Cosignature, &public).expect("a key");
    assert_ne!(log.id(), witness.id());
    assert_eq!(Verifier::parse(&witness.to_string()), Some(witness));
}

#[test]
fn a_cosignature_of_a_time_beyond_all_is_refused() {
    let (verifier, key) = witness("name", 3);
    let latest = u64::MAX / 2;
    for (time, good) in [(latest, true), (latest + 1, false), (u64::MAX, false)] {
        let signature = key.sign(cosigned_message(time, TEXT).as_bytes()).to_bytes();
        let line = verifier.line(&[&time.to_be_bytes()[..], &signature].concat());
        let note = format!("{TEXT}\n{line}");
        let known = [verifier.clone()];
        let believed = Note::parse(&note).expect("a note").verify(&known).is_ok();
        assert_eq!(believed, good, "{time}");
    }
}

#[test]
fn other_forms_are_refused() {
    for wrong in [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n\n\u{2014} a QUJDREU=",
        "text\n\n- a QUJDREU=\n",
        "t\r\n\n\u{2014} a QUJDREU=\n",
        "text\n\n\u{2014} a+b QUJDREU=\n",
        "text\n\n\u{2014} a QUJD\n",
    ] {
        assert_eq!(Note::parse(wrong), Err(NoteError::Malformed), "{wrong:?}");
    }
    for wrong in ["", "a", "a+b+c", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"] {
        assert_eq!(Verifier::parse(wrong), None, "{wrong:?}");
    }
    let many = format!("text\n\n{}", "\u{2014} a QUJDREU=\n".repeat(MAX_SIGNATURES + 1));
    assert_eq!(Note::parse(&many), Err(NoteError::Malformed));
}
