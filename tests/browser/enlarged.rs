//! WCAG 1.4.4: a visitor who has text alone at 200 % loses nothing, on a wide screen and on a narrow one.
//!
//! Not the browser's zoom, which makes the window smaller (`wcag.rs` has that), but what makes letters grow in boxes
//! that stay: in Firefox the system's text size, which it applies to text alone here and to all sizes, those in pixels,
//! too; in Chromium the size of type in its settings, which reaches what is sized by it.

use anyhow::{Result, ensure};
use avow_tests::browser::{Habit, Tab};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::layouts::{LOOKS, site};
use crate::lost::lost;

pub fn add(suite: &mut Suite) {
    suite.add("text_at_200_percent_loses_nothing", enlarged);
    suite.add("what_text_loses_is_seen", losses);
}

/// How high the letters of an element's first line stand, without what its line height adds.
const HEIGHT: &str = "(e => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects()[0].height })";

async fn height(tab: &Tab, selector: &str) -> Result<f64> {
    let height = tab.eval(&format!("{HEIGHT}(document.querySelector('{selector}'))")).await?;
    Ok(height.as_f64().unwrap_or_default())
}

async fn enlarged(browsers: Browsers) -> Result<()> {
    // GOV.UK's own sheet has sizes of its own, which are GOV.UK's matter: its dialog is ours.
    for look in LOOKS {
        let (pages, _avow) = site(look, "").await?;
        let home = format!("{}/", pages.site());
        let mut usual = Vec::new();
        for habit in [Habit::Plain, Habit::LargeText] {
            let mut tab = browsers.with(habit).await?.open().await?;
            for (at, (width, tall)) in [(320, 568), (1280, 800)].into_iter().enumerate() {
                tab.resize(width, tall).await?;
                tab.go(&home).await?;
                tab.shown("#avow-banner").await?;
                let what = format!("{}, {habit:?}, {width} px", look.name);
                let ours = look.name != "govuk";
                if ours {
                    let found = lost(&tab, "#avow-banner").await?;
                    ensure!(found == json!([]), "{what}, first layer: {found}");
                }
                let first = height(&tab, "#avow-reject").await?;
                tab.eval("(avow.open(), 1)").await?;
                tab.shown("#avow-dialog").await?;
                tab.eval("document.querySelectorAll('#avow-dialog details').forEach(d => { d.open = true })")
                    .await?;
                let found = lost(&tab, "#avow-dialog").await?;
                ensure!(found == json!([]), "{what}, dialog: {found}");
                let second = height(&tab, "#avow-dialog-reject").await?;
                if habit == Habit::Plain {
                    usual.push((first, second));
                } else {
                    // The control: letters have grown.
                    let (before, behind) = usual[at];
                    ensure!(!ours || first >= 1.8 * before, "{what}, first layer: {before} became {first}");
                    ensure!(second >= 1.8 * behind, "{what}, dialog: {behind} became {second}");
                }
                // What follows an answer is the same for all looks but GOV.UK's.
                if look.name == "card" {
                    tab.click("#avow-dialog-reject").await?;
                    tab.shown("#avow-receipt").await?;
                    let found = lost(&tab, "#avow-toast").await?;
                    ensure!(found == json!([]), "{what}, confirmation: {found}");
                    tab.click("#avow-receipt").await?;
                    tab.shown("#avow-receipts-dialog [data-do=verify]").await?;
                    let found = lost(&tab, "#avow-receipts-dialog").await?;
                    ensure!(found == json!([]), "{what}, receipts: {found}");
                    tab.close().await;
                    tab = browsers.with(habit).await?.open().await?;
                }
            }
            tab.close().await;
        }
    }
    Ok(())
}

/// The control: each kind of loss is seen.
async fn losses(browsers: Browsers) -> Result<()> {
    let (pages, _avow) = site(LOOKS[0], "").await?;
    for (spoilt, said) in [
        ("#avow-reject { overflow: hidden; white-space: nowrap; width: 60px }", "cut avow-reject"),
        ("#avow-title { margin-block-end: -24px !important }", "over each other avow-title"),
        ("#avow-title { white-space: nowrap; font-size: 60px !important }", "scrolls sideways avow-banner"),
        (
            "main::after { content: ''; position: fixed; inset: 0; z-index: 2147483001 }",
            "covered avow-accept",
        ),
    ] {
        let tab = browsers.plain().await?.open().await?;
        tab.resize(320, 568).await?;
        tab.go(&format!("{}/", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        ensure!(lost(&tab, "#avow-banner").await? == json!([]), "whole at first");
        tab.eval(&format!("(document.head.append(Object.assign(document.createElement('style'), {{ textContent: {} }})), 1)", json!(spoilt)))
            .await?;
        let found = lost(&tab, "#avow-banner").await?;
        ensure!(found.to_string().contains(said), "{spoilt}: {found}");
        tab.close().await;
    }
    Ok(())
}
