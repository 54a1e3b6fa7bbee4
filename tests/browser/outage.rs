//! What each form promises when something is missing: WebAssembly, the script's host, storage.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::Habit;
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_in};
use avow_tests::server::{Setup, TestServer};
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::visit::{FORMS, Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("with_the_script_host_down_all_stays_held", host_down);
    suite.add("without_webassembly_all_stays_held", without_wasm);
    suite.add("where_the_page_refuses_webassembly_the_banner_is_plain", refused_by_the_page);
    suite.add("without_storage_all_stays_held", without_storage);
    suite.add("without_the_second_layer_the_first_one_answers", without_preferences);
}

/// The page works: it shows its text, its links lead on, and no script has failed.
async fn page_works(visit: &Visit, form: &str) -> Result<()> {
    leads_on(visit, form).await?;
    ensure!(visit.tab.complaints().is_empty(), "no script failed: {:?}", visit.tab.complaints());
    Ok(())
}

/// It shows its text, and its links lead on.
async fn leads_on(visit: &Visit, form: &str) -> Result<()> {
    visit.tab.shown("h1").await?;
    visit.tab.click("main a[href$='contact']").await?;
    visit
        .tab
        .wait(&format!("location.pathname === '{form}contact' && document.readyState === 'complete'"))
        .await?;
    visit.tab.shown("form").await
}

async fn host_down(browsers: Browsers) -> Result<()> {
    let mut visit = Visit::begin(&browsers).await?;
    visit.demo.wire.cut();
    for form in FORMS {
        visit.go(form).await?;
        ensure!(
            visit.tab.eval("!document.querySelector('#avow-banner')").await? == true,
            "no banner can come"
        );
        visit.nothing_optional(form).await?;
        page_works(&visit, form).await?;
        visit.nothing_optional(form).await?;
    }
    visit.go("/b/jobs/careers-hub-lead").await?;
    visit.tab.shown("h1").await?;
    visit.nothing_optional("an unmarked tag in form (b)").await?;
    // The control, and what the table says of form (a): its unmarked tags run.
    visit.go("/jobs/careers-hub-lead").await?;
    visit.tab.shown("h1").await?;
    let kinds: Vec<String> = visit.demo.arrivals().await?.iter().map(|a| a.kind().to_owned()).collect();
    ensure!(!kinds.is_empty() && kinds.iter().all(|kind| kind == "unmarked"), "{kinds:?}");
    // A stored grant must not blank a page whose engine does not come.
    visit.stranger(&browsers, Habit::Plain).await?;
    visit.demo.wire.mend();
    visit.go("/b/").await?;
    visit.tab.click("#avow-accept").await?;
    visit.demo.arrival_for("analytics").await?;
    visit.sealed().await?;
    visit.demo.wire.cut();
    visit.tab.reload().await?;
    leads_on(&visit, "/b/").await?;
    visit.end().await;
    Ok(())
}

async fn without_wasm(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_as(&browsers, Habit::NoWasm, Kind::Sqlite).await?;
    for form in FORMS {
        visit.go(form).await?;
        visit.tab.wait("(await avow.ready) === false").await?;
        visit.nothing_optional(form).await?;
        page_works(&visit, form).await?;
        visit.nothing_optional(form).await?;
    }
    // The banner is there all the same, over a form: each answer is recorded, and nothing optional starts.
    let answers =
        [("#avow-reject", "refused"), ("#avow-accept", "given"), ("button[value=reject]", "withdrawn")];
    for (at, (button, event)) in answers.into_iter().enumerate() {
        if at == 1 {
            visit.tab.eval("(document.cookie = 'avow=; Max-Age=0; Path=/', 1)").await?;
        }
        visit.go("/privacy").await?;
        if at == 2 {
            // Whoever has answered finds the way back in the corner: the page about cookies, with its form.
            visit.tab.click("#avow-reopen").await?;
            visit.tab.click(button).await?;
            visit.tab.shown(".avow-said").await?;
        } else {
            visit.tab.shown("#avow-banner").await?;
            // A program cannot allow: its click comes to nothing.
            visit.tab.eval("(document.getElementById('avow-accept').click(), 1)").await?;
            visit.tab.click(button).await?;
            visit.tab.shown("#avow-toast").await?;
            visit.tab.gone("#avow-banner").await?;
            ensure!(visit.tab.eval("location.pathname").await? == "/privacy", "back where the question was");
        }
        let record = visit.record(at + 1).await?;
        ensure!(says(&record, "event") == event && says(&record, "surface") == "form", "{record}");
        ensure!(visit.cookie().await?.is_some_and(|cookie| !cookie.ends_with(".-")), "sealed at once");
        visit.nothing_optional("without an engine nothing starts").await?;
    }
    visit.control().await?;
    visit.end().await;
    Ok(())
}

