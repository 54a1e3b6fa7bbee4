//! The ZIP of a bundle as a stranger's: nothing in it is believed, unpacked to a disk, or read without a limit.
//!
//! Only files of a bundle may be in it, each once, none over another, none that swells beyond what text does.
//! What this is *not*: it does not know what the files mean.

use super::names;
use crate::report::Finding;
use avow_shared::id::is_hex;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use zip::read::ZipReadOptions;
use zip::{CompressionMethod, ZipArchive};

/// The record at the end of every ZIP without a comment, bytes.
const END_LEN: usize = 22;
/// Most files: above thousands of versions and builds, with their pictures.
const MAX_FILES: u16 = 60_000;
/// Longest directory of those files, bytes.
const MAX_DIRECTORY: u32 = 16 << 20;
/// Longest of the small files, bytes.
const MAX_SMALL: u64 = 64 << 10;
/// Longest policy and verifier, bytes.
const MAX_DOCUMENT: u64 = 8 << 20;
/// Longest line, bytes: a proof with a head of the greatest length, escaped.
const MAX_LINE: u64 = 256 << 10;
/// Text does not swell further than this when it is unpacked.
const MAX_RATIO: u64 = 100;
/// What a thread that unpacks hands over at once, bytes.
const PIECE: usize = 64 << 10;
/// How many of these may wait.
const PIECES: usize = 4;
/// Files that unpack to less may swell as they like.
const SMALL_ENOUGH: u64 = 1 << 20;

/// An open bundle. A clone reads the same file with a place of its own in it.
pub(super) struct Archive<R>(ZipArchive<Shared<R>>);

impl<R> Clone for Archive<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// A version's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// The compiled document.
    Document,
    /// What it came from.
    Source,
}

fn wrong(what: impl Into<String>) -> Finding {
    Finding::new("container", what)
}

fn unreadable(name: &str, error: &dyn std::error::Error) -> Finding {
    wrong(format!("{name} cannot be unpacked: {error}"))
}

impl<R: Read + Seek> Archive<R> {
    /// Opens a ZIP if it is one of a bundle.
    pub(super) fn open(file: R) -> Result<Self, Finding> {
        let mut file = Shared { file: Arc::new(Mutex::new(file)), at: 0 };
        end(&mut file)?;
        let mut zip = ZipArchive::new(file).map_err(|error| wrong(format!("this is not a ZIP: {error}")))?;
        if zip.offset() != 0 || zip.has_duplicate_names() {
            return Err(wrong("it has a file twice, or something before its first file"));
        }
        if zip.has_overlapping_entries().map_err(|error| unreadable("it", &error))? {
            return Err(wrong("its files lie over one another"));
        }
        let mut archive = Self(zip);
        for at in 0..archive.0.len() {
            archive.admit(at)?;
        }
        Ok(archive)
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn admit(&mut self, at: usize) -> Result<(), Finding> {
        let file = self.0.by_index_raw(at).map_err(|error| unreadable("it", &error))?;
        let name = file.name().map_err(|_| wrong("a file's name is not text"))?.into_owned();
        let most = limit(&name).ok_or_else(|| wrong(format!("{name} does not belong into a bundle")))?;
        let swells = file.size() > SMALL_ENOUGH && file.size() / MAX_RATIO > file.compressed_size();
        if file.size() > most || swells {
            return Err(wrong(format!("{name} unpacks to more than such a file may be")));
        }
        let plain = matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        if !plain || file.encrypted() {
            return Err(wrong(format!("{name} is packed in a way that bundles do not use")));
        }
        Ok(())
    }

    /// Whether unpacking its records takes longer than starting a thread.
    pub(super) fn is_large(&self) -> bool {
        self.0.decompressed_size().is_none_or(|size| size > u128::from(SMALL_ENOUGH))
    }

    /// Whether a file is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.index_for_name(name).is_some()
    }

