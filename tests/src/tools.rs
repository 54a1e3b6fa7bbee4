//! What the tests find around them: binaries, services, npm packages, and which tier is asked for.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};

/// True for the long tier.
pub fn full() -> bool {
    env::var_os("AVOW_TEST_FULL").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The value in the quick tier, or the one in the full tier.
pub fn by_tier<T>(quick: T, in_full: T) -> T {
    if full() { in_full } else { quick }
}

/// Says that a test cannot run here. A failure where `CI` is set: there everything must be present.
pub fn skip(what: &str) -> Result<()> {
    ensure!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{what} is missing, and this is CI");
    eprintln!("skipped: {what} is missing");
    Ok(())
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the repository").to_owned()
}

/// A binary of this workspace, from `variable` or beside the running test.
pub fn built(name: &str, variable: &str) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    // target/<profile>/deps/<test> → target/<profile>/<name>
    let test = env::current_exe().context("find the running test")?;
    let path = test.ancestors().nth(2).context("find the build directory")?.join(name);
    ensure!(
        path.is_file(),
        "{} is not built: run `cargo build --workspace`, or set {variable}",
        path.display()
    );
    Ok(path)
}

/// An installed program, from `variable` or the search path.
pub fn installed(names: &[&str], variable: &str) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let search = env::var_os("PATH")?;
    let sbin = [PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")];
    let directories: Vec<PathBuf> = env::split_paths(&search).chain(sbin).collect();
    names.iter().find_map(|name| directories.iter().map(|dir| dir.join(name)).find(|path| path.is_file()))
}

/// The folder of an npm package of `tests/package.json`, installed from its lock when it is not there yet.
pub fn npm(package: &str) -> Result<PathBuf> {
    static INSTALL: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("node_modules").join(package);
    if !folder.is_dir() {
        let done = INSTALL.get_or_init(|| install(here).map_err(|error| format!("{error:#}")));
        if let Err(error) = done {
            bail!("{error}");
        }
    }
    ensure!(folder.is_dir(), "npm did not install {package}");
    Ok(folder)
}

fn install(here: &Path) -> Result<()> {
    let done = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(here)
        .output()
        .context("run npm (install Node.js)")?;
    ensure!(done.status.success(), "npm ci in tests/: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
