//! What a witness remembers: of each log the last head that it cosigned, in a file of its own.
//!
//! The file is that head as the log signed it, so that one that is damaged, or another log's, is recognised by
//! the log's own signature.

use super::file;
use super::judge::Known;
use anyhow::{Context as _, bail};
use avow_shared::note::Verifier;
use avow_shared::proof_file::verify_head;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a witness, which no other process uses at the same time.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    /// Locked for as long as it is open.
    _lock: File,
}

impl State {
    /// Takes the folder; makes it if it is not there, but not the one it is in.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let shown = || format!("the state {}", folder.display());
        match fs::create_dir(folder) {
            Ok(()) => file::sync_folder_of(folder).with_context(shown)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(shown),
        }
        let lock = File::create(folder.join("lock")).with_context(shown)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!("{}: another witness uses it", shown()),
            Err(TryLockError::Error(error)) => Err(error).with_context(shown),
        }
    }

    /// The last head of a log with these keys. No file is a log that was never cosigned; a file that is not a
    /// head of that log is an error, because whoever forgets can be led to sign a fork.
    pub fn read(&self, origin: &str, keys: &[Verifier]) -> anyhow::Result<Known> {
        let path = self.path(origin, "head");
        let shown = || format!("the state of {origin}, {}", path.display());
        let head = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Known::nothing()),
            Err(error) => return Err(error).with_context(shown),
        };
        let head = String::from_utf8(head).context("it is not text").with_context(shown)?;
        let (head, _) = verify_head(&head, keys).with_context(shown)?;
        if head.origin != origin {
            bail!("{}: it is of another log", shown());
        }
        Ok(Known { size: head.size, root: head.root })
    }

    /// Remembers a signed head as the last; it is on disk when this returns.
    pub fn write(&self, origin: &str, signed: &str) -> io::Result<()> {
        file::replace(&self.path(origin, "head"), signed.as_bytes())
    }

    /// Keeps a head that contradicts the last one: with it, it proves that the log has forked. The first such
    /// head stays; says where it is.
    pub fn keep_fork(&self, origin: &str, signed: &str) -> io::Result<PathBuf> {
        let path = self.path(origin, "fork");
        if !path.try_exists()? {
            file::replace(&path, signed.as_bytes())?;
        }
        Ok(path)
    }

    fn path(&self, origin: &str, kind: &str) -> PathBuf {
        // An origin may have slashes, and any length.
        self.folder.join(format!("{}.{kind}", hex::encode(Sha256::digest(origin))))
    }
}
