//! The demonstration's start page: a visitor chooses a site and who to be, and the site treats them so.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::keys;
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("the_start_page_lets_a_visitor_be_anyone", anyone);
    suite.add("the_start_page_s_language_signal_and_scripts_hold_on_the_site", otherwise);
}

const GROUP: &str = "[aria-labelledby=site-cambridge-education]";
const CHILD: &str = "[aria-labelledby=as-a-child]";
/// The strip says who is pretended.
const NOTE: &str = "document.querySelector('.avow-demo').innerText";

async fn anyone(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "cambridge-education", "ceg.localhost").await?;
    let start = format!("{}/", visit.demo.at("demo.localhost"));
    let tab = &visit.tab;
    let focus =
        async |selector: &str| tab.eval(&format!("document.querySelector({selector:?}).focus()")).await;

    tab.go(&start).await?;
    // All five countries of the group are there to choose.
    let offered = tab
        .eval(&format!(
            "[...document.querySelectorAll('{GROUP} [name=place] option')].map(option => option.value)"
        ))
        .await?;
    let offered: Vec<String> = serde_json::from_value(offered)?;
    for place in ["GB", "NL", "SE", "US-CA", "CN"] {
        ensure!(offered.iter().any(|one| one == place), "{place} is not in {offered:?}");
    }
    // As with a keyboard: the first letters of what is chosen.
    focus(&format!("{GROUP} [name=place]")).await?;
    tab.press('F').await?;
    tab.wait(&format!("document.querySelector('{GROUP} [name=place]').value === 'FR'")).await?;
    tab.click(&format!("{GROUP} button")).await?;
    tab.wait("location.hostname === 'ceg.localhost' && document.readyState === 'complete'").await?;
    let note = tab.eval(NOTE).await?;
    ensure!(note.as_str().is_some_and(|note| note.contains("a visitor from FR")), "{note}");
    tab.click("#avow-reject").await?;
    let record = visit.record(1).await?;
    let regime = says(&record, "regime");
    ensure!(regime.to_string().contains("\"fr\""), "the law of France holds there: {record}");

    // Any other place, by its code; what is no code is not sent.
    tab.go(&start).await?;
    focus(&format!("{GROUP} [name=code]")).await?;
    for key in "us-v_".chars() {
        tab.press(key).await?;
    }
    tab.press(keys::ENTER).await?;
    let code = format!("document.querySelector('{GROUP} [name=code]')");
    tab.wait(&format!("{code}.value === 'us-v_' && {code}.validity.patternMismatch")).await?;
    tab.eval(&format!("({code}.select(), 1)")).await?;
    for key in "us-va".chars() {
        tab.press(key).await?;
    }
    tab.press(keys::ENTER).await?;
    tab.wait("location.hostname === 'ceg.localhost' && document.readyState === 'complete'").await?;
    let note = tab.eval(NOTE).await?;
    ensure!(note.as_str().is_some_and(|note| note.contains("a visitor from US-VA")), "{note}");

    // A child's profile leads to the site that is for children, and says what differs.
    tab.go(&start).await?;
    let differs = tab.eval(&format!("document.querySelector('{CHILD}').innerText")).await?;
    ensure!(differs.as_str().is_some_and(|text| text.contains("Nothing for marketing")), "{differs}");
    tab.click(&format!("{CHILD} button")).await?;
    tab.wait("location.hostname === 'connexions.localhost' && document.readyState === 'complete'").await?;
    visit.end().await;
    Ok(())
}

/// Chooses on the start page, visits, and waits until another page is there.
async fn visit_as(visit: &Visit, code: &str, lang: &str, ticks: &[&str]) -> Result<()> {
    let tab = &visit.tab;
    tab.go(&format!("{}/", visit.demo.at("demo.localhost"))).await?;
    let focus = async |name: &str| {
        tab.eval(&format!("document.querySelector('{GROUP} [name={name}]').focus()")).await
    };
    focus("code").await?;
    for key in code.chars() {
        tab.press(key).await?;
    }
    focus("lang").await?;
    tab.press(lang.chars().next().context("a letter")?).await?;
    tab.wait(&format!("document.querySelector('{GROUP} [name=lang]').value === '{lang}'")).await?;
    for tick in ticks {
        tab.click(&format!("{GROUP} [name={tick}]")).await?;
    }
    tab.click(&format!("{GROUP} button")).await?;
    tab.wait("location.hostname === 'ceg.localhost' && document.readyState === 'complete'").await
}

async fn otherwise(browsers: Browsers) -> Result<()> {
    const STATE: &str = "[document.documentElement.lang, navigator.globalPrivacyControl === true, \
                         avow.allows('analytics'), avow.allows('marketing')]";
    let visit = Visit::begin_at(&browsers, "cambridge-education", "ceg.localhost").await?;
    let tab = &visit.tab;
    // The control: as a Californian whose browser sends no signal.
    visit_as(&visit, "us-ca", "en", &[]).await?;
    visit.ready().await?;
    let state = tab.eval(STATE).await?;
    ensure!(state == json!(["en", false, true, true]), "without the signal: {state}");

    visit_as(&visit, "us-ca", "en", &["gpc"]).await?;
    visit.ready().await?;
    tab.wait("document.querySelector('.avow-corner')?.innerText.includes('Opt-out signal honoured')").await?;
    let state = tab.eval(STATE).await?;
    ensure!(state == json!(["en", true, true, false]), "with the signal: {state}");

    // Another language, and the signal is no longer ticked.
    visit_as(&visit, "nl", "nl", &[]).await?;
    tab.shown("#avow-banner").await?;
    visit.ready().await?;
    let state = tab.eval(STATE).await?;
    ensure!(state == json!(["nl", false, false, false]), "in Dutch: {state}");
    let said =
        "[document.getElementById('avow-banner').lang, document.getElementById('avow-accept').innerText]";
    let said = tab.eval(said).await?;
    ensure!(said == json!(["nl", "Alle cookies accepteren"]), "{said}");

    // No script runs, and the page about cookies takes the answer.
    visit_as(&visit, "nl", "nl", &["nojs"]).await?;
    let state =
        "[typeof window.avow, !!document.getElementById('avow-banner'), document.documentElement.lang]";
    let state = tab.eval(state).await?;
    ensure!(state == json!(["undefined", false, "nl"]), "without scripts: {state}");
    tab.click("footer a[href$='/cookies']").await?;
    tab.wait("location.pathname === '/cookies' && document.readyState === 'complete'").await?;
    tab.click("button[value=reject]").await?;
    tab.shown(".avow-said").await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "surface") == "form" && says(&record, "locale") == "nl", "{record}");
    ensure!(says(&record, "regime")["id"] == "nl", "{record}");
    visit.end().await;
    Ok(())
}
