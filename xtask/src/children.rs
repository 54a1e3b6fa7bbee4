//! Long-lived child processes: started, stopped by pid, and stopped too when this program is interrupted.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Everything started and not yet stopped, last one last, with the signal that ends it and what to do after.
static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

struct Running {
    child: Child,
    stop_signal: &'static str,
    folder: Option<std::path::PathBuf>,
}

/// How long a process may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// From here on an interrupt stops the children before it ends this program.
pub fn handle_signals() -> Result<()> {
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]).context("watch signals")?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            stop_all();
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// Starts a process that `stop_all` ends with that signal, removing `folder` afterwards.
/// Its process group is its own, so that an interrupt from the keyboard reaches it through us, in order.
pub fn start(
    command: &mut Command,
    stop_signal: &'static str,
    folder: Option<std::path::PathBuf>,
) -> Result<u32> {
    use std::os::unix::process::CommandExt;
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).process_group(0);
    let child = command.spawn().with_context(|| format!("start {program}"))?;
    let pid = child.id();
    locked().push(Running { child, stop_signal, folder });
    Ok(pid)
}

/// Takes the standard output of a process started with it piped.
pub fn take_stdout(pid: u32) -> Option<std::process::ChildStdout> {
    locked().iter_mut().find(|running| running.child.id() == pid)?.child.stdout.take()
}

/// Whether the process has ended by itself.
pub fn has_ended(pid: u32) -> bool {
    locked()
        .iter_mut()
        .find(|running| running.child.id() == pid)
        .is_none_or(|running| !matches!(running.child.try_wait(), Ok(None)))
}

/// Stops everything, last started first.
pub fn stop_all() {
    let mut running = locked();
    while let Some(mut last) = running.pop() {
        stop(&mut last.child, last.stop_signal);
        if let Some(folder) = last.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn stop(child: &mut Child, signal: &str) {
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    // The standard library sends no signal but SIGKILL.
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn locked() -> std::sync::MutexGuard<'static, Vec<Running>> {
    RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_process_is_stopped_and_its_folder_removed() {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let pid = start(Command::new("sleep").arg("600"), "-TERM", Some(folder.clone())).expect("starts");
        assert!(!has_ended(pid));
        stop_all();
        assert!(has_ended(pid));
        assert!(!folder.exists());
    }
}
