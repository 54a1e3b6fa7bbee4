//! After a backup was put back: the log begins a new epoch that is linked to the former one.
//!
//! To sign on under the old name would be a fork: two histories with one name. The new epoch has all leaves that
//! are there, a name of its own, and an entry that states the head that the signer remembers of the old one.

use crate::clock::Clock;
use crate::log::sequencer::Sequencer;
use crate::log::signer::Signer;
use crate::store::Store;
use crate::store::append::{Effect, NewEntry};
use anyhow::Context as _;
use avow_shared::entry::Kind;
use avow_shared::id::{SiteId, hex};
use serde::Serialize;

/// What was found, and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Nothing that was signed is missing.
    Whole {
        /// Leaves.
        size: u64,
    },
    /// Another node has begun this epoch; this one signs it from now on.
    Joined {
        /// Its number.
        epoch: i64,
        /// What it is called.
        origin: String,
    },
    /// A new epoch began.
    Began {
        /// Its number.
        epoch: i64,
        /// What it is called.
        origin: String,
        /// Leaves that are there.
        kept: u64,
        /// Leaves that were signed.
        signed: u64,
    },
}

/// The manifest of the first own entry of an epoch. Fields stand in sorted order: the JSON is canonical (RFC 8785).
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    at: i64,
    epoch: i64,
    former: Former<'a>,
    /// Leaves that the new epoch took over.
    kept: u64,
    /// Their root.
    kept_root: String,
    origin: &'a str,
    site: &'a str,
    r#type: &'static str,
}

/// The head of the former epoch that the signer remembers.
#[derive(Debug, Serialize)]
struct Former<'a> {
    origin: &'a str,
    root: String,
    size: u64,
}

/// Begins a new epoch of a site's log if the database does not go on from what was signed.
pub async fn restore(
    store: &Store,
    signer: Signer,
    site: &SiteId,
    clock: &Clock,
) -> anyhow::Result<Restored> {
    let mut former = store.epochs(site).await?;
    let present = former.pop().with_context(|| format!("there is no site {site}"))?;
    let tree = store.tree(site).await.context("the log itself is damaged: see `avow doctor log`")?;
    let name = site.as_str();
    let Some(remembered) = signer.memory(name)? else {
        return Ok(Restored::Whole { size: tree.size() });
    };
    if remembered.origin == present.origin && remembered.size <= tree.size() {
        let then = store.earlier_tree(site, present.epoch, remembered.size).await?;
        if then.root() == remembered.root {
            return Ok(Restored::Whole { size: tree.size() });
        }
    }
    if let Some(left) = former.iter().find(|epoch| epoch.origin == remembered.origin) {
        signer.set_aside(name, left.epoch)?;
        return Ok(Restored::Joined { epoch: present.epoch, origin: present.origin });
    }
    let at = clock.now();
    let epoch = present.epoch + 1;
    let base = present.origin.strip_suffix(&format!("/{}", present.epoch)).unwrap_or(&present.origin);
    let origin = format!("{base}/{epoch}");
    let manifest = Manifest {
        at: at.0,
        epoch,
        former: Former { origin: &remembered.origin, root: hex(&remembered.root), size: remembered.size },
        kept: tree.size(),
        kept_root: hex(&tree.root()),
        origin: &origin,
        site: name,
        r#type: "epoch",
    };
    let manifest = serde_json::to_string(&manifest).context("writing the manifest")?;
    store.begin_epoch(site, present.epoch, &origin, at).await?;
    signer.set_aside(name, present.epoch)?;
    let (sequencer, writer) = Sequencer::start(store.clone(), signer.clone(), None);
    let entry =
        NewEntry { kind: Kind::Epoch, name: format!("epoch/{epoch}"), manifest, effect: Effect::None };
    let appended = sequencer.append_entry(site.clone(), entry).await;
    writer.finish().await;
    signer.sync()?;
    appended.map_err(|error| anyhow::anyhow!("the epoch began, but its entry is missing: {error}"))?;
    Ok(Restored::Began { epoch, origin, kept: tree.size(), signed: remembered.size })
}
