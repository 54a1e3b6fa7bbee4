//! A child process with captured output, ended by its id when dropped.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::time::{until, until_within};

/// A running child. Its standard output and error are collected line by line, in one text.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts `command` in a process group of its own.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {name}: {}", command.get_program().display()))?;
        let log = Arc::default();
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, Arc::clone(&log));
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, Arc::clone(&log));
        }
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Everything written so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no holder panics").clone()
    }

    /// Waits for a line in which `find` finds something.
    pub async fn line<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let log = Arc::clone(&self.log);
        let child = &mut self.child;
        // First whether it has ended, then its output: what it wrote last is not missed.
        let found = until(what, || {
            let ended = child.try_wait().ok().flatten();
            let found = log.lock().expect("no holder panics").lines().find_map(&find);
            async move { Ok(found.map(Ok).or(ended.map(Err))) }
        })
        .await
        .with_context(|| self.log())?;
        found.map_err(|status| anyhow!("{} ended ({status}):\n{}", self.name, self.log()))
    }

    /// Sends a signal by name, e.g. `TERM`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).output();
        ensure!(sent.context("run kill")?.status.success(), "send {name} to {}", self.name);
        Ok(())
    }

    /// Kills it at once (`SIGKILL`), as a power cut would, and waits for its end.
    pub fn kill(&mut self) {
        // The whole group: a wrapper such as strace has children of its own.
        let group = format!("-{}", self.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).output());
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Asks it to end (`SIGTERM`) and waits for that.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        self.signal("TERM")?;
        self.ended().await
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let child = &mut self.child;
        until_within(Duration::from_mins(1), &format!("the end of {}", self.name), || {
            let status = child.try_wait();
            async move { Ok(status?) }
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

fn collect(stream: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    // A plain thread: it ends with the stream, whatever runtime the test uses.
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(length) if length > 0) {
            log.lock().expect("no holder panics").push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
}
