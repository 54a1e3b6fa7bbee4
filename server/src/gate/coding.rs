//! Takes a compressed page apart piece by piece, and puts it together again.
//!
//! A small piece may unfold into gigabytes: what one piece may give, and what a whole page may give beyond all
//! reason, is bounded.

use brotli::DecompressorWriter;
use flate2::Compression;
use flate2::write::{DeflateDecoder, GzEncoder, MultiGzDecoder, ZlibDecoder};
use std::io::{self, Write};

/// Bytes that are unfolded at once.
const STEP: usize = 2 * 1024;
/// What one step may give: deflate makes at most 1032 of one.
const MOST_PER_STEP: usize = 4 * 1024 * 1024;
/// A page may be this large, whatever its ratio.
const MODEST: u64 = 64 * 1024 * 1024;
/// Beyond that it must not be more than so many times what was sent.
const RATIO: u64 = 100;
/// Bytes that brotli reads ahead.
const BROTLI_BUFFER: usize = 4 * 1024;
/// Quick, and nearly as small as the best for markup.
const LEVEL: u32 = 5;

/// How a page is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`.
    Gzip,
    /// `deflate`: by the RFC in zlib's frame, by some servers without it.
    Deflate,
    /// `br`.
    Brotli,
}

impl Coding {
    /// Reads a `Content-Encoding` other than `identity`.
    pub fn parse(text: &str) -> Result<Option<Self>, UnknownCoding> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "deflate" => Ok(Some(Self::Deflate)),
            "br" => Ok(Some(Self::Brotli)),
            _ => Err(UnknownCoding),
        }
    }
}

/// A coding that the gate cannot take apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCoding;

/// Unfolds a page.
pub struct Decoder {
    inner: Inner,
    taken: u64,
    given: u64,
}

enum Inner {
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zlib(Box<ZlibDecoder<Bounded>>),
    Raw(Box<DeflateDecoder<Bounded>>),
    Brotli(Box<DecompressorWriter<Bounded>>),
    /// Deflate, before its first byte says which of the two.
    Unknown,
}

/// Takes no more than one step may give.
#[derive(Default)]
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.0.len() + piece.len() > MOST_PER_STEP {
            return Err(io::Error::other("a piece of the page unfolds into too much"));
        }
        self.0.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Decoder {
    /// For that coding.
    pub fn new(coding: Coding) -> Self {
        let inner = match coding {
            Coding::Gzip => Inner::Gzip(Box::new(MultiGzDecoder::new(Bounded::default()))),
            Coding::Brotli => {
                Inner::Brotli(Box::new(DecompressorWriter::new(Bounded::default(), BROTLI_BUFFER)))
            }
            Coding::Deflate => Inner::Unknown,
        };
        Self { inner, taken: 0, given: 0 }
    }

    /// Unfolds a piece; `each` is called with a bounded part at a time.
    pub fn write(&mut self, piece: &[u8], mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if matches!(self.inner, Inner::Unknown)
            && let Some(first) = piece.first()
        {
            // Zlib's first byte names method 8 in its low half (RFC 1950 section 2.2).
            self.inner = if first & 0x0f == 8 {
                Inner::Zlib(Box::new(ZlibDecoder::new(Bounded::default())))
            } else {
                Inner::Raw(Box::new(DeflateDecoder::new(Bounded::default())))
            };
        }
        for step in piece.chunks(STEP) {
            self.inner.step(step)?;
            self.taken += step.len() as u64;
            self.hand(&mut each)?;
        }
        Ok(())
    }

    /// The page has ended: an error if something of it is missing.
    pub fn end(&mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.inner.finish()?;
        self.hand(&mut each)
    }

    fn hand(&mut self, each: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some(ready) = self.inner.ready() else { return Ok(()) };
        self.given += ready.len() as u64;
        if self.given > MODEST && self.given > self.taken * RATIO {
            return Err(io::Error::other("the page unfolds beyond all reason"));
        }
        each(ready)?;
        ready.clear();
        Ok(())
    }
}

impl Inner {
    fn step(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Self::Zlib(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Self::Raw(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Self::Brotli(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Self::Unknown => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Raw(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
            Self::Unknown => Ok(()),
        }
    }

    fn ready(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Gzip(decoder) => Some(&mut decoder.get_mut().0),
            Self::Zlib(decoder) => Some(&mut decoder.get_mut().0),
            Self::Raw(decoder) => Some(&mut decoder.get_mut().0),
            Self::Brotli(decoder) => Some(&mut decoder.get_mut().0),
            Self::Unknown => None,
        }
    }
}

/// Folds a rewritten page again, so that nothing waits for what comes later.
pub struct Encoder(GzEncoder<Vec<u8>>);

impl Encoder {
    /// For `gzip`, the one coding that every browser takes.
    pub fn gzip() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::new(LEVEL)))
    }

    /// Folds a piece; what is ready is returned.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(piece)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// The end.
    pub fn end(&mut self) -> io::Result<Vec<u8>> {
        self.0.try_finish()?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    fn unfolded(coding: Coding, folded: &[u8], cut: usize) -> io::Result<Vec<u8>> {
        let mut decoder = Decoder::new(coding);
        let mut all = Vec::new();
        for piece in folded.chunks(cut) {
            decoder.write(piece, |part| {
                all.extend_from_slice(part);
                Ok(())
            })?;
        }
        decoder.end(|part| {
            all.extend_from_slice(part);
            Ok(())
        })?;
        Ok(all)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::gzip();
        let mut all = encoder.write(text).expect("memory takes all");
        all.extend(encoder.end().expect("memory takes all"));
        all
    }

    #[test]
    fn every_coding_comes_back_however_it_is_cut() {
        let text = "<p>hello</p>".repeat(5_000).into_bytes();
        let mut brotli = Vec::new();
        let mut writer = brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22);
        writer.write_all(&text).expect("memory takes all");
        drop(writer);
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).expect("memory takes all");
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&text).expect("memory takes all");
        for (coding, folded) in [
            (Coding::Gzip, gzip(&text)),
            (Coding::Brotli, brotli),
            (Coding::Deflate, zlib.finish().expect("memory takes all")),
            (Coding::Deflate, raw.finish().expect("memory takes all")),
        ] {
            for cut in [1, 7, 100_000] {
                assert!(unfolded(coding, &folded, cut).expect("whole") == text, "{coding:?} cut at {cut}");
            }
            let short = &folded[..folded.len() / 2];
            let got = unfolded(coding, short, 100_000);
            assert!(got.is_err() || got.expect("no error").len() < text.len(), "{coding:?} was cut short");
        }
    }

    #[test]
    fn a_bomb_is_stopped_and_a_large_page_is_not() {
        let mut encoder = Encoder::gzip();
        let mut bomb = Vec::new();
        let nought = vec![0; 1024 * 1024];
        for _ in 0..200 {
            bomb.extend(encoder.write(&nought).expect("memory takes all"));
        }
        assert!(unfolded(Coding::Gzip, &bomb, 4096).is_err());
        let large = vec![0; 32 * 1024 * 1024];
        assert_eq!(unfolded(Coding::Gzip, &gzip(&large), 4096).expect("whole").len(), large.len());
    }
}
