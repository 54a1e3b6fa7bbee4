//! WebKitGTK over classic WebDriver, under a display of its own.
//!
//! It has no switch that says where names lead, so its driver runs in a mount namespace of its own with a
//! hosts file of its own, which takes the right to make one (root, or user namespaces with `unshare`).
//! The driver has one session at a time: one window, which forgets everything when it is closed.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Cookie;
use crate::database::{directory, file};
use crate::process::Process;
use crate::time::{until, until_within};
use crate::tools::installed;

/// The member that names an element (W3C WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Longer than any page load of a test.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// Binds the hosts file over the system's, then becomes the driver.
const ENTER: &str = r#"mount --bind "$1" /etc/hosts && shift && exec "$@""#;

/// A running driver with its display; both end when dropped.
#[derive(Debug)]
pub struct WebKit {
    client: Client,
    base: String,
    // Dropped in this order: the driver before what it draws on.
    _driver: Process,
    _display: Process,
    _files: TempDir,
}

/// The one window of a fresh visitor.
#[derive(Debug)]
pub struct Window {
    client: Client,
    session: String,
    /// The browser's version, as it says itself.
    pub version: String,
}

impl WebKit {
    /// True if driver, browser, display server and the right to a mount namespace are here.
    pub fn is_here() -> bool {
        programs().is_some()
            && Command::new("unshare")
                .args(["--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"])
                .output()
                .is_ok_and(|done| done.status.success())
    }

    /// Starts one for which these names are this machine.
    pub async fn launch(names: &[&str]) -> Result<Self> {
        let (driver, display) =
            programs().context("WebKitWebDriver, MiniBrowser or Xvfb is not installed")?;
        let files = directory()?;
        let hosts = format!("127.0.0.1 localhost {}\n", names.join(" "));
        let hosts = file(files.path(), "hosts", &hosts)?;
        let mut command = Command::new(display);
        command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
        let mut display = Process::spawn("Xvfb", &mut command)?;
        let number = display.line("the display", |line| line.trim().parse::<u32>().ok()).await?;
        // The driver cannot choose a port itself. One that was free a moment ago will do.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", ENTER, "sh"])
            .arg(hosts)
            .args(["dbus-run-session", "--"])
            .arg(driver)
            .arg(format!("--port={port}"))
            .env("DISPLAY", format!(":{number}"))
            .env("HOME", files.path())
            .env("XDG_RUNTIME_DIR", files.path())
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
            // Its sandbox needs more rights than a container gives.
            .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1");
        let mut driver = Process::spawn("WebKitWebDriver", &mut command)?;
        let client = Client::builder().no_proxy().timeout(ANSWER_WITHIN).build()?;
        let base = format!("http://127.0.0.1:{port}");
        let ready = until("WebKit's driver", || async {
            let answer = client.get(format!("{base}/status")).send().await?.error_for_status()?;
            Ok(Some(answer.bytes().await?))
        })
        .await;
        if ready.is_err() {
            bail!("WebKitWebDriver does not answer: {}", driver.log());
        }
        ensure!(driver.is_running()?, "WebKitWebDriver ended: {}", driver.log());
        Ok(Self { client, base, _driver: driver, _display: display, _files: files })
    }

    /// Opens the window of a visitor of whom the browser knows nothing.
    pub async fn open(&self) -> Result<Window> {
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "acceptInsecureCerts": true,
            "pageLoadStrategy": "none",
            "webkitgtk:browserOptions": {
                "binary": browser().context("MiniBrowser is not installed")?,
                "args": ["--automation"],
            },
        } } });
        let made = send(&self.client, Method::POST, &format!("{}/session", self.base), &wanted).await?;
        let id = made["sessionId"].as_str().context("a session has an id")?;
        let version = made["capabilities"]["browserVersion"].as_str().unwrap_or_default().to_owned();
        let window =
            Window { client: self.client.clone(), session: format!("{}/session/{id}", self.base), version };
        // The answer of a script that runs while the page moves on can get lost: then it is asked again, soon.
        window.post("timeouts", &json!({ "script": 4_000, "pageLoad": 40_000 })).await?;
        Ok(window)
    }
}

