//! What a visitor was shown, shown again to the data protection officer: the same words by the same code, and nothing
//! that is done there reaches the log or the device.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("what_was_shown_is_shown_again_and_goes_nowhere", again);
}

/// The words of a layer, and how they run.
const WORDS: &str = "(e => [e.innerText, getComputedStyle(e).direction, e.lang || e.closest('[lang]').lang])(document.querySelector('#avow-banner'))";

async fn again(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    pages.put(
        "/",
        &format!(
            "<!doctype html><html lang=ar dir=rtl><head><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><main><h1>Shop</h1></main></body></html>"
        ),
    );
    let tab = browsers.plain().await?.open().await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    let seen = tab.eval(WORDS).await?;
    tab.click("#avow-reject").await?;
    tab.wait("!localStorage.avow_outbox && document.cookie.includes('avow=')").await?;
    let cookie = tab.eval("document.cookie").await?;
    let kept = "JSON.stringify(Object.entries(localStorage).sort())";
    tab.eval("(localStorage.setItem('theirs', '1'), 1)").await?;
    let before = tab.eval(kept).await?;
    let records = avow.records()?;
    ensure!(records.len() == 1, "{records:?}");
    let id = records[0]["id"].as_str().context("an id")?;

    let officer = format!("Bearer {}", avow.token("dpo")?);
    let path = format!("/v1/consents/{id}/shown?site={SITE}");
    let reply = avow.get_as(&path, "authorization", &officer).await?;
    ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
    let path = reply.json()["path"].as_str().context("a path")?.to_owned();
    // Below the site's own address, where the widget would find its cookies.
    let at = format!("{}/.avow{path}", pages.site());
    tab.go(&format!("{at}stage")).await?;
    tab.wait("document.documentElement.dataset.drawn === 'true'").await?;
    let shown = tab.eval(WORDS).await?;
    ensure!(shown == seen, "{shown} is not {seen}");
    // It stands in an origin of nobody's, where there is nothing to read; the site's own page has its storage.
    let reach = "(() => { try { return [self.origin, typeof localStorage]; } catch (e) { return [self.origin, e.name]; } })()";
    let alone = tab.eval(reach).await?;
    ensure!(alone == json!(["null", "SecurityError"]), "{alone}");
    // The second layer can be looked at as well, and an answer closes it.
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.click("#avow-dialog-accept").await?;
    tab.gone("#avow-dialog").await?;
    tab.gone("#avow-banner").await?;

    // In its frame there is no script, and it says what it is.
    tab.go(&at).await?;
    let said = tab.eval("document.body.innerText").await?;
    let said = said.as_str().unwrap_or_default();
    ensure!(said.contains("illustration") && said.contains("not sent"), "{said}");
    ensure!(tab.eval("document.scripts.length").await? == 0, "no script");
    ensure!(tab.eval("document.querySelector('iframe').getAttribute('sandbox')").await? == "allow-scripts");

    tab.go(&format!("{}/", pages.site())).await?;
    ensure!(tab.eval("document.cookie").await? == cookie, "the device is as it was");
    ensure!(tab.eval(kept).await? == before && tab.eval("self.origin").await? != "null", "all of it");
    ensure!(avow.records()?.len() == 1, "and so is the log");
    tab.close().await;
    Ok(())
}
