//! What comes after an answer: held tags start as if they had never been held, embeds have something in their place,
//! a reload loses nothing that a visitor has typed, and what was deleted is looked for.

use anyhow::{Result, ensure};
use avow_tests::browser::Tab;
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use serde_json::json;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("marked_scripts_run_as_the_parser_would_have_run_them", order);
    suite.add("a_tag_that_comes_later_starts_too", later);
    suite.add("an_embed_has_a_place_until_it_is_wanted", embed);
    suite.add("a_grant_that_reloads_loses_nothing_typed", typed);
    suite.add("what_could_not_be_deleted_is_told", left);
    suite.add("a_page_can_ask_and_listen_before_the_engine_is_there", api);
}

struct Site {
    pages: Pages,
    _avow: TestServer,
    snippet: String,
}

impl Site {
    async fn start() -> Result<Self> {
        let pages = Pages::start().await?;
        let policy = toml_for(&pages.third());
        let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
        pages.proxy(Some(avow.base()));
        let snippet = avow.avow_ok(&["snippet", SITE])?;
        Ok(Self { pages, _avow: avow, snippet })
    }

    fn put(&self, path: &str, head: &str, body: &str) {
        let html = format!(
            "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{head}<title>shop</title></head><body><h1>Here</h1>{body}</body></html>"
        );
        self.pages.put(path, &html);
    }

    async fn go(&self, tab: &Tab, path: &str) -> Result<()> {
        tab.go(&format!("{}{path}", self.pages.site())).await
    }
}

/// The same page with tags that run and with tags that are marked, in `MARK` and `TYPE`.
const ORDERED: &str = r#"<script>window.log = []; const L = (word) => log.push(word);</script>
<script MARK src="/js/a.js"></script>
<script MARK src="/js/b.js"></script>
<script MARK defer src="/js/d.js"></script>
<script MARK async src="/js/e.js" onload="L('e loaded')"></script>
<script TYPE src="/js/m.js"></script>
<script MARK>L('inline ' + (window.A ? 'after' : 'before') + ' a')</script>
<div id=slot><script MARK id=h src="/js/h.js"></script></div>
<script MARK>L('last')</script>"#;

async fn order(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    for (path, code) in [
        ("/js/a.js", "L('a'); window.A = 1;"),
        (
            "/js/b.js",
            r#"L('b ' + (window.A ? 'after' : 'before') + ' a');
            document.write('<i id=written>w</i><script>L("written inline " + !!document.getElementById("written"))<\/script>');
            document.write('<script src="/js/c.js"><\/script>');"#,
        ),
        ("/js/c.js", "L('c written')"),
        (
            "/js/d.js",
            "L('d'); document.addEventListener('DOMContentLoaded', () => L('d content')); \
             window.addEventListener('load', { handleEvent(event) { L('d ' + event.type); } });",
        ),
        ("/js/e.js", "L('e')"),
        ("/js/m.js", "L('m ' + (document.currentScript === null))"),
        ("/js/h.js", "L('h ' + document.currentScript.id + ' in ' + document.currentScript.parentNode.id)"),
    ] {
        site.pages.put(path, code);
    }
    site.put("/native", "", &ORDERED.replace("MARK", "").replace("TYPE", "type=module"));
    let mark = "type='text/plain' data-avow=analytics";
    let marked = ORDERED.replace("MARK", mark).replace("TYPE", &format!("{mark} data-type=module"));
    site.put("/marked", &site.snippet, &marked);
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    let done = "['d load', 'e loaded', 'm true'].every((word) => log.includes(word))";
    site.go(&tab, "/native").await?;
    tab.wait(done).await?;
    // When the asynchronous one runs is anybody's guess; all else is compared in its order.
    let read = "log.filter((word) => word[0] !== 'e')";
    let native = tab.eval(read).await?;
    ensure!(
        native[0] == "a" && native.as_array().is_some_and(|log| log.len() == 11),
        "the control: {native}"
    );
    site.go(&tab, "/marked").await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval("log").await? == json!([]), "held");
    tab.click("#avow-accept").await?;
    tab.wait(done).await?;
    let replayed = tab.eval(read).await?;
    ensure!(replayed == native, "\nparser: {native}\nreplay: {replayed}");
    let place = "(w => w.previousElementSibling.getAttribute('src') + ' ' + w.nextElementSibling.localName)(document.getElementById('written'))";
    ensure!(tab.eval(place).await? == "/js/b.js script", "what it wrote stands behind it");
    // With the answer stored they run on the next page by themselves, in the same order.
    tab.reload().await?;
    tab.wait(done).await?;
    let stored = tab.eval(read).await?;
    ensure!(stored == native, "\nparser: {native}\nstored: {stored}");
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    tab.close().await;
    Ok(())
}

