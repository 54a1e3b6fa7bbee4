//! Installs and runs the npm tools that a folder's lock file pins. No package's own scripts are run.

use crate::shell::{capture, find_program, root};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs exactly what `package-lock.json` in that folder of the workspace says; quick if it is there.
pub fn install(folder: &str) -> Result<()> {
    let folder = root().join(folder);
    let lock = std::fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("read {}/package-lock.json", folder.display()))?;
    // A copy of the lock marks what is installed.
    let mark = folder.join("node_modules/.avow-installed");
    if std::fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    if find_program("npm").is_none() {
        bail!("npm is missing: install Node.js 20 or newer");
    }
    println!("    npm ci in {}", folder.strip_prefix(root()).unwrap_or(&folder).display());
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    capture(&mut npm)?;
    std::fs::create_dir_all(folder.join("node_modules"))?;
    std::fs::write(mark, lock)?;
    Ok(())
}

/// A tool that `install("widget")` brought.
pub fn tool(name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(bin(name));
    command
}

fn bin(name: &str) -> PathBuf {
    root().join(Path::new("widget/node_modules/.bin")).join(name)
}