impl Window {
    /// Starts to load `url`; where that ends is up to the page.
    pub async fn leave_for(&self, url: &str) -> Result<()> {
        self.post("url", &json!({ "url": url })).await.with_context(|| format!("leave for {url}"))?;
        Ok(())
    }

    /// Loads `url` until its document is parsed.
    ///
    /// The driver's own wait does not end on a page that moves to a part of itself while it loads.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.leave_for(url).await?;
        let there = format!(
            "location.href.split('#')[0] === {} && document.readyState !== 'loading'",
            json!(url.split('#').next())
        );
        self.wait(&there).await
    }

    /// The value of a JavaScript expression, awaited, through JSON.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             (async () => JSON.stringify((await ({expression})) ?? null))()\
             .then((text) => done({{ text }}), (error) => done({{ error: String(error) }}));"
        );
        let answer = self.post("execute/async", &json!({ "script": script, "args": [] })).await?;
        if let Some(error) = answer["error"].as_str() {
            bail!("{expression}: {error}");
        }
        Ok(serde_json::from_str(answer["text"].as_str().unwrap_or("null"))?)
    }

    /// Waits until an expression is true.
    pub async fn wait(&self, expression: &str) -> Result<()> {
        until(expression, || async { Ok((self.eval(expression).await? == true).then_some(())) }).await
    }

    /// Clicks an element as a person would, once it is shown.
    pub async fn click(&self, selector: &str) -> Result<()> {
        until_within(ANSWER_WITHIN, &format!("{selector} to click"), || async {
            let asked = json!({ "using": "css selector", "value": selector });
            let found = self.post("element", &asked).await?;
            let id = found[ELEMENT].as_str().context("an element has an id")?;
            self.post(&format!("element/{id}/click"), &json!({})).await?;
            Ok(Some(()))
        })
        .await
    }

    /// The cookies that the present page's site has set, `HttpOnly` ones too; others cannot be asked for.
    pub async fn cookies(&self) -> Result<Vec<Cookie>> {
        let answer =
            send(&self.client, Method::GET, &format!("{}/cookie", self.session), &Value::Null).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let cookies = answer.as_array().context("a list of cookies")?.iter();
        Ok(cookies
            .map(|cookie| Cookie {
                domain: text(&cookie["domain"]),
                name: text(&cookie["name"]),
                value: text(&cookie["value"]),
                expires: cookie["expiry"].as_i64(),
            })
            .collect())
    }

    /// Closes it; the browser ends and forgets.
    pub async fn close(self) -> Result<()> {
        send(&self.client, Method::DELETE, &self.session, &Value::Null).await?;
        Ok(())
    }

    async fn post(&self, command: &str, body: &Value) -> Result<Value> {
        send(&self.client, Method::POST, &format!("{}/{command}", self.session), body).await
    }
}

async fn send(client: &Client, method: Method, url: &str, body: &Value) -> Result<Value> {
    let mut request = client.request(method, url);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await?;
    let status = answer.status();
    let mut answer: Value = answer.json().await?;
    ensure!(status.is_success(), "{}: {}", answer["value"]["error"], answer["value"]["message"]);
    Ok(answer["value"].take())
}

/// Driver and display server.
fn programs() -> Option<(PathBuf, PathBuf)> {
    browser()?;
    installed(&["dbus-run-session"], "AVOW_DBUS_RUN_SESSION")?;
    Some((installed(&["WebKitWebDriver"], "AVOW_WEBKIT_DRIVER")?, installed(&["Xvfb"], "AVOW_XVFB")?))
}

/// MiniBrowser lies beside the library that it shows.
fn browser() -> Option<PathBuf> {
    let places = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let versions = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let paths = places
        .iter()
        .flat_map(|place| versions.map(|version| format!("/usr/lib/{place}/{version}/MiniBrowser")));
    paths.map(PathBuf::from).find(|path| path.is_file())
}
