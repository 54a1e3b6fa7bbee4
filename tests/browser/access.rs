//! For everyone: the keyboard alone, a screen reader's view as axe checks it, and a narrow screen.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Tab, keys};
use avow_tests::page::Pages;
use avow_tests::tools;
use serde_json::Value;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("the_keyboard_alone_can_do_everything", keyboard);
    suite.add("axe_finds_nothing", axe);
    suite.add("a_screen_of_320_pixels_is_enough", narrow);
}

async fn keyboard(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    tab.tab_to("#avow-choose").await?;
    tab.press(keys::ENTER).await?;
    tab.shown("#avow-dialog").await?;
    // The dialog keeps the focus, and Escape gives it back to where it was.
    tab.wait("document.querySelector('#avow-dialog').contains(document.activeElement)").await?;
    tab.press(keys::ESCAPE).await?;
    tab.gone("#avow-dialog").await?;
    tab.shown("#avow-banner").await?;
    tab.wait("document.activeElement.id === 'avow-choose'").await?;
    tab.press(keys::ENTER).await?;
    tab.tab_to("#avow-p-analytics").await?;
    tab.press(keys::SPACE).await?;
    tab.wait("document.querySelector('#avow-p-analytics').checked").await?;
    tab.press_shifted(keys::TAB).await?;
    tab.wait("document.querySelector('#avow-dialog').contains(document.activeElement)").await?;
    tab.tab_to("#avow-save").await?;
    tab.press(keys::ENTER).await?;
    visit.demo.arrival_for("analytics").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "partially_given" && says(&record, "input") == "keyboard", "{record}");
    // Taking it back is as easy.
    tab.shown("#avow-reopen").await?;
    tab.tab_to("#avow-reopen").await?;
    tab.press(keys::ENTER).await?;
    tab.shown("#avow-dialog").await?;
    tab.tab_to("#avow-withdraw").await?;
    tab.press(keys::ENTER).await?;
    tab.wait("!/:1/.test((document.cookie.match(/avow=[^;]*/) || [':1'])[0])").await?;
    visit.ready().await?;
    visit.sealed().await?;
    let record = visit.record(2).await?;
    ensure!(says(&record, "event") == "withdrawn" && says(&record, "input") == "keyboard", "{record}");
    visit.end().await;
    Ok(())
}

/// What axe finds on the page as it is, as rule and element.
pub async fn violations(tab: &Tab) -> Result<Vec<String>> {
    let source = std::fs::read_to_string(tools::npm("axe-core")?.join("axe.min.js")).context("read axe")?;
    tab.eval(&format!("(() => {{ if (!window.axe) {{ {source} }} return 0 }})()")).await?;
    let found = tab.eval("axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ') + ' ' + (n.failureSummary || ''))]))").await?;
    let found = found.as_array().context("a list of violations")?;
    Ok(found.iter().map(Value::to_string).collect())
}

async fn axe(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    settled(tab).await?;
    let found = violations(tab).await?;
    ensure!(found.is_empty(), "with the banner: {found:#?}");
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.eval("document.querySelectorAll('#avow-dialog details').forEach(d => { d.open = true })").await?;
    settled(tab).await?;
    let found = violations(tab).await?;
    ensure!(found.is_empty(), "with the dialog: {found:#?}");
    tab.click("#avow-dialog-reject").await?;
    tab.shown("#avow-status").await?;
    settled(tab).await?;
    let found = violations(tab).await?;
    ensure!(found.is_empty(), "with the confirmation: {found:#?}");
    // The control: axe does find what is wrong.
    let pages = Pages::start().await?;
    pages.put("/", "<!doctype html><title>bad</title><img src='/x.png'><button></button>");
    tab.go(&format!("{}/", pages.site())).await?;
    ensure!(
        violations(tab).await?.len() >= 2,
        "axe finds a picture without a text and a button without a name"
    );
    visit.end().await;
    Ok(())
}

/// Animations have ended: colours that are still fading are not what a person reads.
async fn settled(tab: &Tab) -> Result<()> {
    tab.wait("document.getAnimations().every(a => a.playState === 'finished')").await
}

async fn narrow(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    tab.resize(320, 568).await?;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    let fits = |part: &str| {
        format!(
            "(() => {{ const wide = document.documentElement.scrollWidth > 320 ? ['page ' + document.documentElement.scrollWidth] : []; \
             for (const e of document.querySelectorAll('{part}, {part} *')) {{ const r = e.getBoundingClientRect(); \
             if (r.width && (r.left < -1 || r.right > 321)) wide.push(e.tagName + '#' + e.id + '.' + e.className + ' ' + r.left + '-' + r.right) }} \
             for (const e of document.querySelectorAll('{part} button')) {{ const r = e.getBoundingClientRect(); \
             if (r.height < 24 || r.width < 24) wide.push('small ' + e.id) }} return wide }})()"
        )
    };
    let wide = tab.eval(&fits("#avow-banner")).await?;
    ensure!(wide == serde_json::json!([]), "banner: {wide}");
    for button in ["#avow-accept", "#avow-reject", "#avow-choose"] {
        let seen = tab
            .eval(&format!(
                "(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('{button}').getBoundingClientRect())"
            ))
            .await?;
        ensure!(seen == true, "{button} is in view without scrolling");
    }
    // Equal weight: the same size, font and colours.
    let weights = tab
        .eval(
            "['accept', 'reject'].map(n => document.querySelector('#avow-' + n)).map(e => { const s = getComputedStyle(e); \
             return [s.fontSize, s.fontWeight, s.color, s.backgroundColor, s.borderColor, Math.round(e.getBoundingClientRect().height)] })",
        )
        .await?;
    ensure!(weights[0] == weights[1], "accept and reject weigh the same: {weights}");
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.eval("document.querySelectorAll('#avow-dialog details').forEach(d => { d.open = true })").await?;
    let wide = tab.eval(&fits("#avow-dialog")).await?;
    ensure!(wide == serde_json::json!([]), "dialog: {wide}");
    tab.click("#avow-p-video").await?;
    tab.click("#avow-save").await?;
    visit.demo.arrival_for("video").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "viewport") == "narrow", "{record}");
    visit.end().await;
    Ok(())
}
