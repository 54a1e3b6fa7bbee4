//! A Chromium that takes pictures, told over its DevTools protocol.
//!
//! It is given an empty profile and none of the server's environment, and loads nothing but our own pages.

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Names under which it is installed.
const PROGRAMS: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
/// No network but the page, no first run, nothing in the background.
const FLAGS: [&str; 11] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--mute-audio",
    "--remote-debugging-port=0",
];
/// What it says when it can be told something.
const LISTENING: &str = "DevTools listening on ";
/// It is up within this time on the slowest machine that serves.
const START: Duration = Duration::from_mins(1);
/// An answer, or a page that is drawn.
const ANSWER: Duration = Duration::from_secs(30);
/// Between two looks at a page that is not drawn yet.
const LOOK: Duration = Duration::from_millis(50);

/// A screen.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// CSS pixels.
    pub width: u16,
    /// CSS pixels.
    pub height: u16,
    /// Points of the picture for each.
    pub scale: u8,
    /// Whether it is a phone's.
    pub mobile: bool,
}

/// A running browser; it ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    // Dropped in this order: the process before its profile.
    _process: Child,
    _profile: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
}

/// Where a Chromium is installed.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| PROGRAMS.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

impl Browser {
    /// Starts one.
    pub async fn start(program: &Path) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir().context("a profile")?;
        let mut command = Command::new(program);
        command
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env_clear()
            .env("HOME", profile.path())
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if is_root() {
            // Chromium refuses to build its sandbox as root.
            command.arg("--no-sandbox");
        }
        let mut process = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let lines = process.stderr.take().context("its messages")?;
        let mut lines = BufReader::new(lines).lines();
        let address = timeout(START, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix(LISTENING) {
                    return Ok(address.trim().to_owned());
                }
            }
            bail!("it ended before it could be told anything")
        })
        .await
        .context("it does not come up")??;
        // What else it says must be read, or it would wait for somebody who does.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let (socket, _) = timeout(ANSWER, tokio_tungstenite::connect_async(address)).await??;
        Ok(Self { _process: process, _profile: profile, socket, last: 0 })
    }

    /// Its name and version.
    pub async fn version(&mut self) -> anyhow::Result<String> {
        let version = self.ask("Browser.getVersion", json!({}), None).await?;
        Ok(version["product"].as_str().context("a version")?.to_owned())
    }

    /// A picture (PNG) of a page that says when it is drawn.
    pub async fn picture(&mut self, url: &str, screen: Screen) -> anyhow::Result<Vec<u8>> {
        let page = self.ask("Target.createTarget", json!({ "url": "about:blank" }), None).await?;
        let target = page["targetId"].as_str().context("a page")?.to_owned();
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.ask("Target.attachToTarget", attach, None).await?;
        let session = attached["sessionId"].as_str().context("a session")?.to_owned();
        let picture = timeout(ANSWER, self.take(&session, url, screen)).await;
        self.ask("Target.closeTarget", json!({ "targetId": target }), None).await?;
        picture.context("the page is not drawn")?
    }

    async fn take(&mut self, session: &str, url: &str, screen: Screen) -> anyhow::Result<Vec<u8>> {
        let Screen { width, height, scale, mobile } = screen;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        self.ask("Emulation.setDeviceMetricsOverride", metrics, Some(session)).await?;
        let light = json!({ "features": [{ "name": "prefers-color-scheme", "value": "light" },
            { "name": "prefers-reduced-motion", "value": "reduce" }] });
        self.ask("Emulation.setEmulatedMedia", light, Some(session)).await?;
        let gone = self.ask("Page.navigate", json!({ "url": url }), Some(session)).await?;
        ensure!(gone["errorText"].is_null(), "the page cannot be loaded: {}", gone["errorText"]);
        loop {
            let drawn = json!({ "expression": "document.documentElement?.dataset.drawn === 'true'" });
            let drawn = self.ask("Runtime.evaluate", drawn, Some(session)).await?;
            if drawn["result"]["value"] == true {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        let shot = self.ask("Page.captureScreenshot", json!({ "format": "png" }), Some(session)).await?;
        STANDARD.decode(shot["data"].as_str().context("a picture")?).context("a picture")
    }

    async fn ask(&mut self, method: &str, params: Value, session: Option<&str>) -> anyhow::Result<Value> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.socket.send(Message::text(message.to_string())).await?;
        timeout(ANSWER, self.answer(method)).await.with_context(|| format!("{method}: no answer"))?
    }

    /// The answer to the last message; what else it tells is passed over.
    async fn answer(&mut self, method: &str) -> anyhow::Result<Value> {
        while let Some(message) = self.socket.next().await {
            let Message::Text(text) = message? else { continue };
            let mut told: Value = serde_json::from_str(&text)?;
            if told["id"] == self.last {
                ensure!(told["error"].is_null(), "{method}: {}", told["error"]["message"]);
                return Ok(told["result"].take());
            }
        }
        bail!("{method}: the browser is gone")
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
