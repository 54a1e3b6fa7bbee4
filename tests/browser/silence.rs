//! Silence by the word of others: before an answer and after a refusal no request is sent that EasyPrivacy would stop.
//!
//! What the list can say here: most of its rules name hosts. The demo's third parties have names of this machine
//! (`collector.localhost`), which no list has, so on the demo's sites only the rules for paths are asked, and of what
//! the demo sends after an accept they know one thing, the advertiser's pixel; the analytics library's path is listed
//! for single sites alone. That silence is also judged without any list, by what arrived (`visit.rs`) and by what was
//! declared (`declared.rs`). So that the rules for hosts are asked, too, a shop has tags at the names of real trackers,
//! which the browsers of the tests find on this machine. EasyPrivacy says nothing of cookies by their names.
//! Requests are judged. A connection without one is left out in Firefox: on a later visit it connects ahead to hosts that
//! a page has named before, those of tags that were stopped, too (`docs/embedding.md`).
//! Avow's own requests are judged with the rest: a blocker with this list would not take the banner away.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use avow_tests::browser::Engine;
use avow_tests::database::Kind;
use avow_tests::easyprivacy::EasyPrivacy;
use avow_tests::hosts::{self, Document, Hosts, Route};
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;

use crate::harness::{Browsers, Suite};
use crate::visit::{SITES, Visit};

pub fn add(suite: &mut Suite) {
    suite.add("easyprivacy_stops_nothing_on_the_sites_without_consent", sites);
    suite.add("easyprivacy_stops_nothing_of_known_trackers_without_consent", trackers);
}

/// What the list would stop of everything that a visit has sent, as address and rule.
async fn stopped(list: &EasyPrivacy, visit: &Visit) -> Result<Vec<(String, String)>> {
    let page = &visit.demo.site;
    let mut sent = visit.tab.sent();
    for arrival in visit.demo.arrivals().await? {
        let text = |key: &str| arrival.0[key].as_str().unwrap_or_default();
        sent.push(format!("http://{}{}", text("host"), text("path")));
    }
    let mut stopped = Vec::new();
    for url in sent.into_iter().filter(|url| url.starts_with("http")) {
        if let Some(rule) = list.rule_against(&url, page)? {
            stopped.push((url, rule));
        }
    }
    Ok(stopped)
}

async fn sites(browsers: Browsers) -> Result<()> {
    let Some(list) = EasyPrivacy::here()? else { return Ok(()) };
    for (site, host) in SITES {
        let visit = Visit::begin_at(&browsers, site, host).await?;
        for path in ["/", "/cookies", "/"] {
            visit.go(path).await?;
            visit.tab.shown("#avow-banner").await?;
        }
        ensure!(visit.tab.requests().len() >= 9, "there is something to judge: {:?}", visit.tab.requests());
        let found = stopped(list, &visit).await?;
        ensure!(found.is_empty(), "{site}, before an answer: {found:?}");
        visit.tab.click("#avow-reject").await?;
        visit.sealed().await?;
        visit.go("/").await?;
        visit.ready().await?;
        let found = stopped(list, &visit).await?;
        ensure!(found.is_empty(), "{site}, after a refusal: {found:?}");
        visit.end().await;
    }
    // The control: with consent the list does stop something.
    let visit = Visit::begin(&browsers).await?;
    visit.go("/").await?;
    visit.tab.click("#avow-accept").await?;
    visit.demo.arrival_for("marketing").await?;
    visit.tab.wait("document.cookie.includes('cm_visit')").await?;
    visit.sealed().await?;
    visit.go("/").await?;
    visit.ready().await?;
    visit.tab.wait("!!window.campaignTag").await?;
    until("the pixel, with consent", || async {
        let found = stopped(list, &visit).await?;
        Ok(found.iter().any(|(url, _)| url.contains("/pixel.gif?")).then_some(()))
    })
    .await?;
    visit.end().await;
    Ok(())
}

