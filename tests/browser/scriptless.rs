//! A browser in which no script runs, on a site behind the gate: a form is all that it answers with, and what the gate
//! lets through is all that it gets. Read next: `careers_enterprise.rs`, the same form where no gate stands.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use avow_tests::browser::{Habit, Tab};
use avow_tests::gate::Gate;
use avow_tests::hosts::{ALLOWED, COOKIELESS, Document, GRANTED, Hosts, Route, SITE, TRACKER};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::says;

const POLICY: &str = include_str!("../testdata/leaks/policy.toml");
/// The site's name in it.
const NAME: &str = "leaks";

/// What a page loads where no script runs, by the purpose that it is for.
const NECESSARY: [&str; 1] = ["needed"];
const ANALYTICS: [&str; 4] = ["counted", "counted_plain", "counted_sheet", "counted_frame"];
const MARKETING: [&str; 5] =
    ["advertised", "advertised_plain", "advertised_sheet", "advertised_frame", "ahead"];

pub fn add(suite: &mut Suite) {
    suite.add("without_a_script_the_gate_lets_through_what_the_form_allows", through);
}

/// Pictures, style sheets, frames and the pixels that stand in `<noscript>`, of every purpose.
fn page(hosts: &Hosts) -> Document {
    let (allowed, granted, tracker) = (hosts.origin(ALLOWED), hosts.origin(GRANTED), hosts.origin(TRACKER));
    Document::html(format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>still</title>\
         <script>document.title = 'ran'</script>\
         <link rel=preload as=image href='{tracker}/img?v=ahead'>\
         <link rel=stylesheet href='{granted}/css?v=counted_sheet'><link rel=stylesheet href='{tracker}/css?v=advertised_sheet'>\
         </head><body><h1>Shop</h1><img alt='' src='{allowed}/img?v=needed'>\
         <img alt='' src='{granted}/img?v=counted'><img alt='' src='{tracker}/img?v=advertised'>\
         <noscript><img alt='' src='{granted}/img?v=counted_plain'><img alt='' src='{tracker}/img?v=advertised_plain'></noscript>\
         <iframe title=One src='{granted}/html?v=counted_frame'></iframe><iframe title=Two src='{tracker}/html?v=advertised_frame'></iframe>\
         <script src='{granted}/js?v=code'></script></body></html>"
    ))
    .with("set-cookie", "basket=1; Path=/")
    .with("set-cookie", "_count=1; Path=/")
    .with("set-cookie", "ad=1; Path=/")
}

/// Loads the page; what then arrived at strangers, and what cookies the site has.
async fn seen(hosts: &Hosts, tab: &Tab) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    hosts.forget();
    tab.go(&format!("{}/page", hosts.origin(SITE))).await?;
    let arrived = hosts.arrivals().iter().filter_map(|one| one.vector().map(str::to_owned)).collect();
    let jar = tab.cookies().await?.into_iter();
    let jar = jar.filter(|cookie| cookie.domain.trim_start_matches('.') == SITE);
    Ok((arrived, jar.map(|cookie| cookie.name).collect()))
}

fn names<const N: usize>(lists: [&[&str]; N]) -> BTreeSet<String> {
    lists.concat().into_iter().map(str::to_owned).collect()
}

async fn through(browsers: Browsers) -> Result<()> {
    let hosts = Hosts::start().await?;
    let policy = POLICY
        .replace("@ALLOWED@", &hosts.origin(ALLOWED))
        .replace("@GRANTED@", &hosts.origin(GRANTED))
        .replace("@TRACKER@", &hosts.origin(TRACKER))
        .replace("@COOKIELESS@", &hosts.origin(COOKIELESS))
        .replace("@TRACKER_SOCKET@", &hosts.origin(TRACKER).replacen("https", "wss", 1));
    let gate = Gate::start(&policy, NAME, &hosts.upstream()).await?;
    hosts.put(SITE, "/page", page(&hosts));
    hosts.route(Route::Gate(gate.base().to_owned()));
    let form = format!("{}/.avow/page/{NAME}/cookies", hosts.origin(SITE));
    let states = "[...document.querySelectorAll('.avow-state strong')].map(state => state.innerText)";
    let tab = browsers.with(Habit::NoScript).await?.open().await?;

    let before = seen(&hosts, &tab).await?;
    ensure!(before == (names([&NECESSARY]), names([&["basket"]])), "before an answer: {before:?}");
    ensure!(tab.eval("document.title").await? == "still", "a script ran");

    // One purpose allowed.
    tab.go(&form).await?;
    ensure!(
        tab.eval(states).await? == json!(["Not answered yet", "Not answered yet"]),
        "nobody has answered"
    );
    tab.click("input[name='purpose.analytics'][value=on]").await?;
    tab.click("button[value=save]").await?;
    tab.shown(".avow-said").await?;
    let records = gate.records()?;
    ensure!(records.len() == 1 && says(&records[0], "event") == "partially_given", "{records:?}");
    ensure!(says(&records[0], "surface") == "form", "{records:?}");
    for time in ["the next page", "the page after that"] {
        let some = seen(&hosts, &tab).await?;
        let expected = (names([&NECESSARY, &ANALYTICS]), names([&["avow", "basket", "_count"]]));
        ensure!(some == expected, "{time} after allowing one purpose: {some:?}");
    }

    // All of it, and all of it taken back.
    tab.go(&form).await?;
    ensure!(tab.eval(states).await? == json!(["Allowed", "Refused"]), "as it was answered");
    tab.click("button[value=accept]").await?;
    tab.shown(".avow-said").await?;
    let all = seen(&hosts, &tab).await?;
    let expected =
        (names([&NECESSARY, &ANALYTICS, &MARKETING]), names([&["avow", "basket", "_count", "ad"]]));
    ensure!(all == expected, "after allowing everything: {all:?}");
    tab.go(&form).await?;
    tab.click("button[value=reject]").await?;
    tab.shown(".avow-said").await?;
    let records = gate.records()?;
    let events: Vec<_> = records.iter().map(|record| says(record, "event")).collect();
    ensure!(events == ["partially_given", "given", "withdrawn"], "{records:?}");
    let none = seen(&hosts, &tab).await?;
    ensure!(none == (names([&NECESSARY]), names([&["avow", "basket"]])), "after a withdrawal: {none:?}");
    tab.go(&form).await?;
    ensure!(tab.eval(states).await? == json!(["Refused", "Refused"]), "and so it stands there");

    // The control: without the gate all of it comes, and without an answer.
    hosts.route(Route::Plain);
    let control = seen(&hosts, &tab).await?;
    ensure!(control == expected, "the control: {control:?}");
    ensure!(tab.eval("document.title").await? == "still", "a script ran");
    tab.close().await;
    Ok(())
}
