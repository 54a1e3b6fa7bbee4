//! When the question comes again: not before its time, and for what has changed only.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("a_refusal_is_silent_for_six_months_and_no_longer", silence);
    suite.add("a_new_version_asks_about_what_changed_and_says_it", changed);
}

/// A page that believes in a later day.
fn later(days: u32) -> String {
    format!(
        "(() => {{ const now = Date.now.bind(Date), more = {days} * 864e5; Date.now = () => now() + more; \
         const Real = Date; window.Date = class extends Real {{ constructor(...a) {{ super(...(a.length ? a : [now() + more])) }} }}; \
         window.Date.now = () => now() + more }})()"
    )
}

async fn silence(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    visit.go("/").await?;
    visit.tab.click("#avow-reject").await?;
    visit.sealed().await?;
    // The same visitor, in tabs that live later; the browser itself keeps the cookie until its own clock ends it.
    for (days, asked) in [(1, false), (179, false), (184, true)] {
        let tab = visit.tab.sibling().await?;
        tab.preload(&later(days)).await?;
        tab.go(&format!("{}/", visit.demo.site)).await?;
        tab.wait("(window.avow && await window.avow.ready) === true").await?;
        if asked {
            tab.shown("#avow-banner").await?;
        } else {
            tab.shown("#avow-reopen").await?;
            tab.gone("#avow-banner").await?;
        }
        ensure!(tab.eval("avow.allows('analytics')").await? == false, "after {days} days a no is no yes");
        tab.close().await;
    }
    visit.nothing_optional("after half a year of silence").await?;
    visit.control().await?;
    visit.end().await;
    Ok(())
}

async fn changed(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy.clone()], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    pages.put(
        "/",
        &format!("<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><h1>Shop</h1></body></html>"),
    );
    let browser = browsers.plain().await?;
    let (agreed, refused) = (browser.open().await?, browser.open().await?);
    let home = format!("{}/", pages.site());
    for (tab, button) in [(&agreed, "#avow-accept"), (&refused, "#avow-reject")] {
        tab.go(&home).await?;
        tab.click(button).await?;
        tab.wait("/\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    }
    // Who has agreed to one and refused the others.
    let partly = browser.open().await?;
    partly.go(&home).await?;
    partly.click("#avow-choose").await?;
    partly.click("#avow-p-analytics").await?;
    partly.click("#avow-save").await?;
    partly.wait("/\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    // A purpose of another provider; words and looks of others changed as well, which is nobody's business.
    let (before, rest) = policy.split_at(policy.find("id = \"analytics\"").expect("the shop has statistics"));
    let start = rest.find("provider = \"").expect("a provider") + "provider = \"".len();
    let end = start + rest[start..].find('"').expect("its end");
    let next = format!("{before}{}Bigger Statistics Ltd{}", &rest[..start], &rest[end..]);
    avow.publish(&next)?;
    for (tab, asked) in [(&agreed, true), (&refused, false)] {
        // The script is kept for five minutes; a visitor of tomorrow has the new one.
        tab.wait(&format!("(await (await fetch('/.avow/site/{SITE}.js', {{ cache: 'reload' }})).text()).includes('\"version\":2')")).await?;
        tab.go(&home).await?;
        tab.wait("(window.avow && await window.avow.ready) === true").await?;
        if asked {
            tab.shown("#avow-banner").await?;
            let news = tab
                .eval("[...document.querySelectorAll('#avow-banner li')].map(line => line.innerText)")
                .await?;
            ensure!(
                news[0]
                    .as_str()
                    .is_some_and(|line| line.ends_with("now also provided by Bigger Statistics Ltd"))
                    && news.as_array().map(Vec::len) == Some(1),
                "{news}"
            );
            let allowed = tab
                .eval("[avow.allows('analytics'), avow.allows('marketing'), avow.allows('video')]")
                .await?;
            ensure!(allowed == json!([false, true, true]), "only that one is void: {allowed}");
        } else {
            tab.shown("#avow-reopen").await?;
            tab.gone("#avow-banner").await?;
        }
    }
    // Asked about the one that changed: accepting it leaves what was refused, and refusing takes back the rest.
    let allows = "['analytics', 'marketing', 'video'].map(id => avow.allows(id))";
    partly.wait(&format!("(await (await fetch('/.avow/site/{SITE}.js', {{ cache: 'reload' }})).text()).includes('\"version\":2')")).await?;
    partly.go(&home).await?;
    partly.shown("#avow-banner").await?;
    ensure!(partly.eval(allows).await? == json!([false, false, false]), "void until it is answered");
    partly.click("#avow-accept").await?;
    partly.wait("/avow=1\\.2\\..*\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    partly.wait("await avow.ready && avow.allows('analytics')").await?;
    ensure!(partly.eval(allows).await? == json!([true, false, false]), "a denial is never made a grant");
    let records = avow.records()?;
    let last = records.last().map(ToString::to_string).unwrap_or_default();
    ensure!(last.contains("renewed") && last.contains("accept_all"), "{last}");
    partly.close().await;
    // Who has answered the second version is told the news of the third alone.
    agreed.click("#avow-accept").await?;
    agreed.wait("/avow=1\\.2\\..*\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    avow.publish(&next.replace("13 months", "14 months"))?;
    agreed.wait(&format!("(await (await fetch('/.avow/site/{SITE}.js', {{ cache: 'reload' }})).text()).includes('\"version\":3')")).await?;
    agreed.go(&home).await?;
    agreed.shown("#avow-banner").await?;
    let news =
        agreed.eval("[...document.querySelectorAll('#avow-banner li')].map(line => line.innerText)").await?;
    ensure!(
        news.as_array().is_some_and(|lines| !lines.is_empty()
            && lines.iter().all(|line| line.as_str().is_some_and(|line| line.ends_with("kept longer")))),
        "{news}"
    );
    agreed.close().await;
    refused.close().await;
    Ok(())
}
