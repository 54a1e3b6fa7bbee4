//! Real browsers, driven over WebDriver BiDi: Chromium through chromedriver, Firefox directly.
//!
//! Input is what the browser's own input pipeline makes of it, so events are trusted. A tab has a user
//! context of its own: cookies and storage of two tabs of [`Browser::open`] never meet.
//! WebKitGTK speaks only the older WebDriver, and has a driver of its own: `browser/webkit.rs`.
//! Read next: `browser/tab.rs` (what a test does with a page), `browser/bidi.rs` (the protocol).

mod bidi;
mod launch;
mod tab;
mod webkit;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use self::bidi::{Bidi, Event};
pub use self::tab::{Contents, Cookie, Tab, keys};
pub use self::webkit::{WebKit, Window};
use crate::process::Process;

/// Which browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Chromium.
    Chromium,
    /// Firefox.
    Firefox,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// Its name in test names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
        }
    }
}

/// What a visitor has switched off or on for the whole browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Habit {
    /// As installed.
    #[default]
    Plain,
    /// No WebAssembly.
    NoWasm,
    /// No cookies and no storage for any site.
    NoStorage,
    /// A dark desktop.
    Dark,
    /// Global Privacy Control is on (Firefox only; Chromium has none).
    Gpc,
    /// Text, and text alone, at 200 %.
    LargeText,
    /// As little motion as can be.
    Still,
    /// Pages are wanted in Arabic as in Egypt, then in Welsh. Chromium tells a page of the first alone.
    Arabic,
    /// No script runs.
    NoScript,
}

/// A running browser, ended when dropped.
#[derive(Debug)]
pub struct Browser {
    /// Which one.
    pub engine: Engine,
    /// Its version, as it says itself.
    pub version: String,
    habit: Habit,
    bidi: Bidi,
    // The browser's process (Firefox) or chromedriver's.
    process: Process,
    // Chromium's own process, which outlives a killed chromedriver.
    child: Option<u64>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one with a fresh profile.
    pub async fn launch(engine: Engine, habit: Habit) -> Result<Self> {
        let browser = match engine {
            Engine::Chromium => launch::chromium(habit).await?,
            Engine::Firefox => launch::firefox(habit).await?,
        };
        let events = [
            "browsingContext.load",
            "network.beforeRequestSent",
            "network.responseStarted",
            "network.fetchError",
            "log.entryAdded",
        ];
        browser.bidi.command("session.subscribe", json!({ "events": events })).await?;
        Ok(browser)
    }

    /// True if the browser's program is installed.
    pub fn is_here(engine: Engine) -> bool {
        launch::programs(engine).is_some()
    }

    /// Opens a window in a fresh user context: no cookies, no storage.
    pub async fn open(&self) -> Result<Tab> {
        let made = self.bidi.command("browser.createUserContext", json!({})).await?;
        let user = made["userContext"].as_str().unwrap_or_default().to_owned();
        let context = self.window(&user).await?;
        let tab = Tab::new(self.engine, self.bidi.clone(), user, context, true);
        Ok(if self.habit == Habit::NoScript { tab.without_promises() } else { tab })
    }

    async fn window(&self, user: &str) -> Result<String> {
        let made = self
            .bidi
            .command("browsingContext.create", json!({ "type": "window", "userContext": user }))
            .await?;
        Ok(made["context"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends a command of the protocol.
    pub async fn command(&self, method: &str, parameters: Value) -> Result<Value> {
        self.bidi.command(method, parameters).await
    }

    /// Ends it politely.
    pub async fn close(mut self) {
        drop(self.bidi.command("browser.close", json!({})).await);
        self.end();
    }

    fn end(&mut self) {
        if let Some(child) = self.child.take() {
            drop(std::process::Command::new("kill").args(["-KILL", &child.to_string()]).output());
        }
        self.process.kill();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.end();
    }
}
