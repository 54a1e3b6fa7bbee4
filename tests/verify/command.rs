//! Runs `avow verify` as a stranger does: with no database and nothing in the environment.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use avow_tests::tools::built;
use serde_json::Value;
use tempfile::TempDir;

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// Exit status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// Verified.
    pub fn holds(&self) -> Result<()> {
        ensure!(self.code == 0, "{self:?}");
        Ok(())
    }

    /// Not verified, at this step, with this in its sentence.
    pub fn fails(&self, step: &str, found: &str) -> Result<()> {
        let named = self.err.strip_prefix(&format!("avow: not verified: {step}: "));
        ensure!(
            self.code == 1 && named.is_some_and(|text| text.contains(found)),
            "{step}: {found}: {self:?}"
        );
        Ok(())
    }

    /// Could not be read.
    pub fn unreadable(&self, found: &str) -> Result<()> {
        ensure!(self.code == 2 && self.err.contains(found) && self.out.is_empty(), "{found}: {self:?}");
        Ok(())
    }

    /// The result for scripts.
    pub fn json(&self) -> Result<Value> {
        ensure!(self.out.lines().count() == 1, "{self:?}");
        Ok(serde_json::from_str(&self.out)?)
    }
}

/// A folder with the files that are verified.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Result<Self> {
        Ok(Self(TempDir::new()?))
    }

    /// Puts a file there; its path.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<String> {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(path.display().to_string())
    }
}

/// Runs `avow verify` with these arguments.
pub fn verify(arguments: &[&str]) -> Result<Answer> {
    let mut command = Command::new(built("avow", "AVOW_BIN")?);
    command.arg("verify").args(arguments).env_clear();
    // The server that it asks may run on this runtime: its threads must not all wait for the command.
    let done = tokio::task::block_in_place(|| command.output()).context("run avow verify")?;
    Ok(Answer {
        code: done.status.code().context("it was ended by a signal")?,
        out: String::from_utf8(done.stdout)?,
        err: String::from_utf8(done.stderr)?,
    })
}
