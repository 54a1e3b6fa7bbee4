//! Devices that figures are promised for, whatever the machine that runs the tests.
//!
//! A device is a processor of a given speed: the tab measures its own of that moment, and is slowed down by what is
//! left, as Lighthouse advises (`docs/throttling.md` there). Its four times are meant for a fast desktop computer; on a
//! slow or busy machine they would make even an empty page stall.

use anyhow::{Context, Result};
use avow_tests::browser::Tab;
use serde_json::json;

/// The speed of a fast desktop computer, in the unit of [`SPEED`]: 1,500 to 2,000 (Lighthouse's table for its
/// `benchmarkIndex`).
const DESKTOP: f64 = 1_750.0;

/// How much slower a phone of the middle class is.
const PHONE: f64 = 4.0;

/// How often the tab builds a string of 10,000 characters in a tenth of a second, and how often it copies 100,000
/// numbers: the mean of both, for machines of different kinds differ in one and not in the other.
const SPEED: &str = "(() => { \
    const often = work => { let n = 0; const end = performance.now() + 100; while (performance.now() < end) { work(); n++; } return n; }; \
    const from = Array.from({ length: 100000 }, (_, i) => i), to = from.slice(); \
    const build = () => { let s = ''; for (let i = 0; i < 10000; i++) s += 'a'; return s.length; }; \
    const copy = () => { for (let i = 0; i < from.length; i++) to[i] = from[i]; }; \
    often(build), often(copy); \
    return (often(build) + often(copy)) / 2; })()";

/// The speed of the tab now, as a share of a fast desktop computer's.
async fn share_of_desktop(tab: &Tab) -> Result<f64> {
    Ok(tab.eval(SPEED).await?.as_f64().context("a speed")? / DESKTOP)
}

/// Slows the tab down to a phone of the middle class and says how many times; only Chromium can.
pub async fn as_phone(tab: &Tab) -> Result<f64> {
    let rate = (share_of_desktop(tab).await? * PHONE).max(1.0);
    tab.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": rate })).await?;
    Ok(rate)
}

/// How much of a time that is measured in this tab a fast desktop computer would take; at most all of it.
pub async fn desktop_takes(tab: &Tab) -> Result<f64> {
    Ok(share_of_desktop(tab).await?.min(1.0))
}
