//! Builds and runs the judge in `tests/interop/go/`, which knows trees and notes from Go's own packages only.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};
use avow_tests::tools;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Where Debian puts the sources of Go packages.
const GOPATH: &str = "/usr/share/gocode";

/// The judge, built once; `None`, said aloud, if Go or its packages are not here.
pub fn judge() -> Result<Option<Judge>> {
    static BUILT: OnceLock<std::result::Result<Option<PathBuf>, String>> = OnceLock::new();
    match BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))) {
        Ok(Some(program)) => Ok(Some(Judge(program.clone()))),
        Ok(None) => Ok(None),
        Err(error) => bail!("{error}"),
    }
}

/// A program that was built.
pub struct Judge(PathBuf);

impl Judge {
    /// Judges each case; `None` is accepted, else the reason of the refusal.
    pub fn check(&self, cases: &Value) -> Result<Vec<Option<String>>> {
        self.run("check", cases)
    }

    /// Makes a log of that many leaves and all that Go can say of it.
    pub fn make<T: DeserializeOwned>(&self, wanted: &Value) -> Result<T> {
        self.run("make", wanted)
    }

    fn run<T: DeserializeOwned>(&self, what: &str, input: &Value) -> Result<T> {
        let mut child = Command::new(&self.0)
            .arg(what)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start the judge")?;
        // It reads all of its input before it writes.
        child.stdin.take().context("its input")?.write_all(&serde_json::to_vec(input)?)?;
        let done = child.wait_with_output()?;
        ensure!(done.status.success(), "judge {what}: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).context("read the judgement")
    }
}

fn build() -> Result<Option<PathBuf>> {
    let gopath = std::env::var_os("AVOW_GOPATH").unwrap_or_else(|| OsString::from(GOPATH));
    let packages = Path::new(&gopath).join("src/golang.org/x/mod/sumdb/tlog");
    let Some(go) = tools::installed(&["go"], "AVOW_GO").filter(|_| packages.is_dir()) else {
        tools::skip("Go with golang.org/x/mod (golang-go, golang-golang-x-mod-dev)")?;
        return Ok(None);
    };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = target.join("interop-judge");
    let done = Command::new(go)
        .args(["build", "-o"])
        .arg(&program)
        .arg("judge.go")
        .current_dir(tools::root().join("tests/interop/go"))
        .env("GO111MODULE", "off")
        .env("GOFLAGS", "")
        .env("GOPATH", &gopath)
        .env("GOCACHE", target.join("go-cache"))
        .env("CGO_ENABLED", "0")
        .output()
        .context("run go")?;
    ensure!(done.status.success(), "go build: {}", String::from_utf8_lossy(&done.stderr));
    Ok(Some(program))
}
