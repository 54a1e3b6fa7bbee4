//! The files that MaxMind tests its own readers with, good and bad: they lie in the source of its Python package.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::tools;

/// The version whose files are used.
const RELEASE: &str = "maxminddb-3.2.0";
/// The SHA-256 of its source on PyPI.
const SHA256: &str = "d28e0073fd1dd637c8b95947bc864b5625eca9f8f2db1538145e33b2a1cd4b92";

/// The folder with `bad-data` and `test-data` in it; fetched once. `None`, said aloud, where there is no pip.
pub fn files() -> Result<Option<PathBuf>> {
    let folder = tools::root().join("target/pypi");
    let data = folder.join(RELEASE).join("tests/data");
    if data.join("bad-data").is_dir() {
        return Ok(Some(data));
    }
    let Some(python) = tools::installed(&["python3"], "AVOW_PYTHON").filter(|python| has_pip(python)) else {
        tools::skip("pip (for MaxMind's test files)")?;
        return Ok(None);
    };
    std::fs::create_dir_all(&folder)?;
    // Beside its place first, so that a run that breaks off leaves nothing half.
    let fresh = tempfile::tempdir_in(&folder)?;
    run(Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--no-binary", ":all:", "--dest"])
        .arg(fresh.path())
        .arg(RELEASE.replacen('-', "==", 1)))?;
    let archive = fresh.path().join(format!("{RELEASE}.tar.gz"));
    let sum = hex::encode(Sha256::digest(std::fs::read(&archive)?));
    ensure!(sum == SHA256, "{} is another file than it was: sha256 {sum}", archive.display());
    run(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(fresh.path()))?;
    std::fs::rename(fresh.path().join(RELEASE), folder.join(RELEASE))?;
    Ok(Some(data))
}

fn has_pip(python: &Path) -> bool {
    Command::new(python).args(["-m", "pip", "--version"]).output().is_ok_and(|done| done.status.success())
}

fn run(command: &mut Command) -> Result<()> {
    let done = command.output().with_context(|| format!("run {}", command.get_program().display()))?;
    ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
