//! What axe-core finds: with all rules of WCAG 2.2 A and AA and its good practices, the size of targets (2.5.8) among
//! them, which it leaves out unless asked.
//!
//! Looked at: every state of the first visit, the demo's five sites, Avow's own pages, every look, a page from right to
//! left, and each in the dark where the browser can change over in one tab.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Tab};
use avow_tests::page::Pages;
use avow_tests::tools::{self, root};
use serde_json::Value;

use crate::harness::{Browsers, Suite};
use crate::layouts::{LOOKS, site};
use crate::media::{Mode, settled, switch};
use crate::visit::{SITES, Visit};

pub fn add(suite: &mut Suite) {
    suite.add("axe_finds_nothing", states);
    suite.add("axe_finds_nothing_on_any_of_the_sites", sites);
    suite.add("axe_finds_nothing_on_pages_of_avow", own_pages);
    suite.add("axe_finds_nothing_in_any_look", looks);
}

/// What axe finds on the page as it is, as rule and elements.
pub async fn violations(tab: &Tab) -> Result<Vec<String>> {
    if tab.eval("!window.axe").await? == true {
        let source =
            std::fs::read_to_string(tools::npm("axe-core")?.join("axe.min.js")).context("read axe")?;
        tab.eval(&format!("(() => {{ {source}; return 0 }})()")).await?;
    }
    let found = tab
        .eval(
            "axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } })\
             .then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ') + ' ' + (n.failureSummary || ''))]))",
        )
        .await?;
    let found = found.as_array().context("a list of violations")?;
    Ok(found.iter().map(Value::to_string).collect())
}

/// axe finds nothing on the page as it is; in Chromium in the dark neither.
async fn clean(tab: &Tab, what: &str) -> Result<()> {
    let modes: &[Mode] =
        if tab.engine == Engine::Chromium { &[Mode::Dark, Mode::Light] } else { &[Mode::Light] };
    for mode in modes {
        switch(tab, *mode).await?;
        settled(tab).await?;
        let found = violations(tab).await?;
        ensure!(found.is_empty(), "{what}, {mode:?}: {found:#?}");
    }
    Ok(())
}

/// The dialog, with all that can be folded out.
async fn dialog(tab: &Tab, what: &str) -> Result<()> {
    tab.eval("(avow.open(), 1)").await?;
    tab.shown("#avow-dialog").await?;
    tab.eval("document.querySelectorAll('#avow-dialog details').forEach(d => { d.open = true })").await?;
    clean(tab, &format!("{what} with the dialog")).await
}

async fn states(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    clean(tab, "with the banner").await?;
    dialog(tab, "the first visit").await?;
    tab.click("#avow-dialog-reject").await?;
    tab.shown("#avow-receipt").await?;
    clean(tab, "with the confirmation").await?;
    tab.click("#avow-receipt").await?;
    tab.shown("#avow-receipts-dialog [data-do=verify]").await?;
    clean(tab, "with the dialog of receipts").await?;
    // The control: axe does find what is wrong, targets that are too small and too close among it.
    let pages = Pages::start().await?;
    pages.put(
        "/",
        "<!doctype html><title>bad</title><img src='/x.png'><button></button>\
         <p style='line-height: 1'><button style='all: unset; font-size: 8px'>a</button><button style='all: unset; font-size: 8px'>b</button>",
    );
    tab.go(&format!("{}/", pages.site())).await?;
    let found = violations(tab).await?;
    for rule in ["image-alt", "button-name", "target-size"] {
        ensure!(found.iter().any(|one| one.starts_with(&format!("[\"{rule}\""))), "no {rule} in {found:#?}");
    }
    visit.end().await;
    Ok(())
}

async fn sites(browsers: Browsers) -> Result<()> {
    for (site, host) in SITES {
        let visit = Visit::begin_at(&browsers, site, host).await?;
        for path in ["/cookies", "/privacy", "/"] {
            visit.go(path).await?;
            visit.tab.shown("#avow-banner").await?;
            clean(&visit.tab, &format!("{site}{path}")).await?;
        }
        dialog(&visit.tab, site).await?;
        visit.end().await;
    }
    Ok(())
}

/// Documents that Avow serves by itself: the form about cookies and what it answers, the notice, its versions.
async fn own_pages(browsers: Browsers) -> Result<()> {
    let (site, host) = SITES[3];
    let visit = Visit::begin_at(&browsers, site, host).await?;
    // Of two versions there is something to compare.
    let path = root().join("demo-site").join(site).join("avow.toml");
    let policy = std::fs::read_to_string(path)?;
    let next = policy.replacen("summary = \"", "summary = \"In short: ", 1);
    ensure!(next != policy, "the second version differs");
    let next = visit.demo.avow.file("next.toml", &next)?;
    visit.demo.avow.avow_ok(&["site", "publish", &next.display().to_string()])?;
    for (page, part) in [
        ("cookies?lang=en", "form button"),
        ("cookies?lang=zh", "form button"),
        ("notice?lang=en", "details"),
        ("versions?lang=en", ".avow-versions"),
        ("versions?lang=en&with=1", ".avow-compare ins"),
    ] {
        visit.go(&format!("/.avow/page/{site}/{page}")).await?;
        visit.tab.shown(&format!(".avow-page {part}")).await?;
        visit.tab.eval("document.querySelectorAll('details').forEach(d => { d.open = true })").await?;
        clean(&visit.tab, page).await?;
    }
    visit.end().await;
    Ok(())
}

async fn looks(browsers: Browsers) -> Result<()> {
    for look in LOOKS {
        let (pages, avow) = site(look, "").await?;
        let tab = browsers.plain().await?.open().await?;
        for path in ["/", "/ar"] {
            tab.go(&format!("{}{path}", pages.site())).await?;
            tab.shown("#avow-banner").await?;
            let what = format!("{look:?} {path}");
            clean(&tab, &what).await?;
            dialog(&tab, &what).await?;
        }
        tab.close().await;
        drop(avow);
    }
    Ok(())
}
