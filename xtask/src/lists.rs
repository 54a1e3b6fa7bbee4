//! The list of others that judges what the tests see: EasyPrivacy, from Debian's package of uBlock Origin.
//!
//! The package is unpacked into the target folder and installed nowhere: Debian's Chromium loads installed extensions by
//! itself, and this one would block in the browser that is tested. Read next: `tests/src/easyprivacy.rs`.

use crate::shell::{self, capture, find_program, is_ci, target_dir};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

const PACKAGE: &str = "webext-ublock-origin-chromium";
const INSIDE: &str =
    "usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist/easyprivacy.txt";

/// The list, where it has been unpacked or somebody says it is.
pub fn easyprivacy() -> Option<PathBuf> {
    let named = std::env::var_os("AVOW_EASYPRIVACY").map(PathBuf::from);
    Some(named.unwrap_or_else(|| folder().join(INSIDE))).filter(|path| path.is_file())
}

/// Fetches it where it is missing and apt can; else says what is left out.
pub fn install() -> Result<()> {
    if easyprivacy().is_some() {
        return Ok(());
    }
    if find_program("apt-get").is_some() && find_program("dpkg-deb").is_some() {
        // The lists of packages may be empty or old, and only root may renew them.
        if !download() && shell::is_root() {
            capture(Command::new("apt-get").args(["-q", "update"]))?;
            download();
        }
    }
    if easyprivacy().is_some() {
        return Ok(());
    }
    let sentence = format!(
        "EasyPrivacy missing: on Debian, `apt-get download {PACKAGE}`; or name a copy in AVOW_EASYPRIVACY"
    );
    if is_ci() {
        bail!(sentence);
    }
    println!("    {sentence}; tests that need it will be skipped");
    Ok(())
}

fn folder() -> PathBuf {
    target_dir().join("ublock-origin")
}

/// Downloads and unpacks; whether the list is there afterwards is for the caller to see.
fn download() -> bool {
    let unpacked = || -> Result<()> {
        let folder = folder();
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        // Without the sandbox of apt's own user, who may not write here.
        let mut fetch = Command::new("apt-get");
        fetch.args(["-q", "-o", "APT::Sandbox::User=root", "download", PACKAGE]).current_dir(&folder);
        if !shell::succeeds(&mut fetch) {
            bail!("apt-get did not download {PACKAGE}");
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "deb") {
                capture(Command::new("dpkg-deb").arg("--extract").arg(&path).arg(&folder))?;
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    };
    unpacked().is_ok()
}
