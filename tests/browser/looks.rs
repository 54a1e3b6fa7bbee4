//! Pictures of every state for people to look at, and for the README; the README's three are copies.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Habit};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use avow_tests::tools::{by_tier, root};

use crate::harness::{Browsers, Suite};
use crate::visit::{SITES, Visit};

pub fn add(suite: &mut Suite) {
    suite.add("every_state_has_its_picture", pictures);
    suite.add("every_site_has_its_picture", sites);
}

fn shot(name: &str) -> PathBuf {
    root().join("tests/shots").join(format!("{name}.png"))
}

/// The five sites of the demo: their banner over their own looks; those of Chromium, wide and light, are in their READMEs.
async fn sites(browsers: Browsers) -> Result<()> {
    for (site, host) in SITES {
        let visit = Visit::begin_at(&browsers, site, host).await?;
        for (width, height) in [(320, 640), (1280, 800)] {
            visit.tab.resize(width, height).await?;
            for (state, path) in [("home", "/"), ("cookies", "/cookies"), ("privacy", "/privacy")] {
                visit.go(path).await?;
                visit.tab.shown("#avow-banner").await?;
                still(&visit.tab).await?;
                let over = visit.tab.eval("document.documentElement.scrollWidth - innerWidth").await?;
                ensure!(
                    over.as_i64().is_some_and(|over| over <= 0),
                    "{site}{path} is {over} px too wide at {width}"
                );
                let name = format!("{}-{width}-site-{site}-{state}", browsers.engine.name());
                visit.tab.screenshot(&shot(&name)).await?;
            }
        }
        visit.end().await;
    }
    Ok(())
}

async fn pictures(browsers: Browsers) -> Result<()> {
    let engine = browsers.engine.name();
    let widths: &[(u32, u32)] = by_tier(&[(320, 640), (1280, 800)], &[(320, 640), (412, 915), (1280, 800)]);
    let schemes: &[Habit] = if browsers.engine == Engine::Chromium || avow_tests::tools::full() {
        &[Habit::Plain, Habit::Dark]
    } else {
        &[Habit::Plain]
    };
    for habit in schemes {
        let scheme = if *habit == Habit::Dark { "dark" } else { "light" };
        let mut visit = Visit::begin_as(&browsers, *habit, Kind::Sqlite).await?;
        for (width, height) in widths {
            let name = |state: &str| shot(&format!("{engine}-{width}-{scheme}-ltr-{state}"));
            visit.tab.resize(*width, *height).await?;
            visit.go("/").await?;
            visit.tab.shown("#avow-banner").await?;
            let dark = visit.tab.eval("matchMedia('(prefers-color-scheme: dark)').matches").await?;
            ensure!(dark == (*habit == Habit::Dark), "the scheme is {scheme}");
            still(&visit.tab).await?;
            visit.tab.screenshot(&name("banner")).await?;
            visit.tab.click("#avow-choose").await?;
            visit.tab.shown("#avow-dialog").await?;
            still(&visit.tab).await?;
            visit.tab.screenshot(&name("dialog")).await?;
            visit.tab.click("#avow-dialog-reject").await?;
            visit.tab.shown("#avow-receipt").await?;
            still(&visit.tab).await?;
            visit.tab.screenshot(&name("refused")).await?;
            verified(&visit.tab).await?;
            visit.tab.screenshot(&name("receipts")).await?;
            visit.stranger(&browsers, *habit).await?;
        }
        visit.end().await;
    }
    right_to_left(&browsers, widths).await
}

async fn still(tab: &avow_tests::browser::Tab) -> Result<()> {
    tab.wait("document.getAnimations().every(a => a.playState === 'finished')").await
}

/// Opens the receipts from the confirmation, and verifies the first.
async fn verified(tab: &avow_tests::browser::Tab) -> Result<()> {
    tab.click("#avow-receipt").await?;
    tab.click("#avow-receipts-dialog [data-do=verify]").await?;
    tab.shown("#avow-receipts-dialog .avow-outcome p").await?;
    still(tab).await
}

/// The same on a page in Arabic, with the policy's Arabic texts.
async fn right_to_left(browsers: &Browsers, widths: &[(u32, u32)]) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    pages.put(
        "/ar",
        &format!(
            "<!doctype html><html lang=ar dir=rtl><head><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <script src='/.avow/site/{SITE}.js'></script><title>متجر</title></head>\
             <body style='font-family: sans-serif'><h1>متجر</h1><p>أهلا بكم.</p></body></html>"
        ),
    );
    let browser = browsers.plain().await?;
    for (width, height) in widths {
        let tab = browser.open().await?;
        tab.resize(*width, *height).await?;
        tab.go(&format!("{}/ar", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        let direction =
            tab.eval("getComputedStyle(document.querySelector('#avow-banner')).direction").await?;
        ensure!(direction == "rtl", "{direction}");
        let overflow = tab.eval("document.documentElement.scrollWidth - innerWidth").await?;
        ensure!(overflow.as_i64().context("a width")? <= 0, "nothing sticks out: {overflow}");
        let name = |state: &str| shot(&format!("{}-{width}-light-rtl-{state}", browsers.engine.name()));
        still(&tab).await?;
        tab.screenshot(&name("banner")).await?;
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        still(&tab).await?;
        tab.screenshot(&name("dialog")).await?;
        tab.click("#avow-dialog-reject").await?;
        tab.shown("#avow-receipt").await?;
        still(&tab).await?;
        tab.screenshot(&name("refused")).await?;
        verified(&tab).await?;
        tab.screenshot(&name("receipts")).await?;
        tab.close().await;
    }
    Ok(())
}
