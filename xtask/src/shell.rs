//! Runs other programs and reports on steps. Nothing here knows what is built.
//!
//! Long-lived processes are in `children.rs`.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the package lies in the workspace").to_owned()
}

/// Cargo's folder for build output.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The cargo that started this program.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A program of that name on the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_executable(file))
}

pub fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Whether this process may install packages and must not run PostgreSQL itself.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of a process's own entry is its effective user; elsewhere than Linux we do not act as root.
    Path::new("/proc/self").metadata().is_ok_and(|meta| meta.uid() == 0)
}

/// Whether a missing service is a failure.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// Runs to the end with its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs to the end with its output shown; `read` gets each line of the standard output, too.
pub fn run_and_read(command: &mut Command, mut read: impl FnMut(&str)) -> Result<()> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("start {}", shown(command)))?;
    let output = child.stdout.take().context("its standard output is a pipe")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("read its output")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        read(&line);
    }
    let status = child.wait().with_context(|| format!("run {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs to the end; the output is shown only if it fails. Returns what it wrote to its standard output.
pub fn capture(command: &mut Command) -> Result<String> {
    feed(command, "")
}

/// The same, with `input` on its standard input.
pub fn feed(command: &mut Command, input: &str) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("start {}", shown(command)))?;
    let mut stdin = child.stdin.take().context("its standard input is a pipe")?;
    let input = input.to_owned();
    // Beside the reading: who waits for all of it to be taken may wait for who waits to be read.
    let writer = std::thread::spawn(move || {
        // One that reads nothing is judged by how it ends.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().with_context(|| format!("run {}", shown(command)))?;
    let _ = writer.join();
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("{} ended with {}", shown(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether it could be run and succeeded; silent.
pub fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// One named piece of work, with a line before and its time after.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("==> {name}");
    let start = Instant::now();
    let done = work();
    let seconds = start.elapsed().as_secs_f32();
    match &done {
        Ok(_) => println!("    {name}: {seconds:.1} s"),
        Err(_) => println!("    {name}: FAILED after {seconds:.1} s"),
    }
    done
}

/// The program and its arguments, shortened for a message.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words: Vec<String> = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(OsStr::to_string_lossy).map(std::borrow::Cow::into_owned).take(6));
    if command.get_args().len() > 6 {
        words.push("…".to_owned());
    }
    words.join(" ")
}
