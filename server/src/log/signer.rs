//! The only place that signs. It keeps, outside the database, how far it has signed each log, and signs nothing
//! that does not extend that.
//!
//! So a database that was put back, or edited, is noticed by whoever has the key, before anything is signed.
//! `keys` holds the private keys, `memory` the file that remembers.

mod keys;
mod memory;

pub use keys::{KeyError, Keys, Purpose, Source, rotate};
pub use memory::{Remembered, remembered};

use avow_shared::checkpoint::Checkpoint;
use avow_shared::merkle::{Frontier, Hash};
use avow_shared::note::{Algorithm, Verifier};
use memory::{Directory, Memory};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A head as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Which epoch of the site's log.
    pub epoch: i64,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
}

impl SignedHead {
    /// Whether a leaf of the site is under it.
    pub fn covers(&self, leaf: i64) -> bool {
        u64::try_from(leaf).is_ok_and(|leaf| leaf < self.checkpoint.size)
    }
}

/// Why nothing is signed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What is to be signed does not extend what was signed.
    #[error("{0}")]
    NotAnExtension(&'static str),
    /// How far was signed could not be read or kept.
    #[error("the signer's memory: {0}")]
    Memory(#[from] std::io::Error),
}

/// Signs heads and receipts. Cheap to clone.
#[derive(Clone)]
pub struct Signer(Arc<Inner>);

struct Inner {
    keys: Keys,
    directory: Directory,
    logs: Mutex<HashMap<String, Log>>,
}

/// One site's log, as far as it was signed.
struct Log {
    epoch: i64,
    verifiers: Vec<Verifier>,
    frontier: Frontier,
    memory: Memory,
    head: Arc<SignedHead>,
}

impl Signer {
    /// A signer with those keys that remembers in that directory, which no other process may use meanwhile.
    pub fn open(keys: Keys, directory: &Path) -> std::io::Result<Self> {
        let directory = Directory::open(directory)?;
        Ok(Self(Arc::new(Inner { keys, directory, logs: Mutex::default() })))
    }

    /// How far the log of that origin was signed, according to the memory; `None` if it never was.
    ///
    /// A memory of another origin is a refusal: the database is of another log.
    pub fn remembered(&self, site: &str, origin: &str) -> Result<Option<Remembered>, Refusal> {
        let Some(remembered) = self.0.directory.read(site)? else { return Ok(None) };
        if remembered.origin != origin {
            return Err(Refusal::NotAnExtension("the database holds the log of another origin"));
        }
        Ok(Some(remembered))
    }

    /// What is remembered of a site, whatever its log is called.
    pub fn memory(&self, site: &str) -> std::io::Result<Option<Remembered>> {
        self.0.directory.read(site)
    }

    /// Sets aside what is remembered of a site's log, whose epoch that was: the log goes on under another name.
    pub fn set_aside(&self, site: &str, epoch: i64) -> std::io::Result<()> {
        self.forget(site);
        self.0.directory.set_aside(site, epoch)
    }

    /// Goes on with a log from a tree that is as far as was signed, and signs that once more.
    ///
    /// If nothing is remembered, the tree is believed: that is how a log begins.
    pub fn resume(
        &self,
        site: &str,
        (epoch, origin): (i64, &str),
        frontier: Frontier,
    ) -> Result<Arc<SignedHead>, Refusal> {
        if let Some(remembered) = self.remembered(site, origin)?
            && (remembered.size != frontier.size() || remembered.root != frontier.root())
        {
            return Err(Refusal::NotAnExtension("the database's log is not the one that was signed"));
        }
        let verifiers = self.0.keys.verifiers(origin);
        let checkpoint = checkpoint_of(origin, &frontier);
        let mut memory = self.0.directory.memory(site, origin)?;
        memory.keep(checkpoint.size, &checkpoint.root)?;
        let head = self.sign(&verifiers, epoch, checkpoint);
        let log = Log { epoch, verifiers, frontier, memory, head: Arc::clone(&head) };
        self.logs().insert(site.to_owned(), log);
        Ok(head)
    }

    /// Signs the log with these leaves after the first `from`; their root must be `root`.
    pub fn extend(
        &self,
        site: &str,
        from: u64,
        leaves: &[Hash],
        root: &Hash,
    ) -> Result<Arc<SignedHead>, Refusal> {
        let mut logs = self.logs();
        let Some(log) = logs.get_mut(site) else {
            return Err(Refusal::NotAnExtension("the log was not resumed"));
        };
        if log.frontier.size() != from {
            return Err(Refusal::NotAnExtension("the leaves do not follow those that were signed"));
        }
        let mut frontier = log.frontier.clone();
        for leaf in leaves {
            frontier.push(*leaf);
        }
        if frontier.root() != *root {
            return Err(Refusal::NotAnExtension("the leaves do not lead to the root"));
        }
        let checkpoint = checkpoint_of(&log.head.checkpoint.origin, &frontier);
        // Remembered first: what was signed must never be more than what is remembered.
        log.memory.keep(checkpoint.size, &checkpoint.root)?;
        log.head = self.sign(&log.verifiers, log.epoch, checkpoint);
        log.frontier = frontier;
        Ok(Arc::clone(&log.head))
    }

    /// The head that was signed last.
    pub fn head(&self, site: &str) -> Option<Arc<SignedHead>> {
        self.logs().get(site).map(|log| Arc::clone(&log.head))
    }

    /// Forgets a log, so that it must be resumed before anything more is signed.
    pub fn forget(&self, site: &str) {
        self.logs().remove(site);
    }

    /// The public keys that sign the log of that origin, the present one first.
    pub fn verifiers(&self, origin: &str) -> Vec<Verifier> {
        self.0.keys.verifiers(origin)
    }

    /// The public key of receipts.
    pub fn receipt_key(&self) -> [u8; 32] {
        self.0.keys.receipt_key()
    }

    /// Signs the text of a receipt: the server's own statement.
    pub fn sign_receipt(&self, signing_input: &[u8]) -> [u8; 64] {
        self.0.keys.sign_receipt(signing_input)
    }

    /// Puts what is remembered on disk; until then a loss of power may take the last moments of it.
    pub fn sync(&self) -> std::io::Result<()> {
        for log in self.logs().values_mut() {
            log.memory.sync()?;
        }
        Ok(())
    }

    fn sign(&self, verifiers: &[Verifier], epoch: i64, checkpoint: Checkpoint) -> Arc<SignedHead> {
        let text = checkpoint.to_string();
        let mut note = format!("{text}\n");
        for (verifier, signature) in verifiers.iter().zip(self.0.keys.sign_head(text.as_bytes())) {
            note.push_str(&verifier.line(&signature));
        }
        Arc::new(SignedHead { epoch, checkpoint, note })
    }

    fn logs(&self) -> std::sync::MutexGuard<'_, HashMap<String, Log>> {
        // Whatever a panic left half done is compared with the database before it is signed.
        self.0.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

fn checkpoint_of(origin: &str, frontier: &Frontier) -> Checkpoint {
    Checkpoint { origin: origin.to_owned(), size: frontier.size(), root: frontier.root() }
}

/// The algorithm of a log's own keys.
const HEADS: Algorithm = Algorithm::Ed25519;

#[cfg(test)]
mod tests;
