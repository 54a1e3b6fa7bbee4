//! How far each log was signed: one small file for each site, outside the database.
//!
//! It is written before each signature and put on disk every second. A killed process loses nothing of it; a
//! loss of power may take the last second, never more than the database keeps.

use avow_shared::id::hex;
use avow_shared::merkle::Hash;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// First word of every file.
const MAGIC: &str = "avow-signer-1";
/// The two places that are written in turn; apart, so that one torn write spoils one of them.
const SLOTS: [u64; 2] = [512, 1024];
/// Bytes of a slot.
const SLOT: usize = 160;

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Which log.
    pub origin: String,
    /// Leaves that were signed.
    pub size: u64,
    /// Their root.
    pub root: Hash,
}

/// The directory, locked while this lives.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    _lock: File,
}

/// One site's file, open for writing.
#[derive(Debug)]
pub struct Memory {
    file: File,
    turn: u64,
    unsynced: bool,
}

impl Directory {
    /// Makes it if it is not there, for its owner only, and locks it.
    pub fn open(path: &Path) -> io::Result<Self> {
        make_private(path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                ErrorKind::ResourceBusy,
                format!("{} is in use by another process: each needs one of its own", path.display()),
            )),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// What is remembered of a site; `None` if it has no file. A file that says nothing readable is an error,
    /// never a fresh start.
    pub fn read(&self, site: &str) -> io::Result<Option<Remembered>> {
        remembered(&self.path, site)
    }

    /// Opens a site's file for writing; made if it is not there.
    pub fn memory(&self, site: &str, origin: &str) -> io::Result<Memory> {
        let path = file_of(&self.path, site);
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(mut file) => {
                let (_, turn) = read(&mut file)?;
                Ok(Memory { file, turn, unsynced: false })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
                writeln!(file, "{MAGIC} {origin}")?;
                Ok(Memory { file, turn: 0, unsynced: true })
            }
            Err(error) => Err(error),
        }
    }

    /// Sets a site's file aside, for a log that goes on under another name.
    pub fn set_aside(&self, site: &str, epoch: i64) -> io::Result<()> {
        let kept = self.path.join(format!("{site}.epoch-{epoch}.head"));
        match fs::rename(file_of(&self.path, site), kept) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

/// What is remembered of a site in a directory that is only looked at; `None` if nothing is.
pub fn remembered(directory: &Path, site: &str) -> io::Result<Option<Remembered>> {
    match File::open(file_of(directory, site)) {
        Ok(mut file) => read(&mut file).map(|(remembered, _)| Some(remembered)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

// A site's id is a plain word.
fn file_of(directory: &Path, site: &str) -> PathBuf {
    directory.join(format!("{site}.head"))
}

impl Memory {
    /// Remembers a head, in the place that is older.
    pub fn keep(&mut self, size: u64, root: &Hash) -> io::Result<()> {
        self.turn += 1;
        let line = line(self.turn, size, root);
        self.file.seek(SeekFrom::Start(SLOTS[usize::from(self.turn % 2 == 1)]))?;
        self.file.write_all(line.as_bytes())?;
        self.unsynced = true;
        Ok(())
    }

    /// Puts it on disk.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }
}

/// A slot: turn, size, root and a sum of the three, filled up to its length.
fn line(turn: u64, size: u64, root: &Hash) -> String {
    let content = format!("{turn} {size} {}", hex(root));
    let sum = hex(&Sha256::digest(content.as_bytes())[..8]);
    format!("{content} {sum}{:1$}", "\n", SLOT - content.len() - sum.len() - 1)
}

/// The newer of the two places, and its turn.
fn read(file: &mut File) -> io::Result<(Remembered, u64)> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(4096).read_to_end(&mut bytes)?;
    let broken = || io::Error::new(ErrorKind::InvalidData, "a file that cannot be read");
    let text =
        |range: std::ops::Range<usize>| bytes.get(range).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let head =
        bytes.iter().position(|byte| *byte == b'\n').and_then(|end| text(0..end)).ok_or_else(broken)?;
    let origin = head.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(broken)?;
    let newest = SLOTS
        .iter()
        .filter_map(|start| {
            let start = usize::try_from(*start).ok()?;
            parse(text(start..(start + SLOT).min(bytes.len()))?)
        })
        .max_by_key(|(turn, ..)| *turn);
    let (turn, size, root) = newest.ok_or_else(broken)?;
    Ok((Remembered { origin: origin.to_owned(), size, root }, turn))
}

fn parse(slot: &str) -> Option<(u64, u64, Hash)> {
    let mut words = slot.split_whitespace();
    let (turn, size, root) = (words.next()?, words.next()?, words.next()?);
    let (turn, size) = (turn.parse().ok()?, size.parse().ok()?);
    let root = hex::decode(root).ok()?.try_into().ok()?;
    (line(turn, size, &root).trim_end() == slot.trim_end()).then_some((turn, size, root))
}

/// Makes a directory that only its owner may enter.
pub fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_at(path: &Path, at: u64, bytes: &[u8]) {
        let mut file = OpenOptions::new().write(true).open(path).expect("it is there");
        file.seek(SeekFrom::Start(at)).expect("a place");
        file.write_all(bytes).expect("written");
    }

    #[test]
    fn the_last_head_is_remembered_and_a_torn_write_leaves_the_one_before() {
        let folder = tempfile::tempdir().expect("a directory");
        let directory = Directory::open(folder.path()).expect("opened");
        assert_eq!(directory.read("site").expect("nothing there"), None);
        let mut memory = directory.memory("site", "o/1").expect("made");
        for size in 1..6u8 {
            memory.keep(u64::from(size), &[size; 32]).expect("kept");
            memory.sync().expect("synced");
            let read = directory.read("site").expect("read");
            assert_eq!(
                read,
                Some(Remembered { origin: "o/1".to_owned(), size: size.into(), root: [size; 32] })
            );
        }
        // The fifth stands in the second place.
        let path = folder.path().join("site.head");
        write_at(&path, SLOTS[1] + 3, b"x");
        assert_eq!(directory.read("site").expect("read").expect("there").size, 4);
        // It goes on after what is left.
        let mut memory = directory.memory("site", "o/1").expect("opened");
        memory.keep(9, &[9; 32]).expect("kept");
        assert_eq!(directory.read("site").expect("read").expect("there").size, 9);
        for slot in SLOTS {
            write_at(&path, slot, b"torn");
        }
        assert!(directory.read("site").is_err() && directory.memory("site", "o/1").is_err());
    }

    #[test]
    fn no_second_process_may_sign_from_one_memory() {
        let folder = tempfile::tempdir().expect("a directory");
        let first = Directory::open(folder.path()).expect("opened");
        let refused = Directory::open(folder.path()).expect_err("locked");
        assert_eq!(refused.kind(), ErrorKind::ResourceBusy);
        drop(first);
        Directory::open(folder.path()).expect("free again");
    }
}