/// A page whose own content security policy does not know WebAssembly.
async fn refused_by_the_page(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let avow = TestServer::start(Setup {
        policies: vec![toml_in("compatible", &pages.third())],
        ..Setup::on(Kind::Sqlite)
    })
    .await?;
    pages.proxy(Some(avow.base()));
    let page = |policy: &str| {
        format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><meta http-equiv=Content-Security-Policy content=\"{policy}\">\
             <script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><h1>Shop</h1>\
             <script type='text/plain' data-avow=analytics>window.counted = true</script></body></html>"
        )
    };
    let strict = "script-src 'self' 'unsafe-inline'";
    pages.put("/", &page(strict));
    pages.put(
        "/cookies",
        "<!doctype html><html lang=en><title>cookies</title><body><h1>Cookies</h1></body></html>",
    );
    pages.put("/control", &page(&format!("{strict} 'wasm-unsafe-eval'")));
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval("avow.ready").await? == false, "the engine did not start");
    // The way to a choice per purpose leads to the page about cookies.
    tab.click("#avow-choose").await?;
    tab.wait("location.pathname === '/cookies'").await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    tab.click("#avow-accept").await?;
    tab.shown("#avow-toast").await?;
    let records = avow.records()?;
    let record: Value = serde_json::from_str(records[0]["record"].as_str().context("a record")?)?;
    ensure!(
        records.len() == 1 && record["event"] == "given" && record["ui"]["surface"] == "form",
        "{record}"
    );
    ensure!(
        tab.eval("[avow.allows('analytics'), !!window.counted]").await? == json!([true, false]),
        "nothing starts it"
    );
    // The control: where the page lets WebAssembly run, the same answer starts it.
    tab.go(&format!("{}/control", pages.site())).await?;
    tab.wait("window.counted === true").await?;
    tab.close().await;
    Ok(())
}

async fn without_storage(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_as(&browsers, Habit::NoStorage, Kind::Sqlite).await?;
    for form in FORMS {
        visit.go(form).await?;
        visit.tab.shown("#avow-banner").await?;
        ensure!(visit.demo.arrivals().await?.is_empty(), "{form}: nothing before a choice");
        visit.tab.click("#avow-reject").await?;
        visit.tab.gone("#avow-banner").await?;
        ensure!(visit.demo.arrivals().await?.is_empty(), "{form}: nothing after a refusal");
        ensure!(visit.tab.cookies().await?.is_empty(), "nothing could be stored");
        page_works(&visit, form).await?;
    }
    ensure!(visit.demo.arrivals().await?.is_empty(), "nothing on any page");
    // The control: this visitor's tags would run.
    visit.go("/plain/").await?;
    visit.demo.arrival_for("marketing").await?;
    visit.end().await;
    Ok(())
}

async fn without_preferences(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    // A page that is never idle: nothing is fetched ahead.
    visit.tab.preload("window.requestIdleCallback = () => 0").await?;
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    visit.demo.wire.cut();
    for _ in 0..2 {
        visit.tab.eval("document.querySelector('#avow-choose').removeAttribute('aria-busy')").await?;
        visit.tab.click("#avow-choose").await?;
        visit
            .tab
            .wait("document.querySelector('#avow-choose').getAttribute('aria-busy') === 'false'")
            .await?;
        ensure!(
            visit.tab.eval("!document.querySelector('#avow-dialog')").await? == true,
            "no dialog can come"
        );
        visit.nothing_optional("without the second layer").await?;
    }
    // The control: it comes once it can, by the same control.
    visit.demo.wire.mend();
    visit.tab.click("#avow-choose").await?;
    visit.tab.shown("#avow-dialog").await?;
    visit.tab.click("#avow-close").await?;
    visit.tab.gone("#avow-dialog").await?;
    // Another page that has it neither: the first layer answers alone.
    visit.tab.reload().await?;
    visit.tab.shown("#avow-banner").await?;
    visit.demo.wire.cut();
    visit.tab.click("#avow-reject").await?;
    visit.tab.gone("#avow-banner").await?;
    visit.tab.shown("#avow-toast").await?;
    visit.nothing_optional("refused without the second layer").await?;
    visit.demo.wire.mend();
    visit.end().await;
    Ok(())
}
