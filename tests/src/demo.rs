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

/// The demo's site id.
pub const SITE: &str = "careers-enterprise";

/// The two hosts of the demo, with Avow behind them.
#[derive(Debug)]
pub struct DemoSite {
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
        let folder = tools::root().join("demo-site").join(SITE);
        let policy = std::fs::read_to_string(folder.join("avow.toml")).context("read the demo's policy")?;
        let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(kind) }).await?;
        let snippet = avow.file("snippet.html", &avow.avow_ok(&["snippet", SITE])?)?;
        let wire = Wire::to(avow.address()).await?;
        let mut command = Command::new(tools::built("avow-demo", "AVOW_DEMO_BIN")?);
        command
            .args(["--site-port", "0", "--third-party-port", "0"])
            .args(["--avow-url", &format!("http://{}", wire.address())])
            .args(["--snippet", &snippet.display().to_string()])
            .args(["--site-dir", &folder.display().to_string()]);
        let mut process = Process::spawn("avow-demo", &mut command)?;
        let address = |name: &'static str| {
            move |line: &str| Some(line.split_once(name)?.1.trim().trim_end_matches('/').to_owned())
        };
        let site = process.line("the demo's address", address("site ")).await?;
        let third_party = process.line("the third party's address", address("third party ")).await?;
        Ok(Self { process, site, third_party, wire, avow, client: Client::builder().no_proxy().build()? })
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
            let records = self.avow.records_of(SITE)?;
            ensure!(records.len() >= count, "there are {}", records.len());
            Ok(Some(records))
        })
        .await
    }

    // `*.localhost` is loopback to browsers; the resolver of this process may not know it.
    fn live(&self, path: &str) -> Result<String> {
        let port = self.third_party.rsplit(':').next().context("the address has a port")?;
        Ok(format!("http://127.0.0.1:{port}{path}"))
    }
}