async fn later(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    site.pages.put("/js/a.js", "(window.log = window.log || []).push('a')");
    site.put("/page", &site.snippet, "<main id=view></main>");
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.go(&tab, "/page").await?;
    // As a single-page application shows its next view.
    let view = |mark: &str| {
        format!(
            "(() => {{ const tag = document.createElement('script'); tag.type = 'text/plain'; tag.dataset.avow = '{mark}'; \
             tag.src = '/js/a.js'; document.getElementById('view').replaceChildren(tag); }})()"
        )
    };
    tab.click("#avow-choose").await?;
    tab.click("#avow-p-analytics").await?;
    tab.click("#avow-save").await?;
    tab.eval(&view("marketing")).await?;
    tab.eval(&view("analytics")).await?;
    tab.wait("(window.log || []).length === 1").await?;
    tab.eval(&view("marketing")).await?;
    tab.eval("new Promise((done) => setTimeout(done, 300))").await?;
    ensure!(tab.eval("log.length").await? == 1, "what is not granted stays held");
    tab.close().await;
    Ok(())
}

async fn embed(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let third = site.pages.third();
    site.put(
        "/page",
        &site.snippet,
        &format!("<iframe id=film data-avow=video data-src='{third}/film' title='How it works' width=560 height=315></iframe>"),
    );
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.pages.forget();
    site.go(&tab, "/page").await?;
    tab.shown(".avow-embed .avow-text").await?;
    tab.click("#avow-reject").await?;
    tab.gone("#avow-banner").await?;
    let said = tab.eval("document.querySelector('.avow-embed').innerText").await?;
    // Names stand apart from the direction of the sentence (UAX #9, isolates).
    let said = said.as_str().unwrap_or_default().replace(['\u{2068}', '\u{2069}'], "");
    ensure!(
        said.contains("How it works") && said.contains("Film Company") && said.contains("“Videos” is off"),
        "{said}"
    );
    let box_ = tab.eval("(r => [Math.round(r.width), r.height > 200])(document.querySelector('.avow-embed').getBoundingClientRect())").await?;
    ensure!(box_ == json!([560, true]), "as wide as what it stands for: {box_}");
    let place = tab.eval("[document.querySelector('.avow-embed').getAttribute('role'), document.querySelector('.avow-embed a').rel]").await?;
    ensure!(place == json!(["group", "noopener noreferrer"]), "{place}");
    ensure!(site.pages.third_party_hits().is_empty(), "{:?}", site.pages.third_party_hits());
    // "Always" leads to the preferences, and counts only once it is saved.
    tab.click(".avow-embed button").await?;
    tab.shown("#avow-dialog").await?;
    tab.wait("document.getElementById('avow-p-video').checked").await?;
    let others = tab
        .eval("[...document.querySelectorAll('#avow-dialog input:checked')].map(input => input.id)")
        .await?;
    ensure!(others == json!(["avow-p-video"]), "{others}");
    ensure!(tab.eval("avow.allows('video')").await? == false, "not yet");
    tab.click("#avow-save").await?;
    tab.wait("!!document.querySelector('#film[src]') && !document.querySelector('.avow-embed')").await?;
    tab.shown("#film").await?;
    // Of another origin once it is there.
    tab.wait("document.getElementById('film').contentDocument === null").await?;
    ensure!(site.pages.third_party_hits() == ["/film"], "{:?}", site.pages.third_party_hits());
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    tab.close().await;
    Ok(())
}

