//! Installs what a machine lacks, or says in one sentence what to install. Quick when there is nothing to do.

use crate::shell::{self, capture, find_program, is_ci, is_root, step};
use crate::{lists, npm, services, toolchain};
use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// How much a command needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Enough to build and serve.
    Build,
    /// Also what the tests drive: browsers, PostgreSQL, Redis, Go.
    Everything,
}

/// A program that the tests start, and where it comes from.
struct Needed {
    what: &'static str,
    find: fn() -> Option<PathBuf>,
    package: &'static str,
}

const NEEDED: [Needed; 12] = [
    Needed { what: "Chromium", find: chromium, package: "chromium" },
    Needed { what: "ChromeDriver", find: chromedriver, package: "chromium-driver" },
    Needed { what: "Firefox", find: firefox, package: "firefox-esr" },
    Needed { what: "WebKit's driver", find: webkit_driver, package: "webkit2gtk-driver" },
    Needed { what: "Xvfb", find: xvfb, package: "xvfb" },
    Needed { what: "dbus-run-session", find: dbus, package: "dbus" },
    Needed { what: "PostgreSQL", find: services::postgres_bin, package: "postgresql" },
    Needed { what: "Redis", find: services::redis_server, package: "redis-server" },
    Needed { what: "Go", find: go, package: "golang-go" },
    Needed { what: "golang.org/x/mod", find: go_packages, package: "golang-golang-x-mod-dev" },
    Needed { what: "Poppler", find: poppler, package: "poppler-utils" },
    Needed { what: "pip", find: pip, package: "python3-pip" },
];

pub fn run(scope: Scope) -> Result<()> {
    step("setup: npm tools", || {
        let folders: &[&str] =
            if scope == Scope::Build { &["widget", "demo-site"] } else { &["widget", "demo-site", "tests"] };
        for folder in folders {
            if shell::root().join(folder).join("package-lock.json").exists() {
                npm::install(folder)?;
            }
        }
        Ok(())
    })?;
    step("setup: WebAssembly", || {
        let toolchain = toolchain::find_or_install()?;
        println!("    {}", toolchain.version()?);
        Ok(())
    })?;
    if scope == Scope::Everything {
        step("setup: browsers, databases and judges", installed)?;
        step("setup: EasyPrivacy", lists::install)?;
        if !shell::succeeds(Command::new("unshare").args(["--mount", "true"])) {
            println!(
                "    WebKit's tests need a mount namespace of their own: run them as root, or allow `unshare --mount`"
            );
        }
    }
    Ok(())
}

fn installed() -> Result<()> {
    let missing: Vec<&Needed> = NEEDED.iter().filter(|needed| (needed.find)().is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|needed| needed.package).collect();
    apt_install(&packages)?;
    let missing: Vec<&Needed> = missing.into_iter().filter(|needed| (needed.find)().is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|needed| needed.what).collect::<Vec<_>>().join(", ");
    let packages = missing.iter().map(|needed| needed.package).collect::<Vec<_>>().join(" ");
    let sentence = format!("{names} missing: on Debian, `apt-get install {packages}`");
    if is_ci() {
        bail!(sentence);
    }
    println!("    {sentence}; tests that need them will be skipped");
    Ok(())
}

/// nginx, installed where that may be done: measured against, and one that the long tests run.
pub fn nginx() -> Result<Option<PathBuf>> {
    let find = || named("AVOW_NGINX", &["nginx"]);
    if find().is_none() && !apt_install(&["nginx-light"])? {
        println!("    nginx missing: on Debian, `apt-get install nginx-light`; what needs it is left out");
    }
    Ok(find())
}

/// Installs Debian packages where this process may. `false`: it may not, or apt could not; the caller knows
/// better what to say then.
pub fn apt_install(packages: &[&str]) -> Result<bool> {
    if !is_root() || find_program("apt-get").is_none() {
        return Ok(false);
    }
    println!("    apt-get install {}", packages.join(" "));
    let mut install = apt();
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    if shell::succeeds(&mut install) {
        return Ok(true);
    }
    // The lists may be empty or old.
    capture(apt().arg("update"))?;
    if let Err(error) = capture(&mut install) {
        println!("    {error}");
        return Ok(false);
    }
    Ok(true)
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-q").env("DEBIAN_FRONTEND", "noninteractive");
    // Installed servers are ours to start, on our own ports.
    command.env("RUNLEVEL", "1").stdin(std::process::Stdio::null());
    command
}

pub fn chromium() -> Option<PathBuf> {
    named("AVOW_CHROMIUM", &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
}

pub fn chromedriver() -> Option<PathBuf> {
    named("AVOW_CHROMEDRIVER", &["chromedriver"])
}

pub fn firefox() -> Option<PathBuf> {
    named("AVOW_FIREFOX", &["firefox-esr", "firefox"])
}

fn webkit_driver() -> Option<PathBuf> {
    named("AVOW_WEBKIT_DRIVER", &["WebKitWebDriver"])
}

fn xvfb() -> Option<PathBuf> {
    named("AVOW_XVFB", &["Xvfb"])
}

fn dbus() -> Option<PathBuf> {
    named("AVOW_DBUS_RUN_SESSION", &["dbus-run-session"])
}

/// Judges letters: a reader of PDF that is not ours.
fn poppler() -> Option<PathBuf> {
    find_program("pdftotext")
        .filter(|_| find_program("pdfinfo").is_some() && find_program("pdfdetach").is_some())
}

/// Fetches MaxMind's test files, which lie in a package of Python.
fn pip() -> Option<PathBuf> {
    let python = named("AVOW_PYTHON", &["python3"])?;
    shell::succeeds(Command::new(&python).args(["-m", "pip", "--version"])).then_some(python)
}

/// Judges the log and the witness: it has an implementation of its own.
pub fn go() -> Option<PathBuf> {
    named("AVOW_GO", &["go"])
}

/// Where Go finds the packages that judge: the folder that Debian's packages fill.
pub fn go_packages() -> Option<PathBuf> {
    let folder =
        std::env::var_os("AVOW_GOPATH").map_or_else(|| PathBuf::from("/usr/share/gocode"), PathBuf::from);
    folder.join("src/golang.org/x/mod/sumdb/tlog").is_dir().then_some(folder)
}

/// The programs that browser tests start, by the variables that name them; see `tests/src/tools.rs`.
pub fn browsers() -> [(&'static str, Option<PathBuf>); 6] {
    [
        ("AVOW_CHROMIUM", chromium()),
        ("AVOW_CHROMEDRIVER", chromedriver()),
        ("AVOW_FIREFOX", firefox()),
        ("AVOW_WEBKIT_DRIVER", webkit_driver()),
        ("AVOW_XVFB", xvfb()),
        ("AVOW_DBUS_RUN_SESSION", dbus()),
    ]
}

/// A program named by a variable, or the first of these on the search path.
pub fn named(variable: &str, names: &[&str]) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(path) => Some(PathBuf::from(path)).filter(|path| shell::is_executable(path)),
        None => names.iter().find_map(|name| find_program(name)),
    }
}
