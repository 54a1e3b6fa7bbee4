//! The site of Kent's community learning: a newsletter and the beacons in it are purposes that a form asks for, with a
//! record and a withdrawal like any other; "accept all" says nothing about them.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("kent_newsletter_is_asked_for_by_its_form", newsletter);
    suite.add("kent_newsletter_is_taken_back_in_the_choices_and_recorded", taken_back);
    suite.add("kent_notice_names_the_transfer_and_the_bases", notice);
}

/// Fills in the form.
async fn ask_for(visit: &Visit, boxes: &[&str]) -> Result<()> {
    visit.go("/newsletter").await?;
    for purpose in ["newsletter", "email_beacons"] {
        let ticked =
            visit.tab.eval(&format!("document.querySelector('input[value={purpose}]').checked")).await?;
        ensure!(ticked == false, "{purpose} is ticked before anybody ticked it");
    }
    visit.tab.eval("(document.querySelector('#email').value = 'reader@example.org', 1)").await?;
    for purpose in boxes {
        visit.tab.click(&format!("input[value={purpose}]")).await?;
    }
    visit.tab.click("main form button[type=submit]").await?;
    visit.tab.shown(".answers").await
}

/// What a record says, by purpose.
fn answers(record: &Value) -> BTreeMap<String, bool> {
    let decisions = says(record, "decisions");
    let all = decisions.as_array().into_iter().flatten();
    all.filter_map(|one| Some((one["purpose"].as_str()?.to_owned(), one["granted"].as_bool()?))).collect()
}

async fn newsletter(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "kent-learning", "kent.localhost").await?;
    visit.go("/newsletter/latest").await?;
    visit.tab.click("#avow-accept").await?;
    visit.sealed().await?;
    visit.tab.wait("window.avow?.allows('analytics')").await?;
    ensure!(visit.tab.eval("avow.allows('email_beacons')").await? == false, "all is not everything");
    let first = visit.record(1).await?;
    // "All" is all that the banner asked for.
    ensure!(says(&first, "event") == "given", "{first}");
    ensure!(
        says(&first, "decisions").as_array().is_some_and(|all| all
            .iter()
            .any(|one| one["purpose"] == "newsletter" && one["granted"] == false)),
        "{first}"
    );
    ensure!(visit.demo.arrivals().await?.iter().all(|one| one.purpose() != "email_beacons"), "no beacon yet");

    // The form asks about both, and records what was ticked; the address goes to no record.
    ask_for(&visit, &["newsletter"]).await?;
    let second = visit.record(2).await?;
    let answered = says(&second, "decisions");
    ensure!(answered.as_array().map(Vec::len) == Some(2), "it is about these two: {second}");
    ensure!(says(&second, "surface") == "form" && says(&second, "event") == "partially_given", "{second}");
    ensure!(!second.to_string().contains("reader"), "{second}");
    visit.ready().await?;
    ensure!(
        visit
            .tab
            .eval("[avow.allows('newsletter'), avow.allows('email_beacons'), avow.allows('analytics')]")
            .await?
            == json!([true, false, true]),
        "the other answer stays"
    );

    ask_for(&visit, &["newsletter", "email_beacons"]).await?;
    let third = visit.record(3).await?;
    ensure!(says(&third, "event") == "given" && says(&third, "surface") == "form", "{third}");
    ensure!(
        answers(&third) == [("email_beacons".into(), true), ("newsletter".into(), true)].into(),
        "{third}"
    );
    visit.go("/newsletter/latest").await?;
    visit.demo.arrival_for("email_beacons").await?;

    // Withdrawal: in the choices, on any page.
    visit.tab.click("#avow-reopen").await?;
    visit.tab.shown("#avow-dialog").await?;
    visit.tab.click("#avow-p-email_beacons").await?;
    visit.tab.click("#avow-save").await?;
    visit
        .tab
        .wait("!avow.allows('email_beacons') && avow.allows('newsletter') && avow.allows('analytics')")
        .await?;
    visit.sealed().await?;
    let fourth = visit.record(4).await?;
    ensure!(says(&fourth, "surface") == "reopen" && says(&fourth, "event") == "partially_given", "{fourth}");
    ensure!(answers(&fourth).get("email_beacons") == Some(&false), "{fourth}");
    ensure!(answers(&fourth).get("newsletter") == Some(&true), "{fourth}");
    visit.demo.forget().await?;
    visit.go("/newsletter/latest").await?;
    visit.ready().await?;
    visit.demo.arrival_for("analytics").await?;
    ensure!(
        visit.demo.arrivals().await?.iter().all(|one| one.purpose() != "email_beacons"),
        "no beacon any more"
    );

    // The newsletter itself is taken back in the same place, and that is recorded, too.
    visit.tab.click("#avow-reopen").await?;
    visit.tab.shown("#avow-dialog").await?;
    visit.tab.click("#avow-p-newsletter").await?;
    visit.tab.click("#avow-save").await?;
    visit.tab.wait("!avow.allows('newsletter') && avow.allows('analytics')").await?;
    visit.sealed().await?;
    let fifth = visit.record(5).await?;
    ensure!(
        answers(&fifth).get("newsletter") == Some(&false) && says(&fifth, "event") == "partially_given",
        "{fifth}"
    );
    ensure!(answers(&fifth).get("analytics") == Some(&true), "the other answer stays: {fifth}");
    visit.tab.reload().await?;
    visit.ready().await?;
    ensure!(visit.tab.eval("avow.allows('newsletter')").await? == false, "it stays taken back");
    visit.end().await;
    Ok(())
}

