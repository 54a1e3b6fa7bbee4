//! Devices that figures are promised for, whatever the machine that runs the tests.
//!
//! A device is a speed at what pages do when they load: scripts that nobody has seen before are read, compiled and run
//! once. The tab measures its own of that moment, and is slowed down by what is left. Loops that run hot, as in
//! Lighthouse's `benchmarkIndex`, are no measure of that: on one machine they went from 1,050 to 1,700 within an hour
//! while the guard took the same time (ADR 0019).

use anyhow::{Context, Result};
use avow_tests::browser::Tab;
use serde_json::json;

/// The speed of a fast desktop computer, in the unit of [`SPEED`].
const DESKTOP: f64 = 180.0;

/// How much slower a phone of the middle class is.
const PHONE: f64 = 4.0;

/// How many scripts of 60 functions and 60 properties, each new, the tab compiles and runs in a fifth of a second.
const SPEED: &str = "(() => { \
    const seed = Math.random().toString(36).slice(2), all = Array.from({ length: 60 }, (_, i) => i); \
    const source = n => all.map(i => `function f${i}(a, b) { var c = { x: a, y: [b, '${seed}${n}'] }; \
        for (var i = 0; i < 2; i++) c.x += i + String(c.y).length; return c.x > ${i} ? c : { z: c }; }`).join('') + 'var o = {};' + \
        all.map(i => `Object.defineProperty(o, 'p${i}', { value: f${i}(${i}, 1), writable: true });`).join('') + 'return o'; \
    let n = 0; \
    for (const end = performance.now() + 200; performance.now() < end; n++) new Function(source(n))(); \
    return n; })()";

/// The speed of the tab now, as a share of a fast desktop computer's: the best of three, for what else the machine
/// does only ever takes away.
async fn share_of_desktop(tab: &Tab) -> Result<f64> {
    let mut best: f64 = 0.0;
    for _ in 0..3 {
        best = best.max(tab.eval(SPEED).await?.as_f64().context("a speed")?);
    }
    Ok(best / DESKTOP)
}

/// Slows the tab down to a phone of the middle class and says how many times: four times, and less where the machine is
/// slower than a desktop. Only Chromium can.
pub async fn as_phone(tab: &Tab) -> Result<f64> {
    let rate = (share_of_desktop(tab).await?.min(1.0) * PHONE).max(1.0);
    tab.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": rate })).await?;
    Ok(rate)
}

/// How much of a time that is measured in this tab a fast desktop computer would take; at most all of it.
pub async fn desktop_takes(tab: &Tab) -> Result<f64> {
    Ok(share_of_desktop(tab).await?.min(1.0))
}
