//! What the visitor's browser has to fetch: compresses files, prints the table, holds the budgets.

use anyhow::{Context, Result, bail};
use brotli::enc::BrotliEncoderParams;
use brotli::enc::backward_references::BrotliEncoderMode::{BROTLI_MODE_FONT, BROTLI_MODE_GENERIC};
use std::io::Write;

/// Largest the guard may be, in brotli bytes.
const GUARD: usize = 4_000;
/// Wanted for all that the first layer needs, in brotli bytes.
const WANTED: usize = 20_000;
/// The build fails above this.
const LIMIT: usize = 23_000;

/// The module that verifies receipts, in brotli bytes. Fetched by who asks for it.
const VERIFIER: usize = 16_000;

/// The bytes of one file as it is, in brotli and in gzip.
pub struct Packed {
    pub name: String,
    pub raw: Vec<u8>,
    pub brotli: Vec<u8>,
    pub gzip: Vec<u8>,
}

impl Packed {
    /// Compresses as hard as the formats allow; the same input gives the same bytes.
    pub fn new(name: &str, raw: Vec<u8>) -> Result<Self> {
        // Two ways to look at the bytes: modules of WebAssembly are shorter in that of fonts.
        let brotli = [BROTLI_MODE_GENERIC, BROTLI_MODE_FONT]
            .into_iter()
            .map(|mode| {
                let mut packed = Vec::new();
                let (quality, lgwin, size_hint) = (11, 22, raw.len());
                let parameters =
                    BrotliEncoderParams { quality, lgwin, size_hint, mode, ..Default::default() };
                brotli::BrotliCompress(&mut raw.as_slice(), &mut packed, &parameters)?;
                Ok(packed)
            })
            .collect::<std::io::Result<Vec<_>>>()
            .with_context(|| format!("compress {name} with brotli"))?;
        let brotli = brotli.into_iter().min_by_key(Vec::len).expect("two ways");
        let mut gzip = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::best());
        gzip.write_all(&raw)?;
        Ok(Self { name: name.to_owned(), brotli, gzip: gzip.finish()?, raw })
    }

    /// For the manifest.
    pub fn sizes(&self) -> serde_json::Value {
        serde_json::json!({ "raw": self.raw.len(), "br": self.brotli.len(), "gz": self.gzip.len() })
    }
}

/// All that a browser fetches before the first layer is on screen, in that order, and what it fetches after that.
pub struct FirstLayer {
    /// Part of the site script, and held to a budget of its own.
    pub guard: Packed,
    /// Guard and boot with a site's configuration, as the server joins them.
    pub site_script: Packed,
    pub glue: Packed,
    pub wasm: Packed,
    /// What the first layer needs of a policy, in one language.
    pub policy: Packed,
    /// Fetched once the first layer is on screen: not counted.
    pub preferences: Packed,
    /// Fetched when a visitor asks for receipts, and the module when they verify one.
    pub receipts: Packed,
    pub module: Packed,
}

impl FirstLayer {
    fn total(&self) -> usize {
        [&self.site_script, &self.glue, &self.wasm, &self.policy].iter().map(|part| part.brotli.len()).sum()
    }

    /// The table of sizes.
    pub fn print(&self) {
        println!("    {:<42} {:>8} {:>8} {:>8}", "file", "raw", "gzip", "brotli");
        let line = |part: &Packed| {
            let (raw, gzip, brotli) = (part.raw.len(), part.gzip.len(), part.brotli.len());
            println!("    {:<42} {raw:>8} {gzip:>8} {brotli:>8}", part.name);
        };
        line(&self.guard);
        [&self.site_script, &self.glue, &self.wasm, &self.policy].into_iter().for_each(line);
        println!("    {:<42} {:>26}", "first layer: all but the first line", self.total());
        [&self.preferences, &self.receipts, &self.module].into_iter().for_each(line);
    }

    /// Refuses what is too large. Without a rebuilt std 30 % more is allowed.
    pub fn check(&self, rebuilt_std: bool) -> Result<()> {
        let allow = |budget: usize| if rebuilt_std { budget } else { budget * 13 / 10 };
        let (guard, total) = (self.guard.brotli.len(), self.total());
        if guard > allow(GUARD) {
            bail!("the guard is {guard} bytes in brotli, more than {}", allow(GUARD));
        }
        let module = self.module.brotli.len();
        if module > allow(VERIFIER) {
            bail!("the module that verifies is {module} bytes in brotli, more than {}", allow(VERIFIER));
        }
        if total > allow(LIMIT) {
            bail!("the first layer is {total} bytes in brotli, more than {}", allow(LIMIT));
        }
        if total > allow(WANTED) {
            println!(
                "    warning: the first layer is {total} bytes in brotli, more than the wanted {}",
                allow(WANTED)
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: usize) -> Packed {
        Packed { name: String::new(), raw: Vec::new(), brotli: vec![0; bytes], gzip: Vec::new() }
    }

    fn check(guard: usize, rest: usize, rebuilt_std: bool) -> bool {
        check_all(guard, rest, VERIFIER, rebuilt_std)
    }

    fn check_all(guard: usize, rest: usize, module: usize, rebuilt_std: bool) -> bool {
        let layer = FirstLayer {
            guard: packed(guard),
            site_script: packed(0),
            glue: packed(0),
            wasm: packed(rest),
            policy: packed(0),
            preferences: packed(LIMIT),
            receipts: packed(LIMIT),
            module: packed(module),
        };
        layer.check(rebuilt_std).is_ok()
    }

    #[test]
    fn too_large_fails_and_a_prebuilt_std_gets_more_room() {
        assert!(check(GUARD, LIMIT, true));
        assert!(!check(GUARD + 1, LIMIT, true));
        assert!(!check(GUARD, LIMIT + 1, true));
        assert!(!check_all(GUARD, LIMIT, VERIFIER + 1, true));
        assert!(check(GUARD + 1, LIMIT + 1, false));
        assert!(!check(GUARD, LIMIT * 13 / 10 + 1, false));
    }

    #[test]
    fn compression_is_repeatable_and_reversible() {
        let text = b"denied by default ".repeat(50);
        let one = Packed::new("text", text.clone()).expect("compresses");
        let two = Packed::new("text", text.clone()).expect("compresses");
        assert_eq!((&one.brotli, &one.gzip), (&two.brotli, &two.gzip));
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut one.brotli.as_slice(), &mut back).expect("is brotli");
        assert_eq!(back, text);
        assert!(one.gzip.len() < 100);
    }
}
