//! The site of Connexions in Southend-on-Sea, for visitors of 13 to 19: nothing for marketing, the most private settings
//! from the start, plain words, and a refusal that is remembered for longer than a grant.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("southend_offers_children_nothing_for_marketing", children);
}

async fn children(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin_at(&browsers, "southend-connexions", "connexions.localhost").await?;
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    visit.nothing_optional("a young visitor, before an answer").await?;
    // No nudge: the three controls look the same.
    let sizes = visit
        .tab
        .eval(
            "['accept', 'reject', 'choose'].map(id => { const b = document.getElementById('avow-' + id), s = getComputedStyle(b); \
             return [b.offsetWidth, b.offsetHeight, s.backgroundColor, s.color, s.fontSize, s.fontWeight].join() })",
        )
        .await?;
    ensure!(sizes[0] == sizes[1] && sizes[1] == sizes[2], "{sizes}");
    // Plain words: short sentences in the banner.
    let longest = visit
        .tab
        .eval("Math.max(...document.querySelector('#avow-banner').innerText.split(/[.!?:]\\s/).map(s => s.trim().split(/\\s+/).length))")
        .await?;
    ensure!(longest.as_u64().is_some_and(|words| words <= 20), "a sentence of {longest} words");

    visit.tab.click("#avow-choose").await?;
    visit.tab.shown("#avow-dialog").await?;
    let switches = visit
        .tab
        .eval("[...document.querySelectorAll('#avow-dialog input[role=switch]')].map(s => [s.id, s.checked])")
        .await?;
    ensure!(switches == json!([["avow-p-analytics", false], ["avow-p-video", false]]), "{switches}");
    visit.tab.click("#avow-dialog-accept").await?;
    visit.tab.wait("avow.allows('analytics') && avow.allows('video')").await?;
    // A grant may load the page anew; what it allows arrives after that.
    for purpose in ["analytics", "video"] {
        visit.demo.arrival_for(purpose).await?;
    }
    visit
        .tab
        .wait("document.readyState === 'complete' && (window.avow && await window.avow.ready) === true")
        .await?;
    let record = visit.record(1).await?;
    ensure!(!record.to_string().contains("marketing") && says(&record, "event") == "given", "{record}");
    let arrivals = visit.demo.arrivals().await?;
    ensure!(arrivals.iter().all(|one| one.purpose() != "marketing"), "{arrivals:?}");

    // The notice: a duty to help young people, children's data, and the regulator by its name.
    visit.go("/privacy").await?;
    visit
        .tab
        .wait("document.querySelector('main').innerText.includes('Information Commission (ICO)')")
        .await?;
    visit.tab.eval("(document.querySelectorAll('details').forEach(part => part.open = true), 1)").await?;
    let text = visit.tab.eval("document.querySelector('main').innerText").await?;
    for said in ["A legal duty", "9(2)(g)", "Data protection officer"] {
        ensure!(text.as_str().is_some_and(|text| text.contains(said)), "`{said}` is not in {text}");
    }
    visit.end().await;
    Ok(())
}
