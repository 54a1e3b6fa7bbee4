//! A site that needs no consent for anything: nobody is asked, nothing stands in the corner, and the page about cookies
//! says what is there.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_in};
use avow_tests::server::{Setup, TestServer};
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("where_nothing_is_optional_nobody_is_asked", nothing);
}

async fn nothing(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_in("strict", &pages.third());
    // Without its optional purposes.
    let first = policy.find("[[purpose]]\nid = \"video\"").context("an optional purpose")?;
    let texts = policy.find("# Words of its own").context("texts follow")?;
    let policy = format!("{}{}", &policy[..first], &policy[texts..]);
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    pages.put(
        "/",
        &format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script><title>shop</title></head>\
             <body><h1>Shop</h1><a id=choices href='/cookies' data-avow-do=open>Cookies</a></body></html>"
        ),
    );
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.wait("avow.ready.then(ready => ready && !!document.querySelector('.avow-corner'))").await?;
    let state = "[!document.getElementById('avow-banner'), !document.getElementById('avow-reopen'), document.cookie, localStorage.length]";
    let state = tab.eval(state).await?;
    ensure!(state == json!([true, true, "", 0]), "{state}");
    // Who wants to know is told.
    tab.click("#choices").await?;
    tab.shown("#avow-dialog").await?;
    tab.go(&format!("{}/.avow/page/{SITE}/cookies", pages.site())).await?;
    let said = tab.eval("[document.body.innerText, document.querySelectorAll('form button').length]").await?;
    ensure!(said[1] == 0, "there is nothing to answer: {said}");
    ensure!(said[0].as_str().is_some_and(|text| text.contains("Always on")), "{said}");
    tab.close().await;
    Ok(())
}