    /// A small file as text, if it is there.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Finding> {
        let Some(at) = self.0.index_for_name(name) else { return Ok(None) };
        let bytes = self.bytes(at, name)?;
        String::from_utf8(bytes).map(Some).map_err(|_| wrong(format!("{name} is not text")))
    }

    /// A small file that every bundle has.
    pub(super) fn needed(&mut self, name: &str) -> Result<String, Finding> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// The SHA-256 of a file, if it is there.
    pub(super) fn hash(&mut self, name: &str) -> Result<Option<[u8; 32]>, Finding> {
        let Some(at) = self.0.index_for_name(name) else { return Ok(None) };
        Ok(Some(Sha256::digest(self.bytes(at, name)?).into()))
    }

    /// The versions whose files are there, and the SHA-256 of each file.
    pub(super) fn policies(&mut self) -> Result<Vec<(u32, Policy, [u8; 32])>, Finding> {
        let mut policies = Vec::new();
        for at in 0..self.0.len() {
            let Some(Ok(name)) = self.0.name_for_index(at) else { continue };
            let name = name.into_owned();
            if let Some((version, policy)) = policy(&name) {
                policies.push((version, policy, Sha256::digest(self.bytes(at, &name)?).into()));
            }
        }
        Ok(policies)
    }

    /// The files of builds and the pictures that are there, and the SHA-256 of each.
    pub(super) fn artefacts(&mut self) -> Result<Vec<(String, [u8; 32])>, Finding> {
        let mut artefacts = Vec::new();
        for at in 0..self.0.len() {
            let Some(Ok(name)) = self.0.name_for_index(at) else { continue };
            let name = name.into_owned();
            if is_artefact(&name) {
                let hash = Sha256::digest(self.bytes(at, &name)?).into();
                artefacts.push((name, hash));
            }
        }
        Ok(artefacts)
    }

    fn bytes(&mut self, at: usize, name: &str) -> Result<Vec<u8>, Finding> {
        let mut bytes = Vec::new();
        let mut file = self.entry(at, name)?;
        file.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
        Ok(bytes)
    }

    /// A file to be read line by line.
    pub(super) fn lines(&mut self, name: &'static str) -> Result<Lines<impl BufRead>, Finding> {
        let at = self.0.index_for_name(name).ok_or_else(|| missing(name))?;
        Ok(Lines { name, reader: BufReader::with_capacity(64 << 10, self.entry(at, name)?) })
    }

    /// What is unpacked is never longer than the directory says, which was held to the limits.
    fn entry(&mut self, at: usize, name: &str) -> Result<impl Read, Finding> {
        let options = ZipReadOptions::new().enforce_header_consistency(true);
        let file = self.0.by_index_with_options(at, options).map_err(|error| unreadable(name, &error))?;
        let size = file.size();
        Ok(Exactly { file, left: size })
    }
}

fn missing(name: &str) -> Finding {
    wrong(format!("{name} is missing"))
}

/// The ZIP must end with its directory, and say no more than a bundle can have.
fn end<R: Read + Seek>(file: &mut Shared<R>) -> Result<(), Finding> {
    let mut end = [0; END_LEN];
    let read = file.seek(SeekFrom::End(-22)).and_then(|_| file.read_exact(&mut end));
    read.map_err(|error| wrong(format!("this is not a ZIP: {error}")))?;
    let number = |at: usize| u16::from_le_bytes([end[at], end[at + 1]]);
    let directory = u32::from_le_bytes([end[12], end[13], end[14], end[15]]);
    let is_end = end.starts_with(b"PK\x05\x06") && number(20) == 0;
    if !is_end {
        return Err(wrong("this is not a ZIP, or something follows it"));
    }
    if number(10) > MAX_FILES || directory > MAX_DIRECTORY {
        return Err(wrong("it has more files than a bundle can have"));
    }
    Ok(())
}

/// How long a file of that name may be; `None` if no bundle has one.
fn limit(name: &str) -> Option<u64> {
    match name {
        names::MANIFESTS
        | names::RECORDS
        | names::LEAVES
        | names::PROOFS
        | names::TABLE
        | names::ERASED_LATER => Some(u64::MAX),
        names::VERIFIER => Some(MAX_DOCUMENT),
        name if names::SMALL.contains(&name) => Some(MAX_SMALL),
        name if is_artefact(name) => Some(MAX_DOCUMENT),
        name => policy(name).map(|_| MAX_DOCUMENT),
    }
}

