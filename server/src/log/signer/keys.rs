//! Private keys: made at the first start, read from a file or the environment, replaced by `avow key rotate`.
//!
//! One key signs heads, another receipts. During a rotation heads are signed by the new key and the one before.

use super::HEADS;
use super::memory::make_private;
use avow_shared::note::Verifier;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The heads of logs.
    Head,
    /// Receipts.
    Receipt,
}

impl Purpose {
    /// The word in the database, in file names and in variables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Receipt => "receipt",
        }
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    File(PathBuf, std::io::Error),
    /// Others may read it.
    #[error("{path}: others may read this key; `chmod 600` it, and think of replacing it (`avow key rotate`)", path = .0.display())]
    Exposed(PathBuf),
    /// It is not 32 bytes in base64.
    #[error("{0}: a key is 32 bytes in base64")]
    Malformed(String),
}

/// Where keys come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The directory of key files.
    pub directory: PathBuf,
    /// A head key that was given instead of a file.
    pub head: Option<String>,
    /// A receipt key that was given instead of a file.
    pub receipt: Option<String>,
}

/// The private keys of an installation.
pub struct Keys {
    /// The present one, then the one before while a rotation lasts.
    heads: Vec<SigningKey>,
    receipt: SigningKey,
}

impl Source {
    /// Reads the keys. One that is not there is made of `candidate`'s bytes if `may_make` says so.
    pub fn read(
        &self,
        mut candidate: impl FnMut() -> [u8; 32],
        may_make: impl Fn(Purpose) -> bool,
    ) -> Result<Option<Keys>, KeyError> {
        let mut one = |purpose: Purpose, given: &Option<String>| -> Result<Option<SigningKey>, KeyError> {
            if let Some(text) = given {
                return parse(text, &format!("the {} key", purpose.as_str())).map(Some);
            }
            let path = self.file(purpose);
            match read(&path)? {
                Some(key) => Ok(Some(key)),
                None if may_make(purpose) => make(&path, candidate()).map(Some),
                None => Ok(None),
            }
        };
        let (Some(head), Some(receipt)) =
            (one(Purpose::Head, &self.head)?, one(Purpose::Receipt, &self.receipt)?)
        else {
            return Ok(None);
        };
        let heads = std::iter::once(head).chain(read(&self.previous())?).collect();
        Ok(Some(Keys { heads, receipt }))
    }

    /// The file of a key.
    pub fn file(&self, purpose: Purpose) -> PathBuf {
        self.directory.join(format!("{}.key", purpose.as_str()))
    }

    /// The file of the head key before the present one, while heads bear both.
    pub fn previous(&self) -> PathBuf {
        self.directory.join("head.previous.key")
    }
}

/// Makes a new head key; the present one becomes the previous. Returns the new public key.
pub fn rotate(source: &Source, candidate: [u8; 32]) -> Result<[u8; 32], KeyError> {
    let (present, previous) = (source.file(Purpose::Head), source.previous());
    let next = source.directory.join("head.next.key");
    let key = make(&next, candidate)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| KeyError::File(path, error)
    };
    fs::rename(&present, &previous).map_err(failed(&present))?;
    fs::rename(&next, &present).map_err(failed(&next))?;
    Ok(key.verifying_key().to_bytes())
}

impl Keys {
    /// The public key that heads bear first.
    pub fn head_key(&self) -> [u8; 32] {
        self.heads[0].verifying_key().to_bytes()
    }

    /// The public key of receipts.
    pub fn receipt_key(&self) -> [u8; 32] {
        self.receipt.verifying_key().to_bytes()
    }

    /// The public keys under a log's name.
    pub fn verifiers(&self, origin: &str) -> Vec<Verifier> {
        let public = self.heads.iter().map(|key| key.verifying_key().to_bytes());
        public.filter_map(|public| Verifier::new(origin, HEADS, &public)).collect()
    }

    pub(super) fn sign_head<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = [u8; 64]> + 'a {
        self.heads.iter().map(move |key| key.sign(text).to_bytes())
    }

    pub(super) fn sign_receipt(&self, text: &[u8]) -> [u8; 64] {
        self.receipt.sign(text).to_bytes()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

fn parse(text: &str, what: &str) -> Result<SigningKey, KeyError> {
    let seed: Option<[u8; 32]> = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    seed.map(|seed| SigningKey::from_bytes(&seed)).ok_or_else(|| KeyError::Malformed(what.to_owned()))
}

fn read(path: &Path) -> Result<Option<SigningKey>, KeyError> {
    let failed = |error| KeyError::File(path.to_owned(), error);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).map_err(failed)?) & 0o077 != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    parse(&text, &path.display().to_string()).map(Some)
}

/// Writes a key that only its owner may read, and puts it on disk before anything is signed with it.
fn make(path: &Path, seed: [u8; 32]) -> Result<SigningKey, KeyError> {
    let failed = |error| KeyError::File(path.to_owned(), error);
    let directory = path.parent().unwrap_or(Path::new("."));
    make_private(directory).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    writeln!(file, "{}", STANDARD.encode(seed)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    Ok(SigningKey::from_bytes(&seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(folder: &tempfile::TempDir) -> Source {
        Source { directory: folder.path().join("keys"), head: None, receipt: None }
    }

    #[test]
    fn keys_are_made_once_and_for_their_owner_only() {
        let folder = tempfile::tempdir().expect("a directory");
        let source = source(&folder);
        assert!(source.read(|| [1; 32], |_| false).expect("nothing there").is_none());
        let keys = source.read(|| [1; 32], |_| true).expect("made").expect("made");
        let again = source.read(|| [2; 32], |_| true).expect("read").expect("read");
        assert_eq!(keys.head_key(), again.head_key());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = source.file(Purpose::Head);
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
            assert!(matches!(source.read(|| [1; 32], |_| true), Err(KeyError::Exposed(_))));
        }
    }

    #[test]
    fn a_rotation_keeps_the_key_before() {
        let folder = tempfile::tempdir().expect("a directory");
        let source = source(&folder);
        let before = source.read(|| [1; 32], |_| true).expect("made").expect("made");
        let new = rotate(&source, [3; 32]).expect("rotated");
        let after = source.read(|| [9; 32], |_| false).expect("read").expect("there");
        assert_eq!((after.head_key(), after.receipt_key()), (new, before.receipt_key()));
        let public: Vec<[u8; 32]> = after.verifiers("o").iter().map(Verifier::public).collect();
        assert_eq!(public, [new, before.head_key()]);
    }

    #[test]
    fn a_key_may_be_given_and_must_be_one() {
        let folder = tempfile::tempdir().expect("a directory");
        let given = Source {
            head: Some(STANDARD.encode([7; 32])),
            receipt: Some(format!("{}\n", STANDARD.encode([8; 32]))),
            ..source(&folder)
        };
        assert!(given.read(|| [1; 32], |_| false).expect("read").is_some());
        let wrong = Source { head: Some("secret".to_owned()), ..given };
        let error = wrong.read(|| [1; 32], |_| true).expect_err("not a key").to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
