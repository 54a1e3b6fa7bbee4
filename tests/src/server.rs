//! The server under test: the real `avow` binary on a port and a database of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use reqwest::header::{HeaderMap, ORIGIN};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::database::{Database, Kind, directory, file};
use crate::decision::Draft;
use crate::policy;
use crate::process::Process;
use crate::tools;

/// How a server is to be started.
#[derive(Debug)]
pub struct Setup {
    /// Its database.
    pub kind: Kind,
    /// Its Redis, if any.
    pub redis: Option<String>,
    /// The policy files to publish first, in order.
    pub policies: Vec<String>,
    /// More flags for `serve`.
    pub flags: Vec<String>,
    /// A program that runs the server as its child, with arguments: `strace …`, `prlimit …`.
    pub wrapper: Vec<String>,
}

impl Setup {
    /// The default policy on this database.
    pub fn on(kind: Kind) -> Self {
        Self { kind, redis: None, policies: vec![policy::toml("")], flags: Vec::new(), wrapper: Vec::new() }
    }
}

/// A running server with its database.
#[derive(Debug)]
pub struct TestServer {
    // Dropped in this order: the process before what it uses.
    process: Process,
    base: String,
    setup: Setup,
    database: Database,
    files: TempDir,
    client: Client,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads an answer.
    pub async fn read(answer: reqwest::Response) -> Result<Self> {
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Self { status, headers, body: answer.bytes().await?.to_vec() })
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as JSON but for the log's head, which grows from answer to answer.
    pub fn without_head(&self) -> Value {
        without_head(self.json())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The slug of a problem, checked for its form (RFC 9457).
    pub fn problem(&self) -> Result<String> {
        ensure!(
            self.header("content-type").starts_with("application/problem+json"),
            "{} with {} is no problem: {}",
            self.status,
            self.header("content-type"),
            self.text()
        );
        let body = self.json();
        ensure!(body["status"] == self.status.as_u16(), "a problem states its status: {body}");
        ensure!(body["title"].is_string(), "a problem has a title: {body}");
        let kind = body["type"].as_str().context("a problem has a type")?;
        Ok(kind.strip_prefix("urn:avow:problem:").context("its type is a URN of ours")?.to_owned())
    }
}

impl TestServer {
    /// Starts one with the default policy.
    pub async fn on(kind: Kind) -> Result<Self> {
        Self::start(Setup::on(kind)).await
    }

    /// Starts one.
    pub async fn start(setup: Setup) -> Result<Self> {
        let database = Database::create(setup.kind).await?;
        Self::start_with(setup, database).await
    }

    /// Starts one on a database made before.
    pub async fn start_with(setup: Setup, database: Database) -> Result<Self> {
        let files = directory()?;
        for (at, policy) in setup.policies.iter().enumerate() {
            let path = file(files.path(), &format!("policy-{at}.toml"), policy)?;
            publish(&database, &path)?;
        }
        let (process, base) = serve(&setup, &database).await?;
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { process, base, setup, database, files, client })
    }

    /// `http://127.0.0.1:PORT`, without a slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends it as a power cut would and starts it again on the same database, on another port.
    pub async fn restart_after_kill(&mut self) -> Result<()> {
        self.process.kill();
        (self.process, self.base) = serve(&self.setup, &self.database).await?;
        Ok(())
    }

    /// Runs an `avow` command on its database.
    pub fn avow(&self, arguments: &[&str]) -> Result<Output> {
        avow(&self.database, arguments)
    }

    /// Runs an `avow` command that must succeed; its standard output.
    pub fn avow_ok(&self, arguments: &[&str]) -> Result<String> {
        let done = self.avow(arguments)?;
        ensure!(done.status.success(), "avow {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(String::from_utf8(done.stdout)?)
    }

    /// Publishes another version.
    pub fn publish(&self, policy: &str) -> Result<()> {
        let path = file(self.files.path(), "policy-next.toml", policy)?;
        publish(&self.database, &path)
    }

    /// Writes a file beside the server.
    pub fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        file(self.files.path(), name, text)
    }

