//! Checks receipts in a browser: the same functions as `avow verify`, compiled to WebAssembly.
//!
//! What this is *not*: it reads no JSON and draws nothing; the page does both.

use avow_shared::commitment::commitment;
use avow_shared::id::hex;
use avow_shared::note::{Algorithm, Verifier};
use avow_shared::receipt::Receipt;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks a receipt against public keys, one `name+id+key` on each line.
///
/// `salt` is base64url, `stated` the commitment that the receipt states, `proof` the text of a `.tlog-proof` file.
/// Answers lines: `ok`, the log's name, the leaf's commitment, the head's size and root, and one line for each
/// signature (`log NAME` or `witness SECONDS NAME`); or `fault` and what does not hold.
#[wasm_bindgen]
pub fn receipt(record: &str, salt: &str, stated: &str, proof: &str, keys: &str) -> String {
    match check(record, salt, stated, proof, keys) {
        Ok(lines) => format!("ok\n{}", lines.join("\n")),
        Err(fault) => format!("fault\n{fault}"),
    }
}

fn check(record: &str, salt: &str, stated: &str, proof: &str, keys: &str) -> Result<Vec<String>, String> {
    let salt: [u8; 32] = URL_SAFE_NO_PAD
        .decode(salt)
        .ok()
        .and_then(|salt| salt.try_into().ok())
        .ok_or("salt: it is not 32 bytes in base64url")?;
    let content = commitment(&salt, record.as_bytes());
    if hex(&content) != stated {
        return Err("record: it is not the one that was committed to, or the salt is another".to_owned());
    }
    let mut known = Vec::new();
    for line in keys.lines().map(str::trim).filter(|line| !line.is_empty()) {
        known.push(Verifier::parse(line).ok_or("key: this is not a key of the form name+id+key")?);
    }
    let proved = Receipt { record, salt, proof }.verify(&known).map_err(|fault| fault.to_string())?;
    let checkpoint = proved.checkpoint;
    let mut lines =
        vec![checkpoint.origin, hex(&content), checkpoint.size.to_string(), hex(&checkpoint.root)];
    lines.extend(proved.signed.iter().map(|signed| match signed.by.algorithm() {
        Algorithm::Ed25519 => format!("log {}", signed.by.name()),
        Algorithm::Cosignature => format!("witness {} {}", signed.time, signed.by.name()),
    }));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use avow_shared::checkpoint::Checkpoint;
    use avow_shared::entry::{Kind, leaf_hash};
    use avow_shared::merkle::Frontier;
    use avow_shared::proof_file::ProofFile;
    use ed25519_dalek::{Signer as _, SigningKey};

    #[test]
    fn a_receipt_holds_and_no_altered_one() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let verifier =
            Verifier::new("o/log", Algorithm::Ed25519, key.verifying_key().as_bytes()).expect("a key");
        let (record, salt) = ("{\"n\":1}", [3; 32]);
        let content = commitment(&salt, record.as_bytes());
        let frontier: Frontier = [leaf_hash(Kind::Record, &content)].into_iter().collect();
        let text = Checkpoint { origin: "o/log".to_owned(), size: 1, root: frontier.root() }.to_string();
        let note = format!("{text}\n{}", verifier.line(&key.sign(text.as_bytes()).to_bytes()));
        let proof = ProofFile { index: 0, proof: Vec::new(), checkpoint: &note }.to_string();
        let (salt, stated, keys) = (URL_SAFE_NO_PAD.encode(salt), hex(&content), verifier.to_string());
        let said = receipt(record, &salt, &stated, &proof, &keys);
        assert!(said.starts_with("ok\no/log\n") && said.ends_with("\nlog o/log"), "{said}");
        for (record, stated, keys, fault) in [
            ("{\"n\":2}", stated.as_str(), keys.as_str(), "record"),
            (record, &"0".repeat(64), &keys, "record"),
            (record, &stated, "", "head"),
            (record, &stated, "nonsense", "key"),
        ] {
            let said = receipt(record, &salt, stated, &proof, keys);
            assert!(said.starts_with(&format!("fault\n{fault}:")), "{said}");
        }
        assert!(receipt(record, "short", &stated, &proof, &keys).starts_with("fault\nsalt:"));
    }
}
