//! What the guard costs a page on a phone of the middle class, and how soon after an accept what was held runs on a
//! fast desktop computer.
//!
//! The figures are printed in every tier (`--nocapture`) and judged in the full one: a busy machine is no reason to
//! fail.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Engine, Tab};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_in};
use avow_tests::server::{Setup, TestServer};
use avow_tests::tools::full;

use crate::device::{as_phone, desktop_takes};
use crate::harness::{Browsers, Suite};

/// Loads of a page, of which the quick ones count: what else the machine does only ever adds.
const LOADS: usize = 20;

/// The guard may take as long as [`WRAPS`] in the same place of the same page: 5 ms on a phone of the middle class
/// (ADR 0019 says why no clock judges it).
const GUARD: f64 = 1.0;
/// What the guard is measured by: gives every method and accessor of nine interfaces of the DOM another one in its place.
const WRAPS: &str = "for (const of of [EventTarget, Node, Element, Document, HTMLScriptElement, HTMLIFrameElement, XMLHttpRequest, Storage, Navigator]) \
    for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(of.prototype))) { \
        const { get, set, value } = own; \
        if (!own.configurable) continue; \
        if (get) Object.defineProperty(of.prototype, name, { ...own, get() { return get.call(this); }, ...(set && { set(to) { set.call(this, to); } }) }); \
        else if (typeof value === 'function' && name !== 'constructor') Object.defineProperty(of.prototype, name, { ...own, value(...all) { return value.apply(this, all); } }); \
    }";
/// From the click on accept until the first released script of the page itself runs, ms.
const INLINE: f64 = 10.0;
/// The same for one of another host, beyond what its file takes to come, ms.
const EXTERNAL: f64 = 20.0;

pub fn add(suite: &mut Suite) {
    // Only Chromium slows its processor down on request.
    suite.add_alone(Engine::Chromium, "the_guard_is_quick", guard);
    suite.add_alone(Engine::Chromium, "what_was_held_runs_at_once", released);
}

/// A quarter of the loads were quicker. Not the quickest itself: the browser slows a tab down by stopping it now and
/// then, and a short task may slip through.
fn quick(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 4]
}

fn middle(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

async fn number(tab: &Tab, expression: &str) -> Result<f64> {
    tab.eval(expression).await?.as_f64().with_context(|| format!("{expression} is a number"))
}

/// A site in that mode, and a server for it.
async fn site(mode: &str) -> Result<(Pages, TestServer)> {
    let pages = Pages::start().await?;
    let policy = toml_in(mode, &pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    Ok((pages, avow))
}

/// From before the parser meets the guard until it is through: reading, compiling and running it. The first look at
/// a document's cookies waits for another process of the browser, whoever looks; a page that does only that is the
/// measure of it. A page with [`WRAPS`] in the guard's place is the measure of the device, load by load.
async fn guard(browsers: Browsers) -> Result<()> {
    let browser = browsers.plain().await?;
    for mode in ["strict", "compatible"] {
        let (pages, avow) = site(mode).await?;
        let snippet = avow.avow_ok(&["snippet", SITE])?;
        let end = snippet.find("</script>").context("the guard is a script")? + "</script>".len();
        let (guard, rest) = snippet.split_at(end);
        let tab = browser.open().await?;
        let rate = as_phone(&tab).await?;
        let (mut first, mut all, mut looks, mut wraps) = (0.0, Vec::new(), Vec::new(), Vec::new());
        pages.put("/guard", &timed(guard, rest));
        pages.put("/look", &timed("<script>document.cookie</script>", ""));
        pages.put("/wraps", &timed(&format!("<script>{WRAPS}</script>"), ""));
        for load in 0..=LOADS {
            for (path, took) in [("/guard", &mut all), ("/look", &mut looks), ("/wraps", &mut wraps)] {
                tab.go(&format!("{}{path}", pages.site())).await?;
                took.push(number(&tab, "took").await?);
            }
            // The first page of a new process compiles what the others have compiled.
            if load == 0 {
                first = all.pop().unwrap_or_default();
                looks.clear();
                wraps.clear();
            }
        }
        tab.close().await;
        // Of all three in one run the middle one: what else the machine does takes from each of them alike.
        let (all, looks, wraps) = (middle(&all), middle(&looks), middle(&wraps));
        let own = all - looks;
        let share = own / wraps;
        println!(
            "guard, {mode}, slowed {rate:.1} times: {own:.1} ms of its own and {looks:.1} ms until the browser gives the cookies; \
             {first:.1} ms on the first page of a process; {share:.2} of its yardstick"
        );
        ensure!(mode != "strict" || !full() || share < GUARD, "the guard took {share:.2} of its yardstick");
    }
    Ok(())
}

fn timed(script: &str, rest: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><script>window.before = performance.now()</script>{script}\
         <script>window.took = performance.now() - before</script>{rest}<title>shop</title></head><body><h1>Shop</h1></body></html>"
    )
}

/// Marked tags, in the form that needs no reload for it.
async fn released(browsers: Browsers) -> Result<()> {
    let (pages, _avow) = site("compatible").await?;
    let third = pages.third();
    pages.put(
        "/",
        &format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script><title>shop</title></head>\
             <body><h1>Shop</h1>\
             <script type='text/plain' data-avow=analytics>window.ranInline = performance.now()</script>\
             <script type='text/plain' data-avow=analytics src='{third}/tag.js?one' onload='window.ranExternal = performance.now()'></script>\
             <script>addEventListener('click', e => window.clicked = performance.now(), true)</script></body></html>"
        ),
    );
    let browser = browsers.plain().await?;
    let (mut inline, mut external, mut share) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..LOADS {
        let tab = browser.open().await?;
        share = share.max(desktop_takes(&tab).await?);
        tab.go(&format!("{}/", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        // As a visitor who has looked at the banner: what is fetched behind it is here.
        tab.wait("performance.getEntriesByType('resource').some(e => e.name.endsWith('/en.json'))").await?;
        tab.click("#avow-accept").await?;
        tab.wait("window.ranExternal > 0").await?;
        inline.push(number(&tab, "ranInline - clicked").await?);
        external.push(
            number(
                &tab,
                "(file => ranExternal - clicked - (file.responseEnd - file.startTime))(performance.getEntriesByType('resource').find(e => e.name.endsWith('tag.js?one')))",
            )
            .await?,
        );
        tab.close().await;
    }
    // A quick load with the machine at its quickest.
    let (inline, external) = (share * quick(&inline), share * quick(&external));
    println!(
        "from accept to the first released script: the page's own {inline:.1} ms, another host's {external:.1} ms beyond its file, \
         as a fast desktop computer takes {share:.2} of the time measured here"
    );
    ensure!(!full() || inline < INLINE, "the page's own ran after {inline} ms");
    ensure!(
        !full() || external < EXTERNAL,
        "another host's ran {external} ms after its file could have come"
    );
    Ok(())
}