/// Whether it is called as a file of a build, or a picture: by its SHA-256.
pub(super) fn is_artefact(name: &str) -> bool {
    let parts = name.strip_prefix(names::ARTEFACTS).and_then(|name| name.split_once('.'));
    parts.is_some_and(|(hash, extension)| is_hex(hash, 64) && matches!(extension, "js" | "wasm" | "png"))
}

/// Which version's file that is.
fn policy(name: &str) -> Option<(u32, Policy)> {
    let (version, extension) = name.strip_prefix(names::POLICIES)?.split_once('.')?;
    let number: u32 = version.parse().ok()?;
    let policy = match extension {
        "json" => Policy::Document,
        "toml" => Policy::Source,
        _ => return None,
    };
    (number.to_string() == version).then_some((number, policy))
}

/// Lines of a file.
pub(super) struct Lines<R> {
    name: &'static str,
    reader: R,
}

impl<R: BufRead> Lines<R> {
    /// Appends the next line without its newline, and says where it is; `None` at the end.
    pub(super) fn next(&mut self, into: &mut Vec<u8>) -> Result<Option<Range<usize>>, Finding> {
        let start = into.len();
        let read = (&mut self.reader).take(MAX_LINE).read_until(b'\n', into);
        match read.map_err(|error| unreadable(self.name, &error))? {
            0 => Ok(None),
            _ if into.last() == Some(&b'\n') => Ok(Some(start..into.len() - 1)),
            _ => Err(wrong(format!("{} has a line that is too long, or does not end", self.name))),
        }
    }
}

impl<R: BufRead + Send> Lines<R> {
    /// The same, unpacked by a thread of its own, a bounded piece ahead.
    pub(super) fn ahead<'scope>(self, scope: &'scope Scope<'scope, '_>) -> Lines<Ahead>
    where
        R: 'scope,
    {
        let Self { name, mut reader } = self;
        let (pieces, unpacked) = sync_channel(PIECES);
        scope.spawn(move || {
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                let read = reader.by_ref().take(PIECE as u64).read_to_end(&mut piece);
                let ended = !matches!(read, Ok(1..));
                // Nobody takes it any more, or there is nothing more to take.
                if pieces.send(read.map(|_| piece)).is_err() || ended {
                    return;
                }
            }
        });
        Lines { name, reader: Ahead { unpacked, piece: Vec::new(), at: 0 } }
    }
}

/// A file that another thread unpacks.
pub(super) struct Ahead {
    unpacked: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl BufRead for Ahead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.piece.len() {
            // The last piece is empty, or an error; after it there is none.
            self.piece = self.unpacked.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            self.at = 0;
        }
        Ok(&self.piece[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// A file that must be as long as the directory says.
struct Exactly<R> {
    file: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let length = u64::try_from(read).map_err(io::Error::other)?;
        match self.left.checked_sub(length) {
            Some(left) if read > 0 || left == 0 || buffer.is_empty() => {
                self.left = left;
                Ok(read)
            }
            _ => Err(io::Error::new(ErrorKind::InvalidData, "it is not as long as the directory says")),
        }
    }
}

/// One file with several places in it.
struct Shared<R> {
    file: Arc<Mutex<R>>,
    at: u64,
}

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self { file: Arc::clone(&self.file), at: self.at }
    }
}

/// Each read and each seek says where: nothing is left half done by a thread that is gone.
fn lock<R>(file: &Mutex<R>) -> MutexGuard<'_, R> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Read + Seek> Read for Shared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = lock(&self.file);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(buffer)?;
        self.at += u64::try_from(read).map_err(io::Error::other)?;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Shared<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut file = lock(&self.file);
        if let SeekFrom::Current(_) = to {
            file.seek(SeekFrom::Start(self.at))?;
        }
        self.at = file.seek(to)?;
        Ok(self.at)
    }
}
