//! The site of Seetec: its notice rests everything on legitimate interests, which cookie law does not allow for storage.
//! The claim is refused at publish; what replaces it is a plain count where the law exempts it, and consent for the rest.

use anyhow::{Result, ensure};
use avow_tests::browser::keys;
use avow_tests::tools::root;
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("seetec_counts_in_the_united_kingdom_until_somebody_objects", counting);
    suite.add("seetec_claim_of_legitimate_interests_is_refused", refused);
}

/// What the count leaves.
const COUNTED: &str = "sessionStorage.getItem('st_counted')";

/// What the preferences show without an answer: the count, and the statistics service.
async fn switches(visit: &Visit) -> Result<Value> {
    visit.tab.click("#avow-choose").await?;
    visit.tab.shown("#avow-dialog").await?;
    let switches = "['counting', 'analytics'].map(id => document.getElementById('avow-p-' + id).checked)";
    let switches = visit.tab.eval(switches).await?;
    visit.tab.press(keys::ESCAPE).await?;
    visit.tab.gone("#avow-dialog").await?;
    Ok(switches)
}

async fn counting(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "seetec", "seetec.localhost").await?;
    // Neither in the Union, nor in its territories with codes of their own, nor on the islands beside the kingdom, nor
    // where nothing is known.
    for place in ["FR", "AX", "GF", "GP", "MQ", "MF", "RE", "YT", "GI", "GG", "JE", "IM", ""] {
        visit.go_as(&format!("place={place}"), "/").await?;
        visit.tab.shown("#avow-banner").await?;
        visit.ready().await?;
        ensure!(visit.tab.eval(COUNTED).await?.is_null(), "{place}: nothing is counted unasked");
        if place == "FR" {
            let off = switches(&visit).await?;
            ensure!(off == json!([false, false]), "in France both wait: {off}");
        }
        visit.nothing_optional(place).await?;
    }
    visit.go_as("place=GB", "/").await?;
    visit.tab.shown("#avow-banner").await?;
    visit.tab.wait(&format!("{COUNTED} === '1'")).await?;
    ensure!(visit.demo.arrivals().await?.is_empty(), "counting calls nobody");
    ensure!(visit.tab.eval("avow.allows('analytics')").await? == false, "the library waits for consent");
    let on = switches(&visit).await?;
    ensure!(on == json!([true, false]), "the switch shows that the count is on: {on}");
    // One click objects, and what was kept for it is gone.
    visit.tab.click("#avow-reject").await?;
    visit.tab.wait(&format!("{COUNTED} === null && !avow.allows('counting')")).await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "objected" && says(&record, "regime")["id"] == "gb", "{record}");
    visit.go("/programmes").await?;
    visit.ready().await?;
    ensure!(visit.tab.eval(COUNTED).await?.is_null(), "an objection stays");
    visit.end().await;
    Ok(())
}

async fn refused(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "seetec", "seetec.localhost").await?;
    let claim = root().join("demo-site/seetec/refused.toml").display().to_string();
    let told = visit.demo.avow.avow(&["site", "publish", &claim])?;
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    ensure!(!told.status.success(), "published: {said}");
    ensure!(
        said.contains("[basis] purpose `analytics`")
            && said.contains("legitimate interests: rest it on `consent`"),
        "{said}"
    );
    // What is published says which data, from where, and that it ends.
    visit.go("/privacy").await?;
    visit.tab.wait("document.querySelectorAll('main details').length >= 3").await?;
    let text = visit.tab.eval("document.querySelector('main').innerText").await?;
    for said in [
        // What a browser tells, and where somebody came from.
        "Your country, worked out from your IP address",
        "Your time zone",
        "Your browser and its version, and what it tells of your device",
        "A number for your device, only if you allow statistics",
        "the website you came from",
        // Who receives it, and where it does not go.
        "Law enforcement agencies, where the law requires it",
        "Security companies that help to protect the website",
        "Data is not used in, or sent to, countries outside the United Kingdom and the European Economic Area",
        "made anonymous",
        "Information Commission (ICO)",
        "Object to its use",
    ] {
        ensure!(text.as_str().is_some_and(|text| text.contains(said)), "`{said}` is not in {text}");
    }
    let bases = visit
        .tab
        .eval("[...document.querySelectorAll('details[open] li')].map(li => li.innerText).join('|')")
        .await?;
    ensure!(
        bases
            .as_str()
            .is_some_and(|bases| bases.contains("Your consent") && bases.contains("Legitimate interests: ")),
        "{bases}"
    );
    visit.end().await;
    Ok(())
}