async fn typed(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let third = site.pages.third();
    site.put(
        "/page",
        &site.snippet,
        &format!(
            "<form><input id=name value=before><input id=pass type=password><input id=card autocomplete=cc-number>\
             <input id=off autocomplete=off><textarea id=text></textarea><input id=box type=checkbox>\
             <select id=list><option>one<option>two</select><input id=same value=same></form>\
             <div style='height: 3000px'></div><p id=low>low</p><div style='height: 3000px'></div>\
             <img src='{third}/dot.gif' alt=''>"
        ),
    );
    let fill = "(() => { for (const [id, value] of [['name', 'Ada'], ['pass', 'secret'], ['card', '4111'], ['off', 'x'], ['text', 'a long\\nstory']]) \
                document.getElementById(id).value = value; document.getElementById('box').checked = true; \
                document.getElementById('list').selectedIndex = 1; document.getElementById('low').scrollIntoView(); return Math.round(scrollY); })()";
    let state = "['name', 'pass', 'card', 'off', 'text', 'same'].map((id) => document.getElementById(id).value)\
                 .concat(document.getElementById('box').checked, document.getElementById('list').selectedIndex)";
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.go(&tab, "/page").await?;
    tab.shown("#avow-banner").await?;
    // What a browser puts back by itself is not what is looked at.
    tab.eval("history.scrollRestoration = 'manual'").await?;
    let at = tab.eval(fill).await?;
    let loads = tab.loads();
    tab.eval("window.former = true").await?;
    tab.click("#avow-accept").await?;
    tab.wait("!window.former && document.readyState === 'complete'").await?;
    tab.wait("document.getElementById('name').value === 'Ada'").await?;
    until("one reload", || async { Ok((tab.loads() == loads + 1).then_some(())) }).await?;
    let mut after = tab.eval(state).await?;
    // Firefox keeps fields through a reload of its own accord, all but passwords.
    if tab.engine == avow_tests::browser::Engine::Firefox {
        after[2] = json!("");
        after[3] = json!("");
    }
    ensure!(after == json!(["Ada", "", "", "", "a long\nstory", "same", true, 1]), "{after}");
    tab.wait(&format!("Math.abs(scrollY - {at}) < 2")).await?;
    ensure!(tab.eval("Object.keys(sessionStorage)").await? == json!([]), "nothing of it stays");
    // A refusal reloads nothing.
    tab.close().await;
    let tab = browser.open().await?;
    site.go(&tab, "/page").await?;
    let loads = tab.loads();
    tab.click("#avow-reject").await?;
    tab.gone("#avow-banner").await?;
    tab.wait("!localStorage.avow_outbox").await?;
    ensure!(tab.loads() == loads, "no reload");
    tab.close().await;
    Ok(())
}

async fn left(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    // A page on which one key cannot be removed.
    let stubborn = "<script>const remove = Storage.prototype.removeItem; Storage.prototype.removeItem = function (key) { \
                    if (key !== 'counts' || !window.stubborn) remove.call(this, key); }; \
                    window.told = []; avow.on('left', (items) => told.push(...items));</script>";
    site.put("/page", &site.snippet, stubborn);
    site.pages.put("/clean", "<!doctype html><title>clean</title>");
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    for kept in [true, false] {
        site.go(&tab, "/clean").await?;
        tab.eval("localStorage.setItem('counts', '1'), document.cookie = '_count_1=1; path=/', localStorage.setItem('basket', '1')").await?;
        site.go(&tab, "/page").await?;
        tab.eval(&format!("window.stubborn = {kept}")).await?;
        if kept {
            // They are deleted when the page starts, so they are put back by another tab.
            let other = tab.sibling().await?;
            other.go(&format!("{}/clean", site.pages.site())).await?;
            tab.shown("#avow-banner").await?;
            other.eval("localStorage.setItem('counts', '1'), document.cookie = '_count_1=1; path=/'").await?;
            tab.click("#avow-reject").await?;
            tab.wait("told.length > 0").await?;
            ensure!(
                tab.eval("told").await? == json!([{ "kind": "local", "name": "counts" }]),
                "only what is left"
            );
            tab.wait("document.getElementById('avow-status').innerText.includes('counts')").await?;
            other.close().await;
        } else {
            tab.wait("!('counts' in localStorage) && !document.cookie.includes('_count')").await?;
            tab.eval("new Promise((done) => setTimeout(done, 1000))").await?;
            ensure!(tab.eval("told").await? == json!([]), "nothing to tell");
            ensure!(
                tab.eval("localStorage.basket").await? == "1",
                "what nobody declared as optional is left alone"
            );
        }
    }
    tab.close().await;
    Ok(())
}

async fn api(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    site.put(
        "/page",
        &site.snippet,
        "<script>window.heard = []; avow.on('decision', (decision) => heard.push(decision.choices)); \
         document.addEventListener('avow:ready', () => heard.push('ready')); avow.acceptAll(); \
         window.early = [avow.allows('analytics'), avow.decision()];</script>\
         <button type=button id=mine onclick='avow.rejectAll()'>No</button>",
    );
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    site.go(&tab, "/page").await?;
    // What it asked for waited, and is no grant without a person: the preferences open.
    tab.shown("#avow-dialog").await?;
    ensure!(
        tab.eval("[early, avow.decision(), heard]").await? == json!([[false, null], null, ["ready"]]),
        "no decision"
    );
    ensure!(tab.eval("!document.cookie.includes('avow=')").await? == true, "and no cookie");
    tab.click("#avow-close").await?;
    tab.click("#mine").await?;
    tab.wait("heard.length === 2").await?;
    let none = json!({ "video": false, "analytics": false, "marketing": false });
    ensure!(tab.eval("[heard[1], avow.decision().choices]").await? == json!([none, none]), "heard");
    // Tag managers hear after the consent mode was updated.
    let layer = tab.eval("[...dataLayer].map((entry) => entry.event || entry[0] + ' ' + entry[1])").await?;
    ensure!(layer == json!(["consent default", "consent update", "avow_decision"]), "{layer}");
    tab.close().await;
    Ok(())
}
