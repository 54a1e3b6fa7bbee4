//! The harness on a page of its own: what the other tests rest on is shown to work.

use anyhow::{Result, ensure};
use avow_tests::browser::{Engine, Habit, keys};
use avow_tests::page::Pages;
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("harness_sees_input_cookies_storage_and_requests", sees);
    suite.add("harness_can_switch_webassembly_off", no_wasm);
    suite.add("harness_can_switch_storage_off", no_storage);
    suite.add("harness_can_switch_scripts_off", no_script);
    suite.add("harness_can_speak_other_languages", languages);
}

const PAGE: &str = r#"<!doctype html><meta charset=utf-8><title>self</title>
<button id=b onclick="window.trusted = event.isTrusted; document.cookie = 'seen=1'; localStorage.setItem('k', 'v')">go</button>
<input id=i><script>localStorage; document.cookie = 'own=1'</script>"#;

async fn sees(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    pages.put("/", &format!("{PAGE}<script src='{}/tag.js?one'></script>", pages.third()));
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.go(&format!("{}/", pages.site())).await?;
    tab.click("#b").await?;
    tab.wait("window.trusted === true").await?;
    tab.tab_to("#i").await?;
    tab.press('x').await?;
    tab.press(keys::TAB).await?;
    tab.wait("document.querySelector('#i').value === 'x'").await?;
    let names: Vec<String> = tab.cookies().await?.into_iter().map(|cookie| cookie.name).collect();
    for name in ["own", "seen", "_count_one"] {
        ensure!(names.iter().any(|found| found == name), "{name} is in the jar: {names:?}");
    }
    let contents = tab.contents().await?;
    ensure!(contents.local.len() == 2, "both entries are seen: {contents:?}");
    ensure!(
        pages.third_party_hits() == ["/tag.js?one"],
        "the request arrived: {:?}",
        pages.third_party_hits()
    );
    ensure!(tab.requests().iter().any(|url| url.contains("third.localhost")), "and was logged");
    // Another visitor sees nothing of it; another tab of the same visitor does.
    let stranger = browser.open().await?;
    ensure!(stranger.cookies().await?.is_empty(), "a fresh context has an empty jar");
    let sibling = tab.sibling().await?;
    sibling.go(&format!("{}/", pages.site())).await?;
    ensure!(sibling.eval("localStorage.getItem('k')").await? == "v", "tabs of a visitor share storage");
    tab.resize(320, 640).await?;
    if browsers.engine == Engine::Chromium {
        tab.devtools("Emulation.setCPUThrottlingRate", json!({ "rate": 4 })).await?;
    }
    sibling.close().await;
    stranger.close().await;
    tab.close().await;
    Ok(())
}

async fn no_wasm(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    pages.put("/", PAGE);
    for (habit, expected) in [(Habit::Plain, "object"), (Habit::NoWasm, "undefined")] {
        let browser = browsers.with(habit).await?;
        let tab = browser.open().await?;
        tab.go(&format!("{}/", pages.site())).await?;
        ensure!(tab.eval("typeof WebAssembly").await? == expected, "{habit:?}");
        tab.close().await;
    }
    Ok(())
}

async fn no_storage(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    pages.put("/", PAGE);
    let read = "(() => { try { return typeof localStorage.length } catch (e) { return e.name } })()";
    for (habit, cookies, storage) in
        [(Habit::Plain, "own=1", "number"), (Habit::NoStorage, "", "SecurityError")]
    {
        let browser = browsers.with(habit).await?;
        let tab = browser.open().await?;
        tab.go(&format!("{}/", pages.site())).await?;
        ensure!(tab.eval("document.cookie").await? == cookies, "{habit:?}");
        let storage_read = tab.eval(read).await?;
        ensure!(
            storage_read == storage || habit == Habit::NoStorage && storage_read != "number",
            "{habit:?} {storage_read}"
        );
        tab.close().await;
    }
    Ok(())
}

async fn no_script(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    pages.put("/", &format!("{PAGE}<noscript><i id=without>without</i></noscript>"));
    for (habit, without) in [(Habit::Plain, false), (Habit::NoScript, true)] {
        let tab = browsers.with(habit).await?.open().await?;
        tab.go(&format!("{}/", pages.site())).await?;
        let seen = tab.eval("!!document.getElementById('without')").await?;
        ensure!(seen == without, "{habit:?}: {seen}");
        ensure!(tab.cookies().await?.is_empty() == without, "{habit:?}: {:?}", tab.cookies().await?);
        tab.close().await;
    }
    Ok(())
}

async fn languages(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    pages.put("/", PAGE);
    let arabic = match browsers.engine {
        Engine::Chromium => json!(["ar-EG"]),
        Engine::Firefox => json!(["ar-EG", "cy"]),
    };
    for (habit, expected) in [(Habit::Plain, json!(["en-US"])), (Habit::Arabic, arabic)] {
        let tab = browsers.with(habit).await?.open().await?;
        tab.go(&format!("{}/", pages.site())).await?;
        let told = tab.eval("navigator.languages.filter(tag => tag !== 'en')").await?;
        ensure!(told == expected, "{habit:?}: {told}");
        tab.close().await;
    }
    Ok(())
}
