//! A Chromium that takes pictures, told over its DevTools protocol.
//!
//! It is given an empty profile and none of the server's environment, and loads nothing but our own pages. It is told
//! through a pipe: there is no port that others on the machine could use, and it ends when the server does.

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

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
    "--remote-debugging-pipe",
];
/// It reads what it is told from descriptor 3 and answers on 4; we have its standard input and output.
const THROUGH_PIPES: &str = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";
/// Between two messages.
const END: u8 = 0;
/// It is up within this time on the slowest machine that serves.
const START: Duration = Duration::from_mins(1);
/// It ends within this time once it was told to.
const STOP: Duration = Duration::from_secs(5);
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

/// A running browser; [`close`](Self::close) waits for its end.
#[derive(Debug)]
pub struct Browser {
    process: Child,
    profile: TempDir,
    told: ChildStdin,
    answers: BufReader<ChildStdout>,
    last: u64,
    /// Its name and version.
    pub name: String,
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
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", THROUGH_PIPES])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env_clear()
            .env("HOME", profile.path())
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        if is_root() {
            // Chromium refuses to build its sandbox as root.
            command.arg("--no-sandbox");
        }
        let mut process = command.spawn().context("starting a shell")?;
        let (told, answers) = process.stdin.take().zip(process.stdout.take()).context("its pipes")?;
        let mut browser =
            Self { process, profile, told, answers: BufReader::new(answers), last: 0, name: String::new() };
        let up = timeout(START, browser.ask("Browser.getVersion", json!({}), None)).await;
        let up = up.with_context(|| format!("{} does not come up", program.display()))??;
        up["product"].as_str().context("a version")?.clone_into(&mut browser.name);
        Ok(browser)
    }

    /// Ends it, and takes its profile away.
    pub async fn close(mut self) -> anyhow::Result<()> {
        // One that does not listen is killed.
        let _ = self.ask("Browser.close", json!({}), None).await;
        drop(self.told);
        if timeout(STOP, self.process.wait()).await.is_err() {
            self.process.kill().await.context("killing the browser")?;
        }
        self.profile.close().context("the browser's profile")
    }

    /// A picture (PNG) of a page that says when it is drawn; `None` if it says that there is nothing to draw.
    pub async fn picture(&mut self, url: &str, screen: Screen) -> anyhow::Result<Option<Vec<u8>>> {
        let page = self.ask("Target.createTarget", json!({ "url": "about:blank" }), None).await?;
        let target = page["targetId"].as_str().context("a page")?.to_owned();
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.ask("Target.attachToTarget", attach, None).await?;
        let session = attached["sessionId"].as_str().context("a session")?.to_owned();
        let picture = timeout(ANSWER, self.take(&session, url, screen)).await;
        self.ask("Target.closeTarget", json!({ "targetId": target }), None).await?;
        picture.context("the page is not drawn")?
    }

    async fn take(&mut self, session: &str, url: &str, screen: Screen) -> anyhow::Result<Option<Vec<u8>>> {
        let Screen { width, height, scale, mobile } = screen;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        self.ask("Emulation.setDeviceMetricsOverride", metrics, Some(session)).await?;
        let light = json!({ "features": [
            { "name": "prefers-color-scheme", "value": "light" },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.ask("Emulation.setEmulatedMedia", light, Some(session)).await?;
        let gone = self.ask("Page.navigate", json!({ "url": url }), Some(session)).await?;
        ensure!(gone["errorText"].is_null(), "the page cannot be loaded: {}", gone["errorText"]);
        loop {
            let drawn = json!({ "expression": "document.documentElement?.dataset.drawn" });
            let drawn = self.ask("Runtime.evaluate", drawn, Some(session)).await?;
            match drawn["result"]["value"].as_str() {
                Some("true") => break,
                Some(_) => return Ok(None),
                None => tokio::time::sleep(LOOK).await,
            }
        }
        let shot = self.ask("Page.captureScreenshot", json!({ "format": "png" }), Some(session)).await?;
        STANDARD.decode(shot["data"].as_str().context("a picture")?).map(Some).context("a picture")
    }

    async fn ask(&mut self, method: &str, params: Value, session: Option<&str>) -> anyhow::Result<Value> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut message = message.to_string().into_bytes();
        message.push(END);
        self.told.write_all(&message).await.with_context(|| format!("{method}: the browser is gone"))?;
        timeout(ANSWER, self.answer(method)).await.with_context(|| format!("{method}: no answer"))?
    }

    /// The answer to the last message; what else it tells is passed over.
    async fn answer(&mut self, method: &str) -> anyhow::Result<Value> {
        loop {
            let mut message = Vec::new();
            self.answers.read_until(END, &mut message).await?;
            if message.pop() != Some(END) {
                bail!("{method}: the browser is gone");
            }
            let mut told: Value = serde_json::from_slice(&message)?;
            if told["id"] == self.last {
                ensure!(told["error"].is_null(), "{method}: {}", told["error"]["message"]);
                return Ok(told["result"].take());
            }
        }
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
