//! The demo site as a visitor meets it: `avow-demo`, and `avow` behind it on the demo's own policy.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde_json::Value;

use crate::cut::Wire;
use crate::database::Kind;
use crate::process::Process;
use crate::server::{Setup, TestServer};
use crate::time::until;
use crate::tools;

/// The id of the site that most tests use.
pub const SITE: &str = "careers-enterprise";
/// Its host.
pub const HOST: &str = "careers.localhost";

/// The two hosts of the demo, with Avow behind them.
#[derive(Debug)]
pub struct DemoSite {
    id: String,
    process: Process,
    /// `http://careers.localhost:PORT`
    pub site: String,
    /// `http://collector.localhost:PORT`
    pub third_party: String,
    /// The way from the demo's proxy to Avow.
    pub wire: Wire,
    /// Avow.
    pub avow: TestServer,
    client: Client,
}

/// One request that reached the third party.
#[derive(Clone, Debug)]
pub struct Arrival(pub Value);

impl Arrival {
    /// What it is: `library`, `measurement`, `tag`, `pixel`, `embed`, `unmarked`, …
    pub fn kind(&self) -> &str {
        self.0["kind"].as_str().unwrap_or_default()
    }

    /// The purpose that it serves.
    pub fn purpose(&self) -> &str {
        self.0["purpose"].as_str().unwrap_or_default()
    }
}

impl DemoSite {
    /// Starts it on a fresh SQLite database.
    pub async fn start() -> Result<Self> {
        Self::start_on(Kind::Sqlite).await
    }

    /// Starts it on this database.
    pub async fn start_on(kind: Kind) -> Result<Self> {
        Self::start_of(SITE, HOST, kind).await
    }

    /// Starts it with the policy of another of its sites; `host` is that site's.
    pub async fn start_of(site: &str, host: &str, kind: Kind) -> Result<Self> {
        let folder = tools::root().join("demo-site");
        let path = folder.join(site).join("avow.toml");
        let policy = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let flags =
            ["--country-header", "x-demo-place", "--trusted-proxy", "loopback"].map(str::to_owned).to_vec();
        let avow = TestServer::start(Setup { policies: vec![policy], flags, ..Setup::on(kind) }).await?;
        let snippet = avow.file(&format!("{site}.html"), &avow.avow_ok(&["snippet", site])?)?;
        let snippets = snippet.parent().context("the snippet is in a folder")?.display().to_string();
        let wire = Wire::to(avow.address()).await?;
        let mut command = Command::new(tools::built("avow-demo", "AVOW_DEMO_BIN")?);
        command
            .args(["--site-port", "0", "--third-party-port", "0"])
            .args(["--avow-url", &format!("http://{}", wire.address())])
            .args(["--snippets", &snippets])
            .args(["--sites", &folder.display().to_string()]);
        let mut process = Process::spawn("avow-demo", &mut command)?;
        let address = |name: &'static str| {
            move |line: &str| Some(line.split_once(name)?.1.trim().trim_end_matches('/').to_owned())
        };
        let port = process.line("the demo's port", address("sites ")).await?;
        let own = format!("http://{host}:{port}");
        let third_party = process.line("the third party's address", address("third party ")).await?;
        let client = Client::builder().no_proxy().build()?;
        let (id, site) = (site.to_owned(), own);
        Ok(Self { id, process, site, third_party, wire, avow, client })
    }

    /// What the demo wrote to its log.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Every request that reached the third party since the last [`Self::forget`].
    pub async fn arrivals(&self) -> Result<Vec<Arrival>> {
        let live: Value = self.client.get(self.live("/live.json")?).send().await?.json().await?;
        let all = live["arrivals"].as_array().context("the third party lists what arrived")?;
        Ok(all.iter().cloned().map(Arrival).collect())
    }

    /// Empties that list.
    pub async fn forget(&self) -> Result<()> {
        let answer = self.client.post(self.live("/live/reset")?).send().await?;
        ensure!(
            answer.status().is_success() || answer.status().is_redirection(),
            "reset: {}",
            answer.status()
        );
        Ok(())
    }

    /// Waits until something for `purpose` has arrived.
    pub async fn arrival_for(&self, purpose: &str) -> Result<Arrival> {
        until(&format!("an arrival for {purpose}"), || async {
            let all = self.arrivals().await?;
            Ok(all.into_iter().find(|arrival| arrival.purpose() == purpose))
        })
        .await
    }

    /// Waits until Avow holds `count` records of the demo, and returns them.
    pub async fn records(&self, count: usize) -> Result<Vec<Value>> {
        until(&format!("{count} records"), || async {
            let records = self.avow.records_of(&self.id)?;
            ensure!(records.len() >= count, "there are {}", records.len());
            Ok(Some(records))
        })
        .await
    }

    /// The address of another of the demo's hosts.
    pub fn at(&self, host: &str) -> String {
        let port = self.site.rsplit(':').next().unwrap_or_default();
        format!("http://{host}:{port}")
    }

    // `*.localhost` is loopback to browsers; the resolver of this process may not know it.
    fn live(&self, path: &str) -> Result<String> {
        let port = self.third_party.rsplit(':').next().context("the address has a port")?;
        Ok(format!("http://127.0.0.1:{port}{path}"))
    }
}