    /// Makes a token; its secret text.
    pub fn token(&self, scope: &str) -> Result<String> {
        let printed = self.avow_ok(&["token", "create", "--scope", scope, "--site", policy::SITE])?;
        // The token is the longest word: everything else is prose.
        let token = printed.split_whitespace().max_by_key(|word| word.len()).context("a token is printed")?;
        Ok(token.to_owned())
    }

    /// A request to one of its paths.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// `GET` of a path.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        Reply::read(self.request(reqwest::Method::GET, path).send().await?).await
    }

    /// `GET` of a path with a token or secret.
    pub async fn get_as(&self, path: &str, header: &str, value: &str) -> Result<Reply> {
        Reply::read(self.request(reqwest::Method::GET, path).header(header, value).send().await?).await
    }

    /// Sends a decision as the site's page would.
    pub async fn post(&self, body: impl ToString) -> Result<Reply> {
        self.post_from(Some(policy::ORIGIN), body.to_string()).await
    }

    /// Sends bytes from a page of `origin`.
    pub async fn post_from(&self, origin: Option<&str>, body: impl Into<reqwest::Body>) -> Result<Reply> {
        let mut request = self
            .request(reqwest::Method::POST, "/v1/consents")
            .header("content-type", "application/json")
            .body(body);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        Reply::read(request.send().await?).await
    }

    /// A draft of a decision under the version in force.
    pub async fn draft(&self) -> Result<Draft> {
        self.draft_for(policy::SITE).await
    }

    /// A draft for another site.
    pub async fn draft_for(&self, site: &str) -> Result<Draft> {
        let policy = self.get(&format!("/v1/sites/{site}/policy")).await?;
        ensure!(policy.status.is_success(), "the policy in force: {} {}", policy.status, policy.text());
        Draft::under(site, &policy.json())
    }

    /// All records of the site in the order of the export, one JSON object each.
    pub fn records(&self) -> Result<Vec<Value>> {
        self.records_of(policy::SITE)
    }

    /// The same of another site.
    pub fn records_of(&self, site: &str) -> Result<Vec<Value>> {
        let lines = self.avow_ok(&["export", "--site", site, "--format", "ndjson"])?;
        lines
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("read the line {line}")))
            .collect()
    }
}

/// A receipt but for the log's head, which grows from answer to answer.
pub fn without_head(mut receipt: Value) -> Value {
    if let Some(log) = receipt.get_mut("log").and_then(Value::as_object_mut) {
        log.remove("checkpoint");
    }
    receipt
}

/// Runs an `avow` command on a database, in a clean environment.
pub fn avow(database: &Database, arguments: &[&str]) -> Result<Output> {
    let mut command = command(&[])?;
    command.args(arguments).args(database.flags());
    // The relay to PostgreSQL runs on this runtime: its threads must not all wait for the command.
    tokio::task::block_in_place(|| command.output()).context("run avow")
}

fn publish(database: &Database, policy: &Path) -> Result<()> {
    let done = avow(database, &["site", "publish", &policy.display().to_string()])?;
    ensure!(done.status.success(), "avow site publish: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

async fn serve(setup: &Setup, database: &Database) -> Result<(Process, String)> {
    let mut command = command(&setup.wrapper)?;
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(database.flags()).args(&setup.flags);
    if let Some(redis) = &setup.redis {
        command.args(["--redis", redis]);
    }
    let mut process = Process::spawn("avow serve", &mut command)?;
    let base = process
        .line("the server's address", |line| {
            Some(line.split_once("listening on ")?.1.trim().trim_end_matches('/').to_owned())
        })
        .await?;
    Ok((process, base))
}

/// The binary, behind its wrapper, with nothing of the caller's environment but the search path.
pub(crate) fn command(wrapper: &[String]) -> Result<Command> {
    let binary = tools::built("avow", "AVOW_BIN")?;
    let mut command = match wrapper.split_first() {
        None => Command::new(binary),
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).arg(binary);
            command
        }
    };
    command.env_clear();
    for kept in ["PATH", "HOME", "TMPDIR", "RUST_LOG", "RUST_BACKTRACE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    // A browser of each server's own would slow all of them down; a test that wants pictures says so.
    command.env("AVOW_CHROMIUM", "off");
    Ok(command)
}
