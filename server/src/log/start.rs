//! Brings the signer up: a key that is not the one this installation signed with is noticed here.

use super::signer::{Keys, Purpose, Signer, Source};
use crate::clock::Clock;
use crate::rng::Rng;
use crate::store::Store;
use anyhow::{Context as _, bail};
use std::path::Path;

/// Reads the keys, or makes them if this installation has never had any, and opens the signer's memory.
pub async fn signer(
    store: &Store,
    source: &Source,
    memory: &Path,
    clock: &Clock,
    rng: &Rng,
) -> anyhow::Result<Signer> {
    let keys = keys(store, source, clock, rng).await?;
    Signer::open(keys, memory).with_context(|| format!("the signer's memory, {}", memory.display()))
}

/// Reads the keys, or makes them if this installation has never had any.
pub async fn keys(store: &Store, source: &Source, clock: &Clock, rng: &Rng) -> anyhow::Result<Keys> {
    let heads = store.keys(Purpose::Head.as_str()).await?;
    let receipts = store.keys(Purpose::Receipt.as_str()).await?;
    let is_new = |purpose| match purpose {
        Purpose::Head => heads.is_empty(),
        Purpose::Receipt => receipts.is_empty(),
    };
    let Some(keys) = source.read(|| rng.bytes(), is_new).context("the signing keys")? else {
        bail!(
            "a signing key is lost: {} or {} is missing, and this installation has signed before. \
             Put it back, or begin a new one with `avow key replace`",
            source.file(Purpose::Head).display(),
            source.file(Purpose::Receipt).display(),
        );
    };
    register(store, Purpose::Head, keys.head_key(), clock).await?;
    register(store, Purpose::Receipt, keys.receipt_key(), clock).await?;
    Ok(keys)
}

/// The key must be the present one; the first of its purpose becomes it.
async fn register(store: &Store, purpose: Purpose, public: [u8; 32], clock: &Clock) -> anyhow::Result<()> {
    let known = store.keys(purpose.as_str()).await?;
    match known.iter().find(|key| key.retired_at.is_none()) {
        Some(present) if present.public == public => Ok(()),
        Some(_) => bail!(
            "the {} key is not the one that this installation signs with. Put that one back, or say with \
             `avow key replace` that it is to be this one from now on",
            purpose.as_str()
        ),
        None => Ok(store.replace_key(purpose.as_str(), &public, clock.now()).await?),
    }
}

/// Tells the database that these keys are the present ones.
pub async fn replace(store: &Store, keys: &Keys, clock: &Clock) -> anyhow::Result<()> {
    store.replace_key(Purpose::Head.as_str(), &keys.head_key(), clock.now()).await?;
    store.replace_key(Purpose::Receipt.as_str(), &keys.receipt_key(), clock.now()).await?;
    Ok(())
}
