//! What somebody with the public key and nothing else can check.

use crate::policy::SITE;
use crate::server::TestServer;
use anyhow::{Context, Result, ensure};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::merkle::{Frontier, Hash, leaf_hash, verify_consistency};
use avow_shared::note::Verifier;
use avow_shared::proof_file::verify_head;
use avow_shared::receipt::Receipt;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The keys of the site's log, as the site tells them.
pub async fn keys(server: &TestServer) -> Result<Vec<Verifier>> {
    let about = server.get(&format!("/v1/sites/{SITE}/log")).await?.json();
    let keys = about["keys"].as_array().context("keys")?;
    keys.iter().map(|key| key.as_str().and_then(Verifier::parse).context("a key")).collect()
}

/// Checks a receipt with nothing but the keys; the head that it is under.
pub fn check(receipt: &Value, keys: &[Verifier]) -> Result<Checkpoint> {
    let text = |name: &str| receipt[name].as_str().with_context(|| format!("{name} in {receipt}"));
    let salt = URL_SAFE_NO_PAD.decode(text("salt")?)?.try_into().ok().context("a salt")?;
    let receipt = Receipt { record: text("record")?, salt, proof: text("proof")? };
    Ok(receipt.verify(keys)?.checkpoint)
}

/// Checks a signed head.
pub fn head(note: &str, keys: &[Verifier]) -> Result<Checkpoint> {
    Ok(verify_head(note, keys)?.0)
}

/// The root over entries.
pub fn root(entries: &[Vec<u8>]) -> Hash {
    entries.iter().map(|entry| leaf_hash(entry)).collect::<Frontier>().root()
}

/// Takes a bundle of entries apart.
pub fn entries(mut bundle: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        ensure!(rest.len() >= length, "an entry is cut short");
        entries.push(rest[..length].to_vec());
        bundle = &rest[length..];
    }
    ensure!(bundle.is_empty(), "half a length at the end");
    Ok(entries)
}

/// Asks the server to prove that one head extends another.
pub async fn extends(server: &TestServer, old: &Checkpoint, new: &Checkpoint) -> Result<()> {
    let path = format!("/v1/sites/{SITE}/log/consistency?old={}&new={}", old.size, new.size);
    let answer = server.get(&path).await?.json();
    let proof: Vec<Hash> = answer["proof"]
        .as_array()
        .context("a proof")?
        .iter()
        .map(|hash| STANDARD.decode(hash.as_str().context("text")?)?.try_into().ok().context("32 bytes"))
        .collect::<Result<_>>()?;
    Ok(verify_consistency((old.size, &old.root), (new.size, &new.root), &proof)?)
}
