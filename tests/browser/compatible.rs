//! The mode `compatible`: no content security policy; what a stranger's tag would do is held by patches and an
//! observer, and starts in place, without a reload, once it is allowed.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_in};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("compatible_runs_nothing_before_and_all_of_it_after", held);
    suite.add("compatible_shows_one_embed_to_who_asks_for_it", once);
}

async fn site(body: &str) -> Result<(Pages, TestServer)> {
    let pages = Pages::start().await?;
    let policy = toml_in("compatible", &pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    let snippet = avow.avow_ok(&["snippet", SITE])?;
    ensure!(!snippet.contains("<meta"), "no policy in the markup");
    let body = body.replace("THIRD", &pages.third());
    for (path, first) in [("/page", snippet.as_str()), ("/bare", "")] {
        let html = format!(
            "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{first}<title>shop</title></head><body><h1>Here</h1>{body}</body></html>"
        );
        pages.put(path, &html);
    }
    Ok((pages, avow))
}

/// Tags that nobody marked, by the parser and by a script; each says its name when it runs.
const TAGS: &str = r#"<script src="THIRD/tag.js?first"></script>
<script>window.own = (window.ran || []).length; window.ran = window.ran || [];</script>
<script async src="THIRD/tag.js?async" onload="ran.push('loaded')"></script>
<script defer src="THIRD/tag.js?defer"></script>
<script type=module src="THIRD/tag.js?module"></script>
<script src="THIRD/tag.js?second"></script>
<script>
const tag = document.createElement('script'); tag.src = 'THIRD/tag.js?inserted'; document.head.appendChild(tag);
const attribute = document.createElement('script'); attribute.setAttribute('src', 'THIRD/tag.js?attribute'); document.head.append(attribute);
document.write('<script src="THIRD/tag.js?written"><\/script>');
new Image().src = 'THIRD/dot.gif?image';
document.body.insertAdjacentHTML('beforeend', '<img alt="" src="THIRD/dot.gif?markup">');
window.fetched = fetch('THIRD/beat?fetch').then(() => 'sent', (error) => error.name);
const request = new XMLHttpRequest();
window.asked = new Promise((done) => { request.onload = () => done('sent'); request.onerror = () => done('error'); });
request.open('GET', 'THIRD/tag.js?request'); request.send();
window.beacon = navigator.sendBeacon('THIRD/beat?beacon', 'x');
</script>"#;

async fn held(browsers: Browsers) -> Result<()> {
    let (pages, _avow) = site(TAGS).await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    pages.forget();
    tab.go(&format!("{}/page", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    let state = tab.eval("[window.ran, await fetched, await asked, beacon]").await?;
    ensure!(state == json!([[], "TypeError", "error", false]), "nothing ran and nothing was sent: {state}");
    // The browser's look-ahead may have asked for what stands in the markup; for nothing else.
    let hits = pages.third_party_hits();
    for made in ["inserted", "attribute", "written", "image", "markup", "fetch", "request", "beacon"] {
        ensure!(!hits.iter().any(|hit| hit.ends_with(made)), "{made}: {hits:?}");
    }
    ensure!(tab.eval("document.cookie.includes('_count')").await? == false, "nothing is stored");
    let loads = tab.loads();
    tab.eval("window.former = true").await?;
    tab.click("#avow-accept").await?;
    let all = "['first', 'async', 'loaded', 'defer', 'module', 'second', 'inserted', 'attribute', 'written'].every((name) => ran.includes(name))";
    tab.wait(all).await?;
    ensure!(tab.loads() == loads && tab.eval("window.former").await? == true, "without a reload");
    let read = "ran.filter((name) => ['first', 'second', 'written', 'defer', 'module'].includes(name))";
    let replayed = tab.eval(read).await?;
    let tidy =
        "[document.querySelectorAll('[data-avow-held]').length, document.images[0].src.endsWith('markup')]";
    ensure!(tab.eval(tidy).await? == json!([0, true]), "all is back as it was");
    let sent = tab
        .eval("fetch(document.images[0].src, { mode: 'no-cors' }).then(() => 'sent', (error) => error.name)")
        .await?;
    ensure!(sent == "sent", "and new requests pass");
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    tab.close().await;
    // The control: without Avow all of it runs and is sent at once, and in that order.
    let tab = browser.open().await?;
    pages.forget();
    tab.go(&format!("{}/bare", pages.site())).await?;
    tab.wait(all).await?;
    let native = tab.eval(read).await?;
    ensure!(native == replayed, "\nparser: {native}\nreplay: {replayed}");
    ensure!(tab.eval("[own, await asked, beacon]").await? == json!([1, "sent", true]), "the control");
    for made in ["inserted", "attribute", "written", "image", "markup", "fetch", "request", "beacon"] {
        let arrived = || pages.third_party_hits().iter().any(|hit| hit.ends_with(made));
        until(&format!("the control, {made}"), || async { Ok(arrived().then_some(())) }).await?;
    }
    tab.close().await;
    Ok(())
}

async fn once(browsers: Browsers) -> Result<()> {
    let (pages, _avow) = site(
        "<iframe id=one title=One src='THIRD/film?one'></iframe><iframe id=two title=Two data-avow=video data-src='THIRD/film?two'></iframe>",
    )
    .await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.go(&format!("{}/page", pages.site())).await?;
    tab.click("#avow-reject").await?;
    tab.shown(".avow-embed button").await?;
    let places = "[...document.querySelectorAll('.avow-embed')].map((box) => box.nextElementSibling.id)";
    ensure!(tab.eval(places).await? == json!(["one", "two"]), "both are covered");
    pages.forget();
    tab.click(".avow-embed:has(+ #two) button").await?;
    tab.wait("document.getElementById('two').src.endsWith('/film?two')").await?;
    tab.shown("#two").await?;
    ensure!(tab.eval(places).await? == json!(["one"]), "only the one that was asked for");
    tab.wait("document.getElementById('two').contentDocument === null").await?;
    ensure!(pages.third_party_hits() == ["/film?two"], "{:?}", pages.third_party_hits());
    ensure!(
        tab.eval("[avow.allows('video'), avow.decision().choices.video]").await? == json!([false, false]),
        "that is no grant"
    );
    // Nor is it remembered.
    tab.reload().await?;
    tab.wait(&format!("JSON.stringify({places}) === '[\"one\",\"two\"]'")).await?;
    tab.close().await;
    Ok(())
}
