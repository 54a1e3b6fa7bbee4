//! A visitor in any of the three engines, with the few things that the matrix does with a page.

use anyhow::Result;
use avow_tests::browser::{self, Browser, Cookie, Habit, Tab, WebKit, Window};
use avow_tests::hosts::NAMES;
use serde_json::Value;

use crate::run::Engine;

/// A running browser.
pub enum Engines {
    Bidi(Browser),
    WebKit(WebKit),
}

/// Somebody of whom the browser knew nothing.
pub enum Visitor {
    Bidi(Tab),
    WebKit(Window),
}

impl Engines {
    pub fn are_here(engine: Engine) -> bool {
        match engine {
            Engine::Chromium => Browser::is_here(browser::Engine::Chromium),
            Engine::Firefox => Browser::is_here(browser::Engine::Firefox),
            Engine::WebKit => WebKit::is_here(),
        }
    }

    pub async fn launch(engine: Engine) -> Result<Self> {
        Ok(match engine {
            Engine::Chromium => Self::Bidi(Browser::launch(browser::Engine::Chromium, Habit::Plain).await?),
            Engine::Firefox => Self::Bidi(Browser::launch(browser::Engine::Firefox, Habit::Plain).await?),
            Engine::WebKit => Self::WebKit(WebKit::launch(&NAMES).await?),
        })
    }

    /// A new visitor, and the browser's version.
    pub async fn visitor(&self) -> Result<(Visitor, String)> {
        Ok(match self {
            Self::Bidi(browser) => (Visitor::Bidi(browser.open().await?), browser.version.clone()),
            Self::WebKit(webkit) => {
                let window = webkit.open().await?;
                let version = window.version.clone();
                (Visitor::WebKit(window), version)
            }
        })
    }

    pub async fn close(self) {
        match self {
            Self::Bidi(browser) => browser.close().await,
            Self::WebKit(webkit) => drop(webkit),
        }
    }
}

impl Visitor {
    /// Loads a page until it is parsed.
    pub async fn go(&self, url: &str) -> Result<()> {
        match self {
            Self::Bidi(tab) => tab.go_until_parsed(url).await,
            Self::WebKit(window) => window.go(url).await,
        }
    }

    /// Starts to load a page that may not stay.
    pub async fn leave_for(&self, url: &str) -> Result<()> {
        match self {
            Self::Bidi(tab) => tab.leave_for(url).await,
            Self::WebKit(window) => window.leave_for(url).await,
        }
    }

    pub async fn eval(&self, expression: &str) -> Result<Value> {
        match self {
            Self::Bidi(tab) => tab.eval(expression).await,
            Self::WebKit(window) => window.eval(expression).await,
        }
    }

    pub async fn wait(&self, expression: &str) -> Result<()> {
        match self {
            Self::Bidi(tab) => tab.wait(expression).await,
            Self::WebKit(window) => window.wait(expression).await,
        }
    }

    pub async fn click(&self, selector: &str) -> Result<()> {
        match self {
            Self::Bidi(tab) => tab.click(selector).await,
            Self::WebKit(window) => window.click(selector).await,
        }
    }

    /// The jar: all of it, or in WebKit what the present page's site has set.
    pub async fn cookies(&self) -> Result<Vec<Cookie>> {
        match self {
            Self::Bidi(tab) => tab.cookies().await,
            Self::WebKit(window) => window.cookies().await,
        }
    }

    pub async fn close(self) -> Result<()> {
        match self {
            Self::Bidi(tab) => tab.close().await,
            Self::WebKit(window) => window.close().await?,
        }
        Ok(())
    }
}
