//! A site of which nothing waits for consent in the United Kingdom: statistics and appearance are on, nobody is asked, and
//! one click objects (PECR Sch A1 paras 5 and 6). Everywhere else the same site asks.

use anyhow::{Context, Result, ensure};
use avow_tests::policy::{following, toml_in};
use serde_json::json;
use toml::Value;

use crate::harness::{Browsers, Suite};
use crate::region::site_of;

pub fn add(suite: &mut Suite) {
    suite.add("one_click_objects_where_nobody_is_asked", object);
}

/// The shop without marketing, its films on the basis `appearance`.
fn policy(third: &str) -> Result<String> {
    let mut policy: toml::Table = following(&toml_in("compatible", third)).parse()?;
    let purposes = policy.get_mut("purpose").and_then(Value::as_array_mut).context("purposes")?;
    purposes.retain(|purpose| purpose["id"].as_str() != Some("marketing"));
    let films =
        purposes.iter_mut().find(|purpose| purpose["id"].as_str() == Some("video")).context("films")?;
    let films = films.as_table_mut().context("a purpose")?;
    films.insert("basis".to_owned(), "appearance".into());
    films.insert("lawful_basis".to_owned(), "legitimate_interests".into());
    Ok(toml::to_string(&policy)?)
}

async fn object(browsers: Browsers) -> Result<()> {
    const STATE: &str = "[!!document.getElementById('avow-banner'), !!window.counted, !!window.shown, avow.allows('analytics'), avow.allows('video')]";
    for (country, on) in [("GB", true), ("FR", false), ("JE", false)] {
        let (pages, avow, _folder) = site_of(Some(country), policy).await?;
        pages.put(
            "/",
            "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/shop.js'></script><title>shop</title></head>\
             <body><h1>Shop</h1><script type='text/plain' data-avow=analytics>window.counted = true</script>\
             <script type='text/plain' data-avow=video>window.shown = true</script>\
             <footer><a id=object href=/cookies data-avow-do=rejectAll>Object to statistics</a></footer></body></html>",
        );
        let tab = browsers.plain().await?.open().await?;
        let home = format!("{}/", pages.site());
        tab.go(&home).await?;
        tab.wait("(await avow.ready) === true").await?;
        if on {
            tab.wait("window.counted && window.shown").await?;
            tab.shown("#avow-reopen").await?;
        } else {
            tab.shown("#avow-banner").await?;
        }
        let state = tab.eval(STATE).await?;
        ensure!(state == json!([!on, on, on, on, on]), "{country}: {state}");
        // The switches say so; both the basis and the way back are the law's.
        tab.click(if on { "#avow-reopen" } else { "#avow-choose" }).await?;
        tab.shown("#avow-dialog").await?;
        let switches = "['analytics', 'video'].map(id => document.getElementById('avow-p-' + id).checked)";
        let switches = tab.eval(switches).await?;
        ensure!(switches == json!([on, on]), "{country}: {switches}");
        tab.click("#avow-close").await?;
        tab.gone("#avow-dialog").await?;
        // One click, here on a link of the page's own.
        tab.eval("(window.former = true, 1)").await?;
        tab.click("#object").await?;
        tab.wait(if on { "!window.former && await avow.ready" } else { "window.former" }).await?;
        tab.wait("!avow.allows('analytics') && !avow.allows('video')").await?;
        tab.wait("!localStorage.getItem('avow_outbox')").await?;
        let records = avow.records()?;
        let record = serde_json::to_string(&records)?;
        let said = if on { "objected" } else { "refused" };
        ensure!(records.len() == 1 && record.contains(said), "{country}: {record}");
        tab.go(&home).await?;
        tab.wait("(await avow.ready) === true").await?;
        let state = tab.eval(STATE).await?;
        ensure!(state == json!([false, false, false, false, false]), "{country}, the next page: {state}");
        tab.close().await;
    }
    Ok(())
}
