//! One page as a visitor uses it: look, click, press keys; and what a test reads back.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Bidi, Engine};
use crate::time::until;

/// A tab. Dropping it leaves it open: the browser ends with the tests.
#[derive(Debug)]
pub struct Tab {
    /// Which browser it is of.
    pub engine: Engine,
    bidi: Bidi,
    user: String,
    context: String,
    owner: bool,
    promises: bool,
    first_event: usize,
}

/// A cookie in the browser's jar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its host.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// When it ends, in seconds since 1970; `None` with the session.
    pub expires: Option<i64>,
}

/// Everything that a page's origin keeps on the device, besides cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// `localStorage`, as pairs.
    pub local: Vec<(String, String)>,
    /// `sessionStorage`, as pairs.
    pub session: Vec<(String, String)>,
    /// Names of IndexedDB databases and caches.
    pub databases: Vec<String>,
}

/// Keys by their WebDriver code points.
pub mod keys {
    /// Tab.
    pub const TAB: char = '\u{e004}';
    /// Enter.
    pub const ENTER: char = '\u{e007}';
    /// Shift, to be held.
    pub const SHIFT: char = '\u{e008}';
    /// Escape.
    pub const ESCAPE: char = '\u{e00c}';
    /// Space.
    pub const SPACE: char = ' ';
}

impl Tab {
    pub(super) fn new(engine: Engine, bidi: Bidi, user: String, context: String, owner: bool) -> Self {
        let first_event = bidi.count();
        Self { engine, bidi, user, context, owner, promises: true, first_event }
    }

    /// Where no script of a page may run, Firefox settles no promise either: expressions are read at once.
    pub(super) fn without_promises(self) -> Self {
        Self { promises: false, ..self }
    }

    /// Another tab of the same visitor: they share cookies and storage.
    pub async fn sibling(&self) -> Result<Self> {
        let asked = json!({ "type": "window", "userContext": self.user });
        let made = self.bidi.command("browsingContext.create", asked).await?;
        let context = made["context"].as_str().context("a new context has an id")?.to_owned();
        let tab = Self::new(self.engine, self.bidi.clone(), self.user.clone(), context, false);
        Ok(Self { promises: self.promises, ..tab })
    }

    /// Closes it, and with the first tab of a visitor all that the browser keeps of them.
    pub async fn close(self) {
        let _ = self.bidi.command("browsingContext.close", json!({ "context": self.context })).await;
        if self.owner {
            let _ = self.bidi.command("browser.removeUserContext", json!({ "userContext": self.user })).await;
        }
    }

