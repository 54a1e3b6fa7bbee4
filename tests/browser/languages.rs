//! Every built-in language in the banner: the one that the page is in, whole on the narrowest phone, its plural forms
//! those that the browser knows.
//!
//! Where a machine has no font for a script, its boxes are measured in place of its letters.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Habit, Tab};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, in_languages, toml_for};
use avow_tests::server::{Setup, TestServer};
use avow_tests::tools::{by_tier, root};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::says;

pub fn add(suite: &mut Suite) {
    suite.add("every_language_fits_a_phone", fits);
    suite.add("the_pages_language_comes_first_then_the_browsers_then_the_sites", order);
}

/// Shown in the quick tier: long words, both directions, scripts of their own.
const SOME: [&str; 7] = ["ar", "cy", "de", "fi", "hi", "ja", "zh-Hant"];

/// Tag to texts, as the files say.
fn built_in() -> Result<BTreeMap<String, toml::Table>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("server/languages"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "toml") {
            let tag = path.file_stem().and_then(|stem| stem.to_str()).context("a tag")?.to_owned();
            found.insert(tag, std::fs::read_to_string(&path)?.parse()?);
        }
    }
    Ok(found)
}

async fn fits(browsers: Browsers) -> Result<()> {
    let files = built_in()?;
    let all: Vec<&str> = files.keys().map(String::as_str).collect();
    ensure!(all.len() >= 40, "{} languages", all.len());
    let pages = Pages::start().await?;
    let policy = in_languages(&toml_for(&pages.third()), &all)?;
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    let page = |lang: &str| {
        format!(
            "<!doctype html><html lang='{lang}'><head><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><h1>Shop</h1></body></html>"
        )
    };
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    // As wide as WCAG 2.2, 1.4.10 asks for.
    tab.resize(320, 640).await?;
    let shown: &[&str] = if browsers.engine == Engine::Chromium { by_tier(&SOME, &all) } else { &SOME };
    for lang in shown {
        pages.put("/page", &page(lang));
        tab.go(&format!("{}/page", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        tab.screenshot(
            &root().join(format!("tests/shots/{}-320-language-{lang}.png", browsers.engine.name())),
        )
        .await?;
        let texts = files[*lang]["texts"].as_table().context("texts")?;
        look(&tab, lang, texts).await.with_context(|| format!("in {lang}"))?;
        plurals(&tab, lang, texts).await?;
    }
    for (asked, given) in
        [("zh-TW", "zh-Hant"), ("zh-CN", "zh"), ("pt-BR", "pt"), ("sr-Cyrl-RS", "sr"), ("EN-gb", "en")]
    {
        pages.put("/page", &page(asked));
        tab.go(&format!("{}/page", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        let lang = tab.eval("document.getElementById('avow-banner').lang").await?;
        ensure!(lang == given, "{asked}: {lang}");
    }
    tab.close().await;
    Ok(())
}

/// The texts of that language, none of them cut off or beside the screen, and both answers of one size.
async fn look(tab: &Tab, lang: &str, texts: &toml::Table) -> Result<()> {
    let seen = tab
        .eval(
            "(banner => ({ lang: banner.lang, words: ['accept', 'reject', 'choose'].map(id => document.getElementById('avow-' + id).textContent), \
              over: document.documentElement.scrollWidth - innerWidth, \
              cut: [...banner.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).length, \
              sizes: ['accept', 'reject'].map(id => (box => [Math.round(box.width), Math.round(box.height)])(document.getElementById('avow-' + id).getBoundingClientRect())), \
              inside: ['accept', 'reject', 'choose'].every(id => (box => box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight)(document.getElementById('avow-' + id).getBoundingClientRect())) }))\
             (document.getElementById('avow-banner'))",
        )
        .await?;
    let words: Vec<_> = ["accept", "reject", "choose"].iter().map(|key| texts[*key].as_str()).collect();
    ensure!(seen["lang"] == lang && seen["words"] == json!(words), "{seen}");
    ensure!(
        seen["over"].as_f64().context("a width")? <= 0.0 && seen["cut"] == 0,
        "something sticks out: {seen}"
    );
    ensure!(seen["sizes"][0] == seen["sizes"][1], "one is larger: {seen}");
    ensure!(seen["inside"] == true, "not all answers are in view: {seen}");
    Ok(())
}

/// Every number has a form where the browser's rules ask for one of their own.
async fn plurals(tab: &Tab, lang: &str, texts: &toml::Table) -> Result<()> {
    let asked = format!(
        "[...new Set(Array.from({{ length: 400 }}, (_, n) => new Intl.PluralRules({lang:?}).select(n + 1)))].filter(c => c !== 'other')"
    );
    let asked = tab.eval(&asked).await?;
    for (key, text) in texts.iter().filter(|(key, _)| key.starts_with("duration_")) {
        let text = text.as_str().context("a text")?;
        // One form for all numbers, or one for one and one for more.
        if !text.contains('=') {
            continue;
        }
        for category in asked.as_array().context("categories")? {
            let category = category.as_str().context("a category")?;
            ensure!(
                text.split('|').any(|form| form.starts_with(&format!("{category}="))),
                "{lang}: {key} has no form for {category}: {text}"
            );
        }
    }
    Ok(())
}

/// What the `<html>` of a page says, and the languages of the banner in a browser as installed, which is English, and in
/// one that wants Arabic.
const PAGES: [(&str, &str, &str); 8] = [
    ("", "en", "ar"),
    ("lang=''", "en", "ar"),
    // Said, and none that the site has.
    ("lang=fr", "en", "ar"),
    // Said to be unknown (RFC 5646, 4.1), which is not English.
    ("lang=und", "en", "ar"),
    ("lang=en", "en", "en"),
    ("lang=en-AU", "en", "en"),
    ("lang=de", "de", "de"),
    ("lang=ar dir=rtl", "ar", "ar"),
];

async fn order(browsers: Browsers) -> Result<()> {
    let files = built_in()?;
    let pages = Pages::start().await?;
    let policies = [in_languages(&toml_for(&pages.third()), &["de", "en", "ar"])?];
    let avow = TestServer::start(Setup { policies: policies.into(), ..Setup::on(Kind::Sqlite) }).await?;
    let page = |attributes: &str| {
        format!(
            "<!doctype html><html {attributes}><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script>\
             <title>shop</title></head><body><h1>Shop</h1></body></html>"
        )
    };
    pages.proxy(Some(avow.base()));
    for (at, (attributes, _, _)) in PAGES.iter().enumerate() {
        pages.put(&format!("/{at}"), &page(attributes));
    }
    for habit in [Habit::Plain, Habit::Arabic] {
        let tab = browsers.with(habit).await?.open().await?;
        for (at, (attributes, english, arabic)) in PAGES.iter().enumerate() {
            let lang = if habit == Habit::Arabic { arabic } else { english };
            tab.go(&format!("{}/{at}", pages.site())).await?;
            speaks(&tab, lang, &files)
                .await
                .with_context(|| format!("{habit:?}, on a page with `{attributes}`"))?;
        }
        tab.close().await;
    }
    follows(&browsers, &pages, &avow, &files["ar"]).await?;
    // A site with neither English nor Arabic: the second that the browser wants, where a page is told of it; else the
    // site's first.
    let policies = [in_languages(&toml_for(&pages.third()), &["de", "cy"])?];
    let avow = TestServer::start(Setup { policies: policies.into(), ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    for habit in [Habit::Plain, Habit::Arabic] {
        let lang = if habit == Habit::Arabic && browsers.engine == Engine::Firefox { "cy" } else { "de" };
        let tab = browsers.with(habit).await?.open().await?;
        tab.go(&format!("{}/0", pages.site())).await?;
        speaks(&tab, lang, &files).await.with_context(|| format!("{habit:?}, in German and Welsh"))?;
        tab.close().await;
    }
    Ok(())
}

/// All that comes after the banner is in Arabic, too; and the record names it.
async fn follows(browsers: &Browsers, pages: &Pages, avow: &TestServer, arabic: &toml::Table) -> Result<()> {
    let tab = browsers.with(Habit::Arabic).await?.open().await?;
    tab.go(&format!("{}/0", pages.site())).await?;
    tab.click("#avow-choose").await?;
    tab.shown("#avow-save").await?;
    let dialog = tab.eval("(e => [e.lang, e.dir, getComputedStyle(e).direction, document.getElementById('avow-save').textContent])(document.getElementById('avow-dialog'))").await?;
    let text = |key: &str| arabic["texts"][key].as_str().unwrap_or_default();
    ensure!(dialog == json!(["ar", "rtl", "rtl", text("save")]), "{dialog}");
    tab.click("#avow-dialog-reject").await?;
    tab.shown("#avow-toast").await?;
    let said = tab
        .eval("(e => [e.closest('[lang]').lang, e.closest('[dir]').dir, e.textContent, getComputedStyle(e).direction])(document.getElementById('avow-toast'))")
        .await?;
    ensure!([&said[0], &said[1], &said[3]] == ["ar", "rtl", "rtl"], "{said}");
    ensure!(said[2].as_str().is_some_and(|said| said.contains(text("rejected"))), "{said}");
    tab.wait("!localStorage.getItem('avow_outbox')").await?;
    let records = avow.records()?;
    ensure!(records.len() == 1 && says(&records[0], "locale") == "ar", "{records:?}");
    // Avow's own page reads what the browser asks for.
    tab.go(&format!("{}/.avow/page/{SITE}/cookies", pages.site())).await?;
    let own = tab.eval("[document.documentElement.lang, document.documentElement.dir, document.querySelector('button[value=reject]').textContent]").await?;
    ensure!(own == json!(["ar", "rtl", text("reject")]), "{own}");
    tab.close().await;
    Ok(())
}

/// The banner is in that language: its words, its `lang`, its `dir`, and how it runs; the page stays as it was.
async fn speaks(tab: &Tab, lang: &str, files: &BTreeMap<String, toml::Table>) -> Result<()> {
    tab.shown("#avow-banner").await?;
    let seen = tab
        .eval(
            "(banner => [banner.lang, banner.dir, getComputedStyle(banner).direction, \
              ...['accept', 'reject', 'choose'].map(id => document.getElementById('avow-' + id).textContent)])\
             (document.getElementById('avow-banner'))",
        )
        .await?;
    let dir = if lang == "ar" { "rtl" } else { "ltr" };
    let texts = files[lang]["texts"].as_table().context("texts")?;
    let word = |key: &str| texts[key].as_str();
    ensure!(
        seen == json!([lang, dir, dir, word("accept"), word("reject"), word("choose")]),
        "not in {lang}: {seen}"
    );
    let body = tab.eval("document.getElementById('avow-banner').textContent").await?;
    let said = word("banner_body").context("a text")?;
    ensure!(body.as_str().is_some_and(|body| body.contains(said)), "not in {lang}: {body}");
    Ok(())
}
