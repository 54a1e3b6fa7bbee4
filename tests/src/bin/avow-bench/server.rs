//! Avow itself, as the real program on its own database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::body::{POLICY, SITE};

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The published policy's hash.
    pub hash: String,
    child: Child,
}

/// Where its records go.
#[derive(Clone, Debug)]
pub enum Database {
    /// Embedded, in this folder.
    Folder(PathBuf),
    /// PostgreSQL, at this URL.
    Url(String),
}

impl Database {
    fn arguments(&self, folder: &Path) -> Vec<String> {
        let data = |path: &Path| vec!["--data".to_owned(), path.display().to_string()];
        match self {
            Self::Folder(path) => data(path),
            // The keys are never in the database.
            Self::Url(url) => {
                [data(&folder.join("keys")), vec!["--database".to_owned(), url.clone()]].concat()
            }
        }
    }
}

impl Server {
    /// Publishes the bench's policy and serves.
    pub async fn start(program: &Path, folder: &Path, database: &Database) -> Result<Self> {
        let file = folder.join("bench.toml");
        tokio::fs::write(&file, POLICY).await?;
        let publish = Command::new(program)
            .args(["site", "publish"])
            .arg(&file)
            .args(database.arguments(folder))
            .output()
            .await
            .with_context(|| format!("run {}", program.display()))?;
        if !publish.status.success() {
            bail!("publish the policy: {}", String::from_utf8_lossy(&publish.stderr));
        }
        let mut child = Command::new(program)
            // A browser beside it would be measured, too.
            .env("AVOW_CHROMIUM", "off")
            .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off"])
            .args(database.arguments(folder))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("the server's output")?).lines();
        let address = loop {
            let line = lines.next_line().await?.context("the server ended before it listened")?;
            if let Some((_, address)) = line.split_once("http://") {
                break address.trim().parse()?;
            }
        };
        let script = reqwest::get(format!("http://{address}/site/{SITE}.js"))
            .await?
            .error_for_status()?
            .text()
            .await?;
        let hash = script
            .split("\"hash\":\"")
            .nth(1)
            .and_then(|rest| rest.get(..64))
            .context("the site script names no policy hash")?
            .to_owned();
        Ok(Self { address, hash, child })
    }

    /// Resident memory now and at its peak, bytes (Linux only).
    pub fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
        };
        Some((field("VmRSS:")?, field("VmHWM:")?))
    }

    /// Processor time that it has used, seconds (Linux only).
    pub fn cpu_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
        // Behind the name in brackets, which may hold anything: `utime` and `stime` are the 12th and 13th there.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        // Linux counts in hundredths of a second for programs, whatever its own clock does.
        Some((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// Ends it.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
