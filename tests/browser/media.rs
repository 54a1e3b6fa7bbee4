//! How a visitor's system shows things: light, dark, in colours of its own, without motion.
//!
//! Chromium takes each over the DevTools Protocol in one tab. Firefox takes its scheme and its wish for no motion from
//! its profile, and has no forced colours that a test could switch on; there a mode has a browser of its own.

use anyhow::{Result, ensure};
use avow_tests::browser::{Engine, Habit, Tab};
use serde_json::json;

use crate::harness::Browsers;

/// What a page is told of the visitor's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Light,
    Dark,
    /// High contrast, as Windows has it (Chromium only).
    Forced,
}

/// The browsers that are needed for all modes of an engine: each with the modes that it can be in.
pub fn habits(engine: Engine) -> &'static [(Habit, &'static [Mode])] {
    match engine {
        Engine::Chromium => &[(Habit::Plain, &[Mode::Light, Mode::Dark, Mode::Forced])],
        Engine::Firefox => &[(Habit::Plain, &[Mode::Light]), (Habit::Dark, &[Mode::Dark])],
    }
}

/// For expressions that judge colours: `rgb`, `ratio` (WCAG 2.2, "contrast ratio"), and the `ground` of an element.
pub const COLOURS: &str = r"const rgb = c => { const p = c.match(/[\d.]+/g).map(Number); return p[3] === 0 ? null : p.slice(0, 3) };
  const light = c => { const [r, g, b] = c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((x, y) => y - x); return (x + .05) / (y + .05) };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) return c }
    return [255, 255, 255] };";

/// A tab of a fresh visitor in a browser with this habit.
pub async fn open(browsers: &Browsers, habit: Habit) -> Result<Tab> {
    browsers.with(habit).await?.open().await
}

/// Puts the tab into a mode that its browser can be in, and makes sure that the page is told.
pub async fn switch(tab: &Tab, mode: Mode) -> Result<()> {
    if tab.engine == Engine::Chromium {
        let (scheme, forced) = match mode {
            Mode::Light => ("light", "none"),
            Mode::Dark => ("dark", "none"),
            Mode::Forced => ("light", "active"),
        };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme }, { "name": "forced-colors", "value": forced }
        ] });
        tab.devtools("Emulation.setEmulatedMedia", features).await?;
    }
    let told = tab
        .eval("[matchMedia('(prefers-color-scheme: dark)').matches, matchMedia('(forced-colors: active)').matches]")
        .await?;
    ensure!(told == json!([mode == Mode::Dark, mode == Mode::Forced]), "{mode:?}: {told}");
    Ok(())
}

/// Animations have ended: colours that are still fading are not what a person reads.
pub async fn settled(tab: &Tab) -> Result<()> {
    tab.wait("document.getAnimations().every(a => a.playState === 'finished')").await
}
