//! What tags are told: consent mode in its order, and the vendors that have words of their own.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_in};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("consent_mode_has_one_default_and_one_update", consent_mode);
    suite.add("consent_mode_arrives_as_letters", letters);
    suite.add("vendors_are_told_in_their_own_words", vendors);
}

/// The states as consent mode has them, and Google's letters for them: G1, ads, analytics.
const MODE: &str = "dataLayer.filter(e => e[0] === 'consent').map(e => [e[1], { ...e[2] }])";

async fn consent_mode(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    let before = visit.tab.eval(MODE).await?;
    ensure!(before.as_array().map(Vec::len) == Some(1) && before[0][0] == "default", "{before}");
    ensure!(visit.tab.eval("[...dataLayer[0]][0]").await? == "consent", "before everything else");
    for (purposes, letters) in
        [(&["analytics"][..], "G101"), (&["analytics", "marketing"], "G111"), (&["video"], "G100")]
    {
        visit.go("/").await?;
        visit.ready().await?;
        visit.tab.eval("(avow.open(), 1)").await?;
        visit.tab.shown("#avow-dialog").await?;
        for id in ["analytics", "video", "marketing"] {
            let on =
                visit.tab.eval(&format!("document.querySelector('#avow-p-{id}').checked")).await? == true;
            if on != purposes.contains(&id) {
                visit.tab.click(&format!("#avow-p-{id}")).await?;
            }
        }
        visit.tab.click("#avow-save").await?;
        visit.sealed().await?;
        // On the next page, too: the default, then one update with all seven keys.
        visit.go("/").await?;
        visit.ready().await?;
        let told = visit.tab.eval(MODE).await?;
        let all = told.as_array().cloned().unwrap_or_default();
        ensure!(all.len() == 2 && all[0][0] == "default" && all[1][0] == "update", "{told}");
        let update = &all[1][1];
        ensure!(update.as_object().map(serde_json::Map::len) == Some(7), "{update}");
        let letter = |key: &str| if update[key] == "granted" { "1" } else { "0" };
        ensure!(
            format!("G1{}{}", letter("ad_storage"), letter("analytics_storage")) == letters,
            "{purposes:?}: {update}"
        );
        ensure!(update["security_storage"] == "granted", "{update}");
        let functional = if purposes.contains(&"video") { "granted" } else { "denied" };
        ensure!(update["functionality_storage"] == functional, "{update}");
    }
    visit.end().await;
    Ok(())
}

/// As Google's tag reads the queue: the default first, then what updates it; and what it says to its collector of it.
const TAG: &str = "const state = {}; let first; \
    for (const { 0: word, 1: what, 2: states } of window.dataLayer) if (word === 'consent') { first = first || what; Object.assign(state, states); } \
    const letter = key => first === 'default' && Object.keys(state).filter(key => key !== 'wait_for_update').length === 7 ? +(state[key] === 'granted') : 'x'; \
    new Image().src = THIRD + '/g/collect?gcs=G1' + letter('ad_storage') + letter('analytics_storage');";

/// What arrives at the collector, in the word that the vendor has for it.
async fn letters(browsers: Browsers) -> Result<()> {
    for (purposes, letters) in
        [(&[][..], None), (&["analytics"], Some("G101")), (&["analytics", "marketing"], Some("G111"))]
    {
        let pages = Pages::start().await?;
        let policy = toml_in("compatible", &pages.third());
        let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
        pages.proxy(Some(avow.base()));
        let tag = TAG.replace("THIRD", &format!("{:?}", pages.third()));
        pages.put(
            "/",
            &format!(
                "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script>\
                 <script type='text/plain' data-avow=analytics>{tag}</script><title>shop</title></head><body><h1>Shop</h1></body></html>"
            ),
        );
        let browser = browsers.plain().await?;
        let tab = browser.open().await?;
        // On the page of the answer and on the next one.
        tab.go(&format!("{}/", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        for id in purposes {
            tab.click(&format!("#avow-p-{id}")).await?;
        }
        tab.click("#avow-save").await?;
        tab.wait("/avow=.*\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
        tab.go(&format!("{}/", pages.site())).await?;
        tab.wait("avow.ready.then(ready => ready && !!avow.decision())").await?;
        let sent = || -> Vec<String> {
            let hits = pages.third_party_hits().into_iter();
            hits.filter(|path| path.starts_with("/g/collect")).collect()
        };
        match letters {
            // The control is in the other rounds: they wait for what this one must not see.
            None => ensure!(sent().is_empty(), "{:?}", sent()),
            Some(letters) => {
                until("both pages have told it", async || Ok((sent().len() >= 2).then_some(())))
                    .await
                    .with_context(|| format!("{:?} {:?}", pages.third_party_hits(), tab.complaints()))?;
                let all = sent();
                ensure!(all.iter().all(|path| path.ends_with(letters)), "{purposes:?}: {all:?}");
            }
        }
        tab.close().await;
    }
    Ok(())
}

/// What vendors' functions were called with. In the window's name, which outlives the load that an answer may bring.
const TOLD: &str = "JSON.parse(window.name || '[]')";

async fn vendors(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_in("compatible", &pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    pages.put(
        "/",
        &format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><h1>Shop</h1>\
             <script>const tell = (...a) => {{ window.name = JSON.stringify([...JSON.parse(window.name || '[]'), a]) }}; \
             for (const n of ['fbq', 'clarity']) window[n] = (...a) => tell(n, ...a); window.uetq = {{ push: (...a) => tell('uetq', ...a) }}</script></body></html>"
        ),
    );
    let tab = browsers.plain().await?.open().await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval(&format!("{TOLD}.length")).await? == 0, "nothing is told before an answer");
    let words = |state: &str, meta: &str| -> Value {
        json!([
            ["uetq", "consent", "update", { "ad_storage": state }],
            ["clarity", "consentv2", { "ad_Storage": state, "analytics_Storage": state }],
            ["fbq", "consent", meta]
        ])
    };
    tab.click("#avow-accept").await?;
    tab.wait(&format!("{TOLD}.length >= 3")).await?;
    let told = tab.eval(&format!("{TOLD}.slice(0, 3)")).await?;
    ensure!(told == words("granted", "grant"), "{told}");
    // Taking it back takes no more clicks than giving it: one opens, one withdraws; in one with the page's own call.
    tab.eval("(window.name = '', 1)").await?;
    tab.click("#avow-reopen").await?;
    tab.shown("#avow-dialog").await?;
    tab.click("#avow-withdraw").await?;
    tab.wait(&format!("{TOLD}.length >= 3")).await?;
    let told = tab.eval(&format!("{TOLD}.slice(0, 3)")).await?;
    ensure!(told == words("denied", "revoke"), "{told}");
    tab.close().await;
    Ok(())
}