/// One after the other, by somebody who has refused all else: the records say what was taken back, and that it was.
async fn taken_back(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "kent-learning", "kent.localhost").await?;
    visit.go("/").await?;
    visit.tab.click("#avow-reject").await?;
    visit.sealed().await?;
    ensure!(says(&visit.record(1).await?, "event") == "refused", "the banner");
    ask_for(&visit, &["newsletter", "email_beacons"]).await?;
    ensure!(says(&visit.record(2).await?, "event") == "given", "the form");
    visit.go("/newsletter/latest").await?;
    visit.demo.arrival_for("email_beacons").await?;
    for (purpose, event, newsletter, count) in
        [("email_beacons", "partially_given", true, 3), ("newsletter", "withdrawn", false, 4)]
    {
        visit.go("/").await?;
        visit.tab.click("#avow-reopen").await?;
        visit.tab.shown("#avow-dialog").await?;
        visit.tab.click(&format!("#avow-p-{purpose}")).await?;
        visit.tab.click("#avow-save").await?;
        visit.tab.wait(&format!("!avow.allows('{purpose}')")).await?;
        visit.sealed().await?;
        let record = visit.record(count).await?;
        ensure!(says(&record, "event") == event && says(&record, "surface") == "reopen", "{record}");
        let expected = [("analytics", false), ("email_beacons", false), ("newsletter", newsletter)];
        ensure!(
            answers(&record) == expected.map(|(id, granted)| (id.to_owned(), granted)).into(),
            "{record}"
        );
    }
    visit.demo.forget().await?;
    visit.go("/newsletter/latest").await?;
    visit.ready().await?;
    let state = "['analytics', 'newsletter', 'email_beacons'].map(purpose => avow.allows(purpose))";
    let state = visit.tab.eval(state).await?;
    ensure!(state == json!([false, false, false]), "{state}");
    ensure!(visit.demo.arrivals().await?.is_empty(), "nobody hears of it any more");
    visit.site_clean("after all was taken back").await?;
    visit.end().await;
    Ok(())
}

async fn notice(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "kent-learning", "kent.localhost").await?;
    visit.go("/privacy").await?;
    visit.tab.wait("document.querySelector('main').innerText.includes('HubSpot Inc. (US)')").await?;
    visit.tab.eval("(document.querySelectorAll('details').forEach(part => part.open = true), 1)").await?;
    let text = visit.tab.eval("document.querySelector('main').innerText").await?;
    for said in [
        "Your consent",
        "Legitimate interests",
        "The transfer rests on safeguards that the UK GDPR prescribes",
        "For a copy of them write to clsgdpr@kent-learning.example",
        "9(2)(a)",
        "14 years",
        "2022-08-01",
        "Withdraw your consent at any time",
    ] {
        ensure!(text.as_str().is_some_and(|text| text.contains(said)), "`{said}` is not in {text}");
    }
    // The 14 years are about learners: no consent record is kept by them.
    visit.tab.click("#avow-reject").await?;
    visit.sealed().await?;
    let days = "Math.round((avow.decision().expiresAt - avow.decision().decidedAt) / 864e5)";
    ensure!(visit.tab.eval(days).await? == 180, "a refusal is remembered for the site's own time");
    visit.end().await;
    Ok(())
}