/// Trackers of the real world, each with an address that its snippet asks for, whose rules are for their hosts alone.
const TRACKERS: [(&str, &str); 3] = [
    ("sb.scorecardresearch.com", "/beacon.js"),
    ("cdn.mxpnl.com", "/libs/mixpanel-2-latest.min.js"),
    ("www.statcounter.com", "/counter/counter.js"),
];

async fn trackers(browsers: Browsers) -> Result<()> {
    let Some(list) = EasyPrivacy::here()? else { return Ok(()) };
    let hosts = Hosts::start().await?;
    let site = hosts.origin(hosts::SITE);
    let origins = TRACKERS.map(|(host, _)| hosts.origin(host));
    // All of them under each of the shop's optional purposes.
    let policy = toml_for("@THIRD@").replace("[\"@THIRD@\"]", &format!("{origins:?}"));
    let policy = policy.replace("\"shop.localhost\"", &format!("{:?}", hosts::SITE));
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    hosts.route(Route::Avow(avow.base().to_owned()));
    // One is marked, one is not and is left to the guard, one is put in by a script of the page.
    let [marked, plain, late] = [0, 1, 2].map(|at| format!("{}{}", origins[at], TRACKERS[at].1));
    let add =
        format!("document.head.append(Object.assign(document.createElement('script'), {{ src: '{late}' }}))");
    hosts.put(hosts::SITE, "/late.js", Document::script(add));
    let page = |head: &str, mark: &str| {
        Document::html(format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>shop</title></head><body><h1>Shop</h1>\
             <script {mark}='{marked}'></script><script src='{plain}'></script><script src='/late.js'></script></body></html>"
        ))
    };
    let snippet = avow.avow_ok(&["snippet", SITE])?;
    hosts.put(hosts::SITE, "/", page(&snippet, "type='text/plain' data-avow='analytics' data-src"));
    hosts.put(hosts::SITE, "/bare", page("", "src"));
    // Who was asked of those that the list stops; in Chromium a connection alone counts.
    let connections_count = browsers.engine == Engine::Chromium;
    let heard = || -> Result<BTreeSet<String>> {
        let mut heard = BTreeSet::new();
        for arrival in hosts.arrivals() {
            if arrival.path.is_none() && !connections_count {
                continue;
            }
            let url = format!("{}{}", hosts.origin(&arrival.host), arrival.path.as_deref().unwrap_or("/"));
            if list.rule_against(&url, &site)?.is_some() {
                heard.insert(arrival.host);
            }
        }
        Ok(heard)
    };
    let all: BTreeSet<String> = TRACKERS.iter().map(|(host, _)| (*host).to_owned()).collect();
    let everyone = || until("all trackers to be asked", || async { Ok((heard()? == all).then_some(())) });
    let tab = browsers.plain().await?.open().await?;
    for answer in ["", "#avow-reject"] {
        tab.go(&format!("{site}/")).await?;
        tab.shown("#avow-banner").await?;
        if !answer.is_empty() {
            tab.click(answer).await?;
            tab.gone("#avow-banner").await?;
            tab.wait("!localStorage.avow_outbox").await?;
            tab.go(&format!("{site}/")).await?;
            tab.wait("await avow.ready").await?;
        }
        let found = heard()?;
        ensure!(found.is_empty(), "after `{answer}`: {found:?} heard of the visitor");
    }
    tab.close().await;
    // The control: with consent the same page asks all three, and the list knows all three.
    let tab = browsers.plain().await?.open().await?;
    tab.go(&format!("{site}/")).await?;
    tab.click("#avow-accept").await?;
    everyone().await?;
    tab.close().await;
    // And without Avow, too.
    hosts.forget();
    let tab = browsers.plain().await?.open().await?;
    tab.go(&format!("{site}/bare")).await?;
    everyone().await?;
    tab.close().await;
    Ok(())
}
