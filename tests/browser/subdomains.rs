//! Hosts below one registrable domain: they share an answer, and stale cookies of ours are no consent.
//!
//! Over TLS at `a.site.test` and `b.site.test`: at `*.localhost` browsers take no cookie for a domain.

use anyhow::{Context as _, Result, ensure};
use avow_tests::browser::Tab;
use avow_tests::database::Kind;
use avow_tests::hosts::{CLEAN, Document, Hosts, Route, TRACKER};
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("hosts_below_one_domain_share_an_answer", shared);
    suite.add("two_cookies_that_differ_are_no_consent_until_the_next_answer", stale);
}

const A: &str = "a.site.test";
const B: &str = "b.site.test";
/// The answer has its seal, and nothing waits to be sent.
const SEALED: &str = r"/avow=1\.\d+\.\w+\.\w+\.[a-z0-9_~:]+\.[\w-]{22}(;|$)/.test(document.cookie) && !localStorage.avow_outbox";
/// What the page knows, and what ran.
const STATE: &str =
    "window.avow && (await avow.ready, [!!avow.decision(), avow.allows('analytics'), !!window.counted])";

struct Site {
    hosts: Hosts,
    _avow: TestServer,
}

impl Site {
    async fn start() -> Result<Self> {
        let hosts = Hosts::start().await?;
        let policy = policy::toml_for(&hosts.origin(TRACKER));
        let domains = "domains = [\"www.shop.example\", \"*.branch.example\", \"shop.localhost\"]";
        ensure!(policy.contains(domains), "the policy declares its hosts so");
        let policies = vec![policy.replacen(domains, "domains = [\"*.site.test\"]", 1)];
        let avow = TestServer::start(Setup { policies, ..Setup::on(Kind::Sqlite) }).await?;
        hosts.route(Route::Avow(avow.base().to_owned()));
        for host in [A, B] {
            let page = format!(
                "<!doctype html><html lang=en><head><meta charset=utf-8><script src='/.avow/site/{SITE}.js'></script>\
                 <title>{host}</title></head><body><h1>{host}</h1>\
                 <script type='text/plain' data-avow=analytics>window.counted = true</script></body></html>"
            );
            hosts.put(host, "/", Document::html(page));
            hosts.put(host, CLEAN, Document::html("<!doctype html><title>clean</title>"));
        }
        Ok(Self { hosts, _avow: avow })
    }

    async fn go(&self, tab: &Tab, host: &str, path: &str) -> Result<()> {
        tab.go(&format!("{}{path}", self.hosts.origin(host))).await
    }

    /// What a page of that host comes to know by itself.
    async fn found(&self, tab: &Tab, host: &str) -> Result<Value> {
        self.go(tab, host, "/").await?;
        tab.wait("window.avow && (await avow.ready) === true").await?;
        tab.eval(STATE).await
    }
}

/// Our cookies in the browser's jar: for which hosts, and with which value.
async fn ours(tab: &Tab) -> Result<Vec<(String, String)>> {
    let cookies = tab.cookies().await?.into_iter().filter(|cookie| cookie.name == "avow");
    let mut ours: Vec<_> =
        cookies.map(|cookie| (cookie.domain.trim_start_matches('.').to_owned(), cookie.value)).collect();
    ours.sort();
    Ok(ours)
}

/// Clicks, and waits until the server has the answer.
async fn answer(tab: &Tab, button: &str) -> Result<String> {
    tab.shown("#avow-banner").await?;
    tab.click(button).await?;
    tab.wait(SEALED).await?;
    let ours = ours(tab).await?;
    ensure!(ours.len() == 1 && ours[0].0 == "site.test", "one cookie, for all hosts of the domain: {ours:?}");
    Ok(ours[0].1.clone())
}

async fn shared(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let tab = browsers.plain().await?.open().await?;
    ensure!(site.found(&tab, B).await? == json!([false, false, false]), "the control: nobody has answered");
    tab.shown("#avow-banner").await?;
    site.go(&tab, A, "/").await?;
    answer(&tab, "#avow-accept").await?;

    let state = site.found(&tab, B).await?;
    ensure!(state[0] == true && state[1] == true, "what was said at the one holds at the other: {state}");
    tab.wait("window.counted === true").await?;
    ensure!(tab.eval("!!document.getElementById('avow-banner')").await? == false, "nobody asks again");

    // And is taken back there for both.
    tab.eval("avow.withdraw()").await?;
    tab.wait("!avow.allows('analytics') && !localStorage.avow_outbox").await?;
    let left = ours(&tab).await?;
    ensure!(left.len() == 1 && left[0].0 == "site.test", "{left:?}");
    let state = site.found(&tab, A).await?;
    ensure!(state == json!([true, false, false]), "{state}");
    tab.close().await;
    Ok(())
}

async fn stale(browsers: Browsers) -> Result<()> {
    let site = Site::start().await?;
    let browser = browsers.plain().await?;
    let visitor = |button: &'static str| {
        let (site, browser) = (&site, &browser);
        async move {
            let tab = browser.open().await?;
            site.go(&tab, A, "/").await?;
            let value = answer(&tab, button).await?;
            anyhow::Ok((tab, value))
        }
    };
    let (yes, granted) = visitor("#avow-accept").await?;
    let (no, refused) = visitor("#avow-reject").await?;
    // Whichever of the two is the stale one, it was left behind by something that knew this host alone.
    for (tab, other, again) in [(no, granted, "#avow-reject"), (yes, refused, "#avow-accept")] {
        site.go(&tab, A, CLEAN).await?;
        tab.eval(&format!(
            "void (document.cookie = 'avow={other}; path=/; secure; samesite=lax; max-age=9999')"
        ))
        .await?;
        let both = ours(&tab).await?;
        ensure!(both.len() == 2 && both[0].0 == A && both[1].0 == "site.test", "both are there: {both:?}");

        let state = site.found(&tab, A).await?;
        ensure!(state == json!([false, false, false]), "two that differ are no decision: {state}");
        tab.shown("#avow-banner").await?;
        let mine = both[1].1.contains(":1");
        let elsewhere = site.found(&tab, B).await?;
        ensure!(elsewhere[0] == true && elsewhere[1] == mine, "the other host sees one of them: {elsewhere}");

        site.go(&tab, A, "/").await?;
        let value = answer(&tab, again).await?;
        until("one answer at both hosts", || async {
            let states = (site.found(&tab, A).await?, site.found(&tab, B).await?);
            let granted = json!(value.contains(":1"));
            let agree = states.0[1] == granted && states.1[1] == granted && states.0[0] == true;
            Ok(agree.then_some(()))
        })
        .await
        .with_context(|| value.clone())?;
        tab.close().await;
    }
    Ok(())
}
