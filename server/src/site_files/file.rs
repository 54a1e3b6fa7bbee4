//! A made file, compressed once.

use std::io::Write as _;

use avow_shared::id::hex;
use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// Largest window of brotli, as a power of two.
const WINDOW: u32 = 22;
/// The best that brotli does; a file is compressed once per publish.
const QUALITY: u32 = 11;

/// A file in its three encodings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct File {
    /// First 16 hexadecimal characters of the text's SHA-256.
    pub tag: String,
    /// As it is.
    pub plain: Bytes,
    /// After brotli.
    pub brotli: Bytes,
    /// After gzip.
    pub gzip: Bytes,
}

impl File {
    /// Compresses a text.
    pub fn new(text: String) -> std::io::Result<Self> {
        let mut brotli = CompressorWriter::new(Vec::new(), 4096, QUALITY, WINDOW);
        brotli.write_all(text.as_bytes())?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text.as_bytes())?;
        Ok(Self {
            tag: hex(&Sha256::digest(&text)[..8]),
            brotli: brotli.into_inner().into(),
            gzip: gzip.finish()?.into(),
            plain: text.into(),
        })
    }
}
