//! Finds a compiler with a standard library for WebAssembly: rustup's, or a distribution's rebuilt from source.
//!
//! Names are found at run time, because the distribution's version moves with its security updates.

use crate::setup;
use crate::shell::{self, capture, root, succeeds};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

const MISSING: &str = "no Rust compiler here can build for WebAssembly: run `rustup target add \
    wasm32-unknown-unknown`, or on Debian `apt-get install rustc-web cargo-web rust-web-src lld`";

/// A cargo and compiler that build for WebAssembly.
pub struct Toolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    linker: Option<PathBuf>,
    /// The compiler's source code lies here and std is compiled with the widget's own settings.
    rebuilds_std: bool,
}

impl Toolchain {
    /// Whether std is compiled with the widget's own settings, which makes it much smaller.
    pub fn rebuilds_std(&self) -> bool {
        self.rebuilds_std
    }

    /// The compiler's own name for itself.
    pub fn version(&self) -> Result<String> {
        Ok(capture(Command::new(&self.rustc).current_dir(root()).arg("--version"))?.trim().to_owned())
    }

    /// `cargo build` for WebAssembly, the package still to be named.
    pub fn build(&self, workspace: &Path, target_dir: &Path) -> Result<Command> {
        let mut command = Command::new(&self.cargo);
        let mut flags = remaps(workspace, &self.sysroot()?);
        command.current_dir(workspace);
        // Set by the cargo that started us, for its own toolchain.
        for inherited in
            ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTFLAGS", "RUSTC_WRAPPER", "RUSTDOC", "CARGO_BUILD_TARGET"]
        {
            command.env_remove(inherited);
        }
        command.args(["build", "--quiet", "--profile", "widget", "--target", TARGET, "--target-dir"]);
        command.arg(target_dir).env("RUSTC", &self.rustc);
        // Loops in place of unrolled rounds: a receipt needs few hashes, and a visitor fetches this.
        flags.extend(
            ["--cfg=sha2_backend=\"soft\"", "--cfg=sha2_backend_soft=\"compact\""].map(str::to_owned),
        );
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        if self.rebuilds_std {
            // The unstable switches of a stable compiler: std without its panic messages and formatting.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.args(["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"]);
            let smaller = ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none"];
            flags.extend(smaller.map(str::to_owned));
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        Ok(command)
    }

    fn sysroot(&self) -> Result<PathBuf> {
        sysroot(&self.rustc)
    }
}

/// The toolchain to use, with an attempt to install one that rebuilds std.
pub fn find_or_install() -> Result<Toolchain> {
    if let Some(found) = rebuilding() {
        return Ok(found);
    }
    if rustup_add(&["component", "add", "rust-src"])
        && let Some(found) = rebuilding()
    {
        return Ok(found);
    }
    if let Some(found) = prebuilt() {
        return Ok(found);
    }
    if rustup_add(&["target", "add", TARGET])
        && let Some(found) = prebuilt()
    {
        return Ok(found);
    }
    if setup::apt_install(&["rustc-web", "cargo-web", "rust-web-src", "lld"])? {
        // The `lld` that goes with this compiler's LLVM, if there is one.
        if let Some(linker) = llvm_of(Path::new(DEBIAN_RUSTC)).map(|major| format!("lld-{major}")) {
            setup::apt_install(&[&linker])?;
        }
    }
    match find() {
        Some(found) => Ok(found),
        None => bail!(MISSING),
    }
}

/// The toolchain that is here already.
pub fn find() -> Option<Toolchain> {
    rebuilding().or_else(prebuilt)
}

/// A compiler whose std can be rebuilt: the workspace's own, or Debian's.
fn rebuilding() -> Option<Toolchain> {
    let own = own().filter(|own| has_source(&own.rustc));
    let found =
        own.or_else(|| debian().filter(|debian| has_source(&debian.rustc) && debian.linker.is_some()))?;
    Some(Toolchain { rebuilds_std: true, ..found })
}

/// A compiler that has std for the target as it was shipped.
fn prebuilt() -> Option<Toolchain> {
    own().filter(|own| has_std(&own.rustc)).or_else(|| debian().filter(|debian| has_std(&debian.rustc)))
}

/// The compiler of this workspace, which brings its linker.
fn own() -> Option<Toolchain> {
    let cargo = PathBuf::from(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The real compiler and not rustup's proxy, which would choose again from the environment.
    let rustc = sysroot(Path::new("rustc")).ok()?.join("bin/rustc");
    shell::is_executable(&rustc).then_some(Toolchain { cargo, rustc, linker: None, rebuilds_std: false })
}

/// Debian's compiler.
fn debian() -> Option<Toolchain> {
    let (cargo, rustc) = (PathBuf::from(DEBIAN_CARGO), PathBuf::from(DEBIAN_RUSTC));
    let here = shell::is_executable(&cargo) && shell::is_executable(&rustc);
    here.then(|| Toolchain { linker: linker(llvm_of(&rustc)), cargo, rustc, rebuilds_std: false })
}

/// rustup's download, given up on after a while: many build machines reach a package registry and nothing else.
fn rustup_add(arguments: &[&str]) -> bool {
    println!("    trying rustup {}", arguments.join(" "));
    let mut command = Command::new("rustup");
    command.current_dir(root()).args(arguments);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null()).env("RUSTUP_MAX_RETRIES", "1");
    let Ok(mut child) = command.spawn() else { return false };
    let deadline = Instant::now() + Duration::from_mins(2);
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(_) => return false,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn has_source(rustc: &Path) -> bool {
    let library = "lib/rustlib/src/rust/library";
    sysroot(rustc).is_ok_and(|sysroot| sysroot.join(library).join("std/Cargo.toml").exists())
}

fn has_std(rustc: &Path) -> bool {
    let mut command = Command::new(rustc);
    command.current_dir(root()).args(["--print", "target-libdir", "--target", TARGET]);
    let Ok(dir) = capture(&mut command) else { return false };
    let Ok(files) = std::fs::read_dir(dir.trim()) else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let found = capture(Command::new(rustc).current_dir(root()).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(found.trim()))
}

/// The major version of the LLVM in a compiler.
fn llvm_of(rustc: &Path) -> Option<u32> {
    let text = capture(Command::new(rustc).arg("-vV")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("LLVM version: "))?.split('.').next()?.parse().ok()
}

/// A WebAssembly linker, best one of the compiler's own LLVM.
fn linker(llvm: Option<u32>) -> Option<PathBuf> {
    let own = llvm.map(|major| format!("wasm-ld-{major}"));
    own.into_iter()
        .chain(["rust-lld".to_owned(), "wasm-ld".to_owned()])
        .filter_map(|name| shell::find_program(&name))
        .find(|linker| succeeds(Command::new(linker).arg("--version")))
}

/// No path of this machine may reach the module: it would leak, and two machines would build different bytes.
fn remaps(workspace: &Path, sysroot: &Path) -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    // The last match wins.
    let mut pairs = vec![(sysroot.to_owned(), "/rust")];
    if let Ok(library) = sysroot.join("lib/rustlib/src/rust").canonicalize() {
        pairs.push((library, "/rust"));
    }
    pairs.extend(home.map(|home| (home, "/cargo")));
    pairs.push((workspace.to_owned(), "/avow"));
    pairs.into_iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())).collect()
}
