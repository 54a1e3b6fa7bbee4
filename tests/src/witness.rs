//! The witness as its operator starts it: `avow witness`, with key and state in a folder of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use avow_shared::note::Verifier;
use reqwest::{Client, Method};
use tempfile::TempDir;

use crate::database::directory;
use crate::process::Process;
use crate::server::{Reply, command};

/// The name under which it signs.
pub const NAME: &str = "witness.example/w1";

/// Where a witness keeps what it has, and which logs it watches.
#[derive(Debug)]
pub struct Home {
    files: TempDir,
    logs: Vec<Verifier>,
    /// A program that runs the witness as its child, with arguments.
    pub wrapper: Vec<String>,
}

/// A running witness.
#[derive(Debug)]
pub struct TestWitness {
    process: Process,
    base: String,
    key: Verifier,
    client: Client,
}

impl Home {
    /// An empty one.
    pub fn watching(logs: &[Verifier]) -> Result<Self> {
        Ok(Self { files: directory()?, logs: logs.to_vec(), wrapper: Vec::new() })
    }

    /// The file of the private key.
    pub fn key(&self) -> PathBuf {
        self.files.path().join("key")
    }

    /// The folder of the state.
    pub fn state(&self) -> PathBuf {
        self.files.path().join("state")
    }

    /// Its own folder.
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// The files of a kind in the state: `head`, `fork`.
    pub fn files(&self, kind: &str) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.state())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == kind) {
                found.push(path);
            }
        }
        Ok(found)
    }

    /// Starts the witness that lives here.
    pub async fn start(&self) -> Result<TestWitness> {
        let mut process = self.spawn()?;
        let key = process
            .line("the witness's key", |line| Verifier::parse(line.strip_prefix("witness ")?.trim()))
            .await?;
        let base = process
            .line("the witness's address", |line| Some(line.strip_prefix("listening on ")?.trim().to_owned()))
            .await?;
        Ok(TestWitness { process, base, key, client: Client::builder().no_proxy().build()? })
    }

    /// Starts it where it must not start; what it says.
    pub async fn fails(&self) -> Result<String> {
        let mut process = self.spawn()?;
        let status = process.ended().await.with_context(|| process.log())?;
        ensure!(!status.success(), "a witness that cannot start says so: {}", process.log());
        ensure!(!process.log().contains("listening"), "{}", process.log());
        // Its end may be seen before its last words.
        process.line("the reason", |line| line.strip_prefix("avow: ").map(str::to_owned)).await
    }

    fn spawn(&self) -> Result<Process> {
        let mut command = command(&self.wrapper)?;
        command.args(["witness", "--listen", "127.0.0.1:0", "--name", NAME]);
        command.arg("--key").arg(self.key()).arg("--state").arg(self.state());
        for log in &self.logs {
            command.arg("--log-key").arg(log.to_string());
        }
        Process::spawn("avow witness", &mut command)
    }
}

impl TestWitness {
    /// `http://127.0.0.1:PORT`, without a slash.
    pub fn base(&self) -> &str {
        self.base.trim_end_matches('/')
    }

    /// Its public key.
    pub fn key(&self) -> &Verifier {
        &self.key
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Sends the body of an `add-checkpoint`.
    pub async fn add(&self, body: impl Into<reqwest::Body>) -> Result<Reply> {
        self.send(Method::POST, "/add-checkpoint", body).await
    }

    /// Sends anything.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Result<Reply> {
        let request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        Reply::read(request.send().await?).await
    }
}
