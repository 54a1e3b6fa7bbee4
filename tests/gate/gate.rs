//! The gate under test: the real `avow gate` before a site, on a database of its own.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use avow_shared::cookie::encode;
use avow_shared::decision::{Choice, Decision};
use avow_shared::id::{Millis, PurposeId};
use avow_tests::database::{Database, Kind, directory, file};
use avow_tests::decision::{Body, Draft};
use avow_tests::process::Process;
use avow_tests::server::{Reply, avow};
use avow_tests::{policy, tools};
use reqwest::{Client, Method, RequestBuilder};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::site::Site;

/// The host by which visitors know the site.
pub const HOST: &str = "shop.localhost";
/// Days of a grant in the tests' policy.
const GRANT_DAYS: u16 = 180;

/// A running gate.
pub struct Gate {
    // Dropped in this order: the process before what it uses.
    process: Process,
    /// `127.0.0.1:PORT`
    pub address: String,
    /// Where operators ask.
    ops: String,
    database: Database,
    files: TempDir,
    client: Client,
}

/// A visitor's answer, sealed.
pub struct Sealed {
    /// `avow=…` with the seal.
    pub cookie: String,
    /// The same without it.
    pub unsealed: String,
    /// The answer of the server.
    pub reply: Reply,
}

impl Gate {
    /// The tests' policy in front of that site.
    pub async fn before(site: &Site) -> Result<Self> {
        Self::start(Kind::Sqlite, &policy::toml(""), site, &[]).await
    }

    /// Any policy, with more flags.
    pub async fn start(kind: Kind, policy: &str, site: &Site, flags: &[&str]) -> Result<Self> {
        let database = Database::create(kind).await?;
        let files = directory()?;
        let path = file(files.path(), "policy.toml", policy)?;
        let published = avow(&database, &["site", "publish", &path.display().to_string()])?;
        ensure!(published.status.success(), "publish: {}", String::from_utf8_lossy(&published.stderr));
        let mut command = Command::new(tools::built("avow", "AVOW_BIN")?);
        command
            .args(["gate", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--site", policy::SITE])
            .args(["--upstream", &format!("http://{}", site.address)])
            .args(flags)
            .args(database.flags());
        let mut process = Process::spawn("avow gate", &mut command)?;
        let found = |process: &mut Process, mark: &'static str| {
            let _ = process;
            move |line: &str| Some(line.split_once(mark)?.1.trim().to_owned())
        };
        let ops = found(&mut process, "operators on ");
        let ops = process.line("the operators' address", ops).await?;
        let listening = found(&mut process, "listening on http://");
        let address = process.line("the gate's address", listening).await?;
        // Answers as they are: nothing followed, nothing unfolded.
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { process, address, ops, database, files, client })
    }

    /// A request as a browser sends it for a page.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).header("host", HOST)
    }

    /// `GET` of a page with these cookies.
    pub async fn page(&self, path: &str, cookies: &str) -> Result<Reply> {
        let mut request = self
            .ask(Method::GET, path)
            .header("sec-fetch-dest", "document")
            .header("accept", "text/html,*/*");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        Reply::read(request.send().await?).await
    }

    /// `GET` with these headers.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Reply> {
        let mut request = self.ask(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::read(request.send().await?).await
    }

    /// Sends these bytes and reads until the gate closes, or `enough` is satisfied.
    pub async fn raw(&self, bytes: &[u8], enough: impl Fn(&str) -> bool) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(bytes).await?;
        let mut all = Vec::new();
        while stream.read_buf(&mut all).await? > 0 {
            if enough(&String::from_utf8_lossy(&all)) {
                break;
            }
        }
        Ok(String::from_utf8_lossy(&all).into_owned())
    }

    /// A draft of a decision under the policy in force.
    pub async fn draft(&self) -> Result<Draft> {
        let policy = self.get(&format!("/.avow/v1/sites/{}/policy", policy::SITE), &[]).await?;
        ensure!(policy.status.is_success(), "the policy: {} {}", policy.status, policy.text());
        Draft::under(policy::SITE, &policy.json())
    }

    /// Has a decision of those purposes taken by Avow, as the page would.
    pub async fn decide(&self, granted: &[&str]) -> Result<Sealed> {
        let choices: Vec<(&str, bool)> =
            policy::PURPOSES.iter().map(|purpose| (*purpose, granted.contains(purpose))).collect();
        let body = self.draft().await?.decide(&choices);
        let unsealed = cookie(&body, None)?;
        let reply = self
            .ask(Method::POST, "/.avow/v1/consents")
            .header("origin", format!("http://{HOST}"))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/json")
            .header("cookie", &unsealed)
            .body(body.to_string())
            .send()
            .await?;
        let reply = Reply::read(reply).await?;
        ensure!(reply.status.as_u16() == 201, "the decision: {} {}", reply.status, reply.text());
        let seal = reply.json()["seal"].as_str().context("a seal")?.to_owned();
        Ok(Sealed { cookie: cookie(&body, Some(&seal))?, unsealed, reply })
    }

    /// The operators' figures.
    pub async fn metrics(&self) -> Result<String> {
        Ok(self.client.get(format!("{}/metrics", self.ops)).send().await?.text().await?)
    }

    /// Publishes another version.
    pub fn publish(&self, policy: &str) -> Result<()> {
        let path = file(self.files.path(), "policy-next.toml", policy)?;
        let done = self.avow(&["site", "publish", &path.display().to_string()])?;
        ensure!(done.status.success(), "publish: {}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    }

    /// Runs an `avow` command on its database.
    pub fn avow(&self, arguments: &[&str]) -> Result<Output> {
        avow(&self.database, arguments)
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

/// The consent cookie that a browser holds for this decision.
fn cookie(body: &Body, seal: Option<&str>) -> Result<String> {
    let json = &body.0;
    let decided = Millis(json["decided_at"].as_i64().context("a time")? / 1000 * 1000);
    let version = json["policy"]["version"].as_u64().context("a version")?;
    let choices = policy::PURPOSES
        .iter()
        .map(|purpose| Choice {
            purpose: PurposeId::parse(purpose).expect("an id"),
            granted: json["choices"][purpose] == true,
        })
        .collect();
    let decision = Decision {
        version: u32::try_from(version)?,
        decided,
        expires: decided.plus_days(GRANT_DAYS),
        gpc: false,
        left_on: false,
        choices,
    };
    Ok(format!("avow={}", encode(&decision, seal)))
}
