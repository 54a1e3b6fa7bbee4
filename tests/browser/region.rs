//! The law of where a visitor is, as the page meets it: statistics that need no consent are on in the United Kingdom
//! until the visitor objects, and wait for an answer everywhere else.

use anyhow::{Result, ensure};
use avow_tests::browser::keys;
use avow_tests::database::Kind;
use avow_tests::geo;
use avow_tests::page::Pages;
use avow_tests::policy::toml_in;
use avow_tests::policy::{SITE, following};
use avow_tests::server::{Setup, TestServer};
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("statistics_are_on_in_the_united_kingdom_only", statistics);
}

/// Pages of a site whose visitors, all on this machine, are in that country.
async fn site(country: Option<&str>) -> Result<(Pages, TestServer, tempfile::TempDir)> {
    site_of(country, |third| Ok(following(&toml_in("compatible", third)))).await
}

/// The same with another policy, made for that third party.
pub async fn site_of(
    country: Option<&str>,
    policy: impl Fn(&str) -> Result<String>,
) -> Result<(Pages, TestServer, tempfile::TempDir)> {
    let pages = Pages::start().await?;
    let policy = policy(&pages.third())?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("geo.mmdb");
    std::fs::write(&file, geo::file(&[("127.0.0.0/8", country.unwrap_or("ZZ"), None)])?)?;
    let flags = vec!["--geo".to_owned(), file.display().to_string()];
    let avow = TestServer::start(Setup { policies: vec![policy], flags, ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    pages.put(
        "/",
        &format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script><title>shop</title></head>\
             <body><h1>Shop</h1><script type='text/plain' data-avow=analytics>window.counted = true</script>\
             <script type='text/plain' data-avow=marketing>window.marketed = true</script></body></html>"
        ),
    );
    Ok((pages, avow, folder))
}

async fn statistics(browsers: Browsers) -> Result<()> {
    const STATE: &str =
        "[!!window.counted, !!window.marketed, avow.allows('analytics'), avow.allows('marketing')]";
    for (country, runs, row) in
        [(Some("GB"), true, "gb"), (Some("FR"), false, "fr"), (None, false, "strictest")]
    {
        let (pages, avow, _folder) = site(country).await?;
        let browser = browsers.plain().await?;
        let tab = browser.open().await?;
        tab.go(&format!("{}/", pages.site())).await?;
        // Marketing needs consent, so everybody is asked.
        tab.shown("#avow-banner").await?;
        if runs {
            // It is started beside the banner, not before it.
            tab.wait("window.counted").await?;
        }
        let state = tab.eval(STATE).await?;
        ensure!(state == json!([runs, false, runs, false]), "{country:?}: {state}");
        // The switch of what needs no consent there is on, and everybody else's is off.
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        let switches =
            "['analytics', 'marketing'].map(id => document.getElementById('avow-p-' + id).checked)";
        let switches = tab.eval(switches).await?;
        ensure!(switches == json!([runs, false]), "{country:?}: {switches}");
        tab.press(keys::ESCAPE).await?;
        tab.gone("#avow-dialog").await?;
        tab.eval("(window.former = true, 1)").await?;
        tab.click("#avow-reject").await?;
        tab.gone("#avow-banner").await?;
        // What ran is stopped by loading the page anew.
        tab.wait(if runs { "!window.former && await avow.ready" } else { "window.former" }).await?;
        tab.wait("!avow.allows('analytics')").await?;
        tab.go(&format!("{}/", pages.site())).await?;
        tab.wait("avow.decision() && !document.getElementById('avow-banner')").await?;
        let state = tab.eval(STATE).await?;
        ensure!(state == json!([false, false, false, false]), "{country:?}, after a no: {state}");
        tab.wait("!localStorage.getItem('avow_outbox')").await?;
        let records = avow.records()?;
        let record = serde_json::to_value(&records)?.to_string();
        ensure!(records.len() == 1 && record.contains(row), "{country:?}: {record}");
        tab.close().await;
    }
    Ok(())
}
