//! The witness's private key: read or made at the start, used to cosign, and known to nobody else.

use super::file;
use crate::rng::Rng;
use anyhow::{Context as _, bail, ensure};
use avow_shared::note::{Algorithm, Verifier, cosigned_message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Longer files hold no key.
const MAX_FILE: u64 = 256;
/// Permissions that let anyone but the owner at a file.
const OTHERS: u32 = 0o077;

/// A key and the name under which it signs.
pub struct WitnessKey {
    verifier: Verifier,
    key: SigningKey,
}

impl WitnessKey {
    /// Reads the key from its file: 32 bytes in base64 on one line. Makes one if there is no file.
    pub fn open(name: &str, path: &Path, rng: &Rng) -> anyhow::Result<Self> {
        match File::open(path) {
            Ok(file) => Self::new(name, &read(file).with_context(|| shown(path))?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let seed = rng.bytes();
                let key = Self::new(name, &seed)?;
                let line = format!("{}\n", STANDARD.encode(seed));
                file::replace(path, line.as_bytes()).with_context(|| shown(path))?;
                tracing::info!("a new key was made");
                Ok(key)
            }
            Err(error) => Err(error).with_context(|| shown(path)),
        }
    }

    fn new(name: &str, seed: &[u8; 32]) -> anyhow::Result<Self> {
        let key = SigningKey::from_bytes(seed);
        let verifier = Verifier::new(name, Algorithm::Cosignature, key.verifying_key().as_bytes())
            .context("a witness's name is not empty and has no space, no plus and no control character")?;
        Ok(Self { verifier, key })
    }

    /// The public half.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The signature's line under a checkpoint's text (C2SP tlog-cosignature, Ed25519). `time` is in seconds
    /// since 1970.
    pub fn cosign(&self, text: &str, time: u64) -> String {
        let signature = self.key.sign(cosigned_message(time, text).as_bytes());
        let mut timestamped = time.to_be_bytes().to_vec();
        timestamped.extend_from_slice(&signature.to_bytes());
        self.verifier.line(&timestamped)
    }
}

fn read(file: File) -> anyhow::Result<[u8; 32]> {
    let meta = file.metadata()?;
    ensure!(meta.is_file(), "this is not a file");
    let mode = meta.permissions().mode();
    if mode & OTHERS != 0 {
        bail!("others than its owner may use the key (mode {:o}): chmod 600", mode & 0o777);
    }
    let mut line = String::new();
    file.take(MAX_FILE).read_to_string(&mut line)?;
    let seed = STANDARD.decode(line.strip_suffix('\n').unwrap_or(&line)).ok();
    seed.and_then(|seed| seed.try_into().ok()).context("this is not a key: 32 bytes in base64 on one line")
}

fn shown(path: &Path) -> String {
    format!("the key {}", path.display())
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WitnessKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