    /// Loads `url` and waits for its `load` event.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.bidi
            .command(
                "browsingContext.navigate",
                json!({ "context": self.context, "url": url, "wait": "complete" }),
            )
            .await
            .with_context(|| format!("go to {url}"))?;
        Ok(())
    }

    /// Starts to load `url`; where that ends is up to the page.
    pub async fn leave_for(&self, url: &str) -> Result<()> {
        let asked = json!({ "context": self.context, "url": url, "wait": "none" });
        self.bidi
            .command("browsingContext.navigate", asked)
            .await
            .with_context(|| format!("leave for {url}"))?;
        Ok(())
    }

    /// Loads `url` until its document is parsed; what it still loads then is not awaited.
    pub async fn go_until_parsed(&self, url: &str) -> Result<()> {
        let asked = json!({ "context": self.context, "url": url, "wait": "interactive" });
        self.bidi.command("browsingContext.navigate", asked).await.with_context(|| format!("go to {url}"))?;
        Ok(())
    }

    /// Loads the page again, once it has loaded.
    ///
    /// Firefox calls that aborted if it cut off a frame that was still loading, and loads the page anew all the same:
    /// what counts is that another page is there.
    pub async fn reload(&self) -> Result<()> {
        self.wait("document.readyState === 'complete'").await?;
        self.eval("void (window.beforeReload = true)").await?;
        let asked = json!({ "context": self.context, "wait": "complete" });
        if let Err(error) = self.bidi.command("browsingContext.reload", asked).await
            && !format!("{error:#}").contains("ABORT")
        {
            return Err(error);
        }
        self.wait("!window.beforeReload && document.readyState === 'complete'").await
    }

    /// The value of a JavaScript expression, awaited, through JSON.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        let read = if self.promises {
            format!("(async () => JSON.stringify((await ({expression})) ?? null))()")
        } else {
            format!("JSON.stringify(({expression}) ?? null)")
        };
        let asked = json!({
            "expression": read,
            "target": { "context": self.context },
            "awaitPromise": self.promises,
            "userActivation": false,
        });
        let answer = self.bidi.command("script.evaluate", asked).await?;
        if answer["type"] == "exception" {
            bail!("{expression}: {}", answer["exceptionDetails"]["text"]);
        }
        let text = answer["result"]["value"].as_str().unwrap_or("null");
        Ok(serde_json::from_str(text)?)
    }

    /// Waits until an expression is true.
    pub async fn wait(&self, expression: &str) -> Result<()> {
        let found = until(expression, || async {
            // An error may be a page that is just being left.
            Ok((self.eval(expression).await? == true).then_some(()))
        })
        .await;
        if found.is_err() {
            let state = self
                .eval(
                    "({ url: location.href, ready: document.readyState, failed: window.__avow && __avow.failed, \
                     cookie: document.cookie, grant: localStorage.avow_grant, \
                     outbox: localStorage.avow_outbox, at: Date.now(), \
                     body: document.body && document.body.innerText.slice(0, 200) })",
                )
                .await;
            return found.with_context(|| format!("the page is {state:?}"));
        }
        found
    }

    /// Waits until an element is shown.
    pub async fn shown(&self, selector: &str) -> Result<()> {
        self.wait(&format!(
            "(e => !!e && e.checkVisibility() && e.getBoundingClientRect().height > 0)(document.querySelector({}))",
            json!(selector)
        ))
        .await
    }

    /// Waits until no such element is shown.
    pub async fn gone(&self, selector: &str) -> Result<()> {
        self.wait(&format!(
            "(e => !e || !e.checkVisibility() || e.getBoundingClientRect().height === 0)(document.querySelector({}))",
            json!(selector)
        ))
        .await
    }

    /// Clicks in the middle of an element with the mouse, once it is shown and nothing covers it.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.shown(selector).await?;
        let place = format!(
            "(e => {{ e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const r = e.getBoundingClientRect(), x = Math.round(r.x + r.width / 2), y = Math.round(r.y + r.height / 2); \
             const top = document.elementFromPoint(x, y); \
             return e === top || e.contains(top) || (top && top.contains(e) && top.tagName === 'LABEL') ? {{ x, y }} : null; }})\
             (document.querySelector({}))",
            json!(selector)
        );
        let place = until(&format!("{selector} uncovered"), || async {
            let place = self.eval(&place).await?;
            Ok((!place.is_null()).then_some(place))
        })
        .await?;
        self.click_at(&place).await
    }

    /// Clicks at a place of the window, `{ x, y }`, whatever is there.
    pub async fn click_at(&self, place: &Value) -> Result<()> {
        self.act(
            &json!([{ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": [
            { "type": "pointerMove", "x": place["x"], "y": place["y"], "origin": "viewport" },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ] }]),
        )
        .await
    }

    /// Presses and releases a key.
    pub async fn press(&self, key: char) -> Result<()> {
        self.act(&json!([{ "type": "key", "id": "keyboard", "actions": [
            { "type": "keyDown", "value": key.to_string() },
            { "type": "keyUp", "value": key.to_string() },
        ] }]))
        .await
    }

    /// Presses a key while Shift is held.
    pub async fn press_shifted(&self, key: char) -> Result<()> {
        self.act(&json!([{ "type": "key", "id": "keyboard", "actions": [
            { "type": "keyDown", "value": keys::SHIFT.to_string() },
            { "type": "keyDown", "value": key.to_string() },
            { "type": "keyUp", "value": key.to_string() },
            { "type": "keyUp", "value": keys::SHIFT.to_string() },
        ] }]))
        .await
    }

    /// Presses Tab until the element has the focus; an error if it never gets it.
    pub async fn tab_to(&self, selector: &str) -> Result<()> {
        let focused = format!("document.activeElement === document.querySelector({})", json!(selector));
        for _ in 0..60 {
            if self.eval(&focused).await? == true {
                return Ok(());
            }
            self.press(keys::TAB).await?;
        }
        bail!("{selector} cannot be reached with the Tab key")
    }

    async fn act(&self, actions: &Value) -> Result<()> {
        let asked = json!({ "context": self.context, "actions": actions });
        self.bidi.command("input.performActions", asked).await?;
        Ok(())
    }

    /// The visitor's whole cookie jar.
    pub async fn cookies(&self) -> Result<Vec<Cookie>> {
        let asked = json!({ "partition": { "type": "storageKey", "userContext": self.user } });
        let answer = self.bidi.command("storage.getCookies", asked).await?;
        let cookies = answer["cookies"].as_array().context("a list of cookies")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(cookies
            .iter()
            .map(|cookie| Cookie {
                domain: text(&cookie["domain"]),
                name: text(&cookie["name"]),
                value: text(&cookie["value"]["value"]),
                expires: cookie["expiry"].as_i64(),
            })
            .collect())
    }

    /// What the page's origin keeps on the device.
    pub async fn contents(&self) -> Result<Contents> {
        let read = self
            .eval(
                "({ local: Object.entries(localStorage), session: Object.entries(sessionStorage), \
                 databases: (await indexedDB.databases()).map(d => d.name)\
                 .concat(window.caches ? await caches.keys() : []) })",
            )
            .await?;
        Ok(Contents {
            local: serde_json::from_value(read["local"].clone())?,
            session: serde_json::from_value(read["session"].clone())?,
            databases: serde_json::from_value(read["databases"].clone())?,
        })
    }

    /// Runs a script in every page of this tab before the page's own.
    pub async fn preload(&self, script: &str) -> Result<()> {
        let asked =
            json!({ "functionDeclaration": format!("() => {{ {script} }}"), "contexts": [self.context] });
        self.bidi.command("script.addPreloadScript", asked).await?;
        Ok(())
    }

    /// Sets the page's size in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let asked = json!({ "context": self.context, "viewport": { "width": width, "height": height } });
        self.bidi.command("browsingContext.setViewport", asked).await?;
        self.wait(&format!("innerWidth === {width}")).await
    }

    /// Writes a picture of what is in view.
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        let asked = json!({ "context": self.context, "origin": "viewport" });
        let answer = self.bidi.command("browsingContext.captureScreenshot", asked).await?;
        let png = STANDARD.decode(answer["data"].as_str().context("a picture")?)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, png).with_context(|| format!("write {}", path.display()))
    }

    /// Addresses of the requests that this tab sent so far.
    pub fn requests(&self) -> Vec<String> {
        self.told("network.beforeRequestSent", |params| params["request"]["url"].as_str().map(str::to_owned))
    }

    /// Addresses of the requests that left the browser: those that were answered, and those that nobody answered.
    ///
    /// [`Self::requests`] has those, too, that a policy of the page stopped: the browsers tell of them before they ask
    /// it. Of one that is stopped Chromium says that it failed without a reason, and Firefox says nothing more.
    pub fn sent(&self) -> Vec<String> {
        let url = |params: &Value| params["request"]["url"].as_str().map(str::to_owned);
        let mut sent = self.told("network.responseStarted", url);
        sent.extend(self.told("network.fetchError", |params| {
            let reason = params["errorText"].as_str().unwrap_or_default();
            if reason.is_empty() { None } else { url(params) }
        }));
        sent
    }

    /// Errors that its pages threw and nobody caught.
    pub fn complaints(&self) -> Vec<String> {
        let events = self.bidi.events(self.first_event).into_iter();
        events
            .filter(|event| {
                event.method == "log.entryAdded" && event.params["source"]["context"] == self.context
            })
            .filter(|event| event.params["level"] == "error" && event.params["type"] == "javascript")
            .map(|event| event.params["text"].as_str().unwrap_or_default().to_owned())
            // Firefox tells what it has blocked in the same way; an error that was thrown has a name.
            .filter(|text| text.contains("Error: "))
            .collect()
    }

    /// How often it has loaded a page.
    pub fn loads(&self) -> usize {
        self.told("browsingContext.load", |_| Some(())).len()
    }

    fn told<T>(&self, method: &str, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        let events = self.bidi.events(self.first_event).into_iter();
        events
            .filter(|event| event.method == method && event.params["context"] == self.context)
            .filter_map(|event| read(&event.params))
            .collect()
    }

    /// Sends a command of the Chrome DevTools Protocol to this tab (Chromium only).
    pub async fn devtools(&self, method: &str, params: Value) -> Result<Value> {
        ensure!(self.engine == Engine::Chromium, "only Chromium has that protocol");
        let session = self.bidi.command("goog:cdp.getSession", json!({ "context": self.context })).await?;
        let session = session["session"].as_str().ok_or_else(|| anyhow!("a session"))?;
        let asked = json!({ "method": method, "params": params, "session": session });
        Ok(self.bidi.command("goog:cdp.sendCommand", asked).await?["result"].clone())
    }
}
