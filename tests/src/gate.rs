//! The gate as an operator starts it: `avow gate` before a site, on a database of its own.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::database::{Database, Kind, directory, file};
use crate::process::Process;
use crate::server::{avow, command};

/// A running gate.
#[derive(Debug)]
pub struct Gate {
    // Dropped in this order: the process before what it uses.
    _process: Process,
    base: String,
    site: String,
    database: Database,
}

impl Gate {
    /// Publishes the policy of `site` and starts the gate before `upstream`.
    pub async fn start(policy: &str, site: &str, upstream: &str) -> Result<Self> {
        let database = Database::create(Kind::Sqlite).await?;
        let files = directory()?;
        let path = file(files.path(), "policy.toml", policy)?;
        let done = avow(&database, &["site", "publish", &path.display().to_string()])?;
        ensure!(done.status.success(), "avow site publish: {}", String::from_utf8_lossy(&done.stderr));
        let mut command = command(&[])?;
        command.args(["gate", "--listen", "127.0.0.1:0", "--upstream", upstream, "--site", site]);
        command.args(["--trusted-proxy", "loopback"]).args(database.flags());
        let mut process = Process::spawn("avow gate", &mut command)?;
        let base = process
            .line("the gate's address", |line| {
                Some(line.split_once("listening on ")?.1.trim().trim_end_matches('/').to_owned())
            })
            .await
            .context("start the gate")?;
        Ok(Self { _process: process, base, site: site.to_owned(), database })
    }

    /// `http://127.0.0.1:PORT`, without a slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// All records of the site in the order of the export, one JSON object each.
    pub fn records(&self) -> Result<Vec<Value>> {
        let done = avow(&self.database, &["export", "--site", &self.site, "--format", "ndjson"])?;
        ensure!(done.status.success(), "avow export: {}", String::from_utf8_lossy(&done.stderr));
        let lines = String::from_utf8(done.stdout)?;
        lines
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("read the line {line}")))
            .collect()
    }
}
