//! The site of The Careers & Enterprise Company: what its notice (section 3G, website visitors) says, walked.

use anyhow::{Result, ensure};
use avow_tests::browser::keys;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("careers_notice_says_what_the_site_does", notice);
    suite.add("careers_choice_without_a_script", without_script);
}

async fn notice(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    visit.go("/privacy").await?;
    visit.tab.shown("#avow-banner").await?;
    let text = visit.tab.eval("document.querySelector('.from-avow').innerText").await?;
    let text = text.as_str().unwrap_or_default();
    for said in [
        // Purposes, data and lawful bases of website visitors.
        "Understanding how it is used",
        "The city or region and the country that you visit from",
        "Your operating system",
        "The pages that you visit, and what you open and use on them",
        "Your consent",
        "Legitimate interests: setting the cookies that the site cannot work without",
        "A public task",
        // The date of last update, the officer, complaints: to the officer first, then the regulator.
        "2024-12-12",
        "Data protection officer: Data Protection Officer, dpo@careers-enterprise.example",
        "Please write to our Data Protection Officer first",
        "Information Commission (ICO)",
        "Withdraw your consent at any time",
    ] {
        ensure!(text.contains(said), "the notice does not say `{said}`:\n{text}");
    }
    // Layered: what concerns others is there, and closed.
    let open = visit.tab.eval("[...document.querySelectorAll('details')].map(part => part.open)").await?;
    ensure!(open == serde_json::json!([true, true, false]), "{open}");

    // The pop-up has the cookie options, and only what is strictly necessary cannot be refused.
    visit.tab.click("#avow-choose").await?;
    visit.tab.shown("#avow-dialog").await?;
    let switches =
        "[...document.querySelectorAll('#avow-dialog input[role=switch]')].map(s => [s.id, s.checked])";
    let switches = visit.tab.eval(switches).await?;
    let expected =
        [["avow-p-analytics", ""], ["avow-p-video", ""], ["avow-p-marketing", ""]].map(|[id, _]| (id, false));
    ensure!(switches == serde_json::json!(expected), "{switches}");
    visit.nothing_optional("with the notice and the options open").await?;
    visit.control().await?;
    visit.end().await;
    Ok(())
}

/// A visitor in whose browser no script runs answers in the form of the page about cookies.
async fn without_script(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    visit.go_as("nojs=1", "/cookies").await?;
    visit.tab.shown("input[name='purpose.analytics'][value=on]").await?;
    ensure!(visit.tab.eval("typeof window.avow").await? == "undefined", "a script ran");
    visit.nothing_optional("without a script").await?;
    visit.tab.click("input[name='purpose.analytics'][value=on]").await?;
    visit.tab.click("button[value=save]").await?;
    visit.tab.shown(".avow-said").await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "partially_given", "{record}");
    ensure!(says(&record, "surface") == "form" && says(&record, "input") == "submit", "{record}");
    let code = visit.tab.eval("document.querySelector('code').innerText").await?;
    ensure!(says(&record, "reference") == code, "{record} {code}");
    visit.go("/cookies").await?;
    let states = "[...document.querySelectorAll('.avow-state strong')].map(state => state.innerText)";
    let states = visit.tab.eval(states).await?;
    ensure!(states == serde_json::json!(["Allowed", "Refused", "Refused"]), "{states}");

    // The same choice holds where scripts run, and only that.
    visit.go_as("nojs=", "/").await?;
    visit.ready().await?;
    visit.tab.gone("#avow-banner").await?;
    visit.demo.arrival_for("analytics").await?;
    let others: Vec<_> =
        visit.demo.arrivals().await?.into_iter().filter(|one| one.purpose() != "analytics").collect();
    ensure!(others.is_empty(), "{others:?}");

    // Avow's own page, in its own frame: Enter sends what is switched on, and never "accept all".
    visit.go("/.avow/page/careers-enterprise/cookies").await?;
    visit.tab.click("input[name='purpose.analytics'][value=off]").await?;
    visit.tab.press(keys::ENTER).await?;
    visit.tab.shown(".avow-said").await?;
    ensure!(says(&visit.record(2).await?, "event") == "withdrawn", "all is off");
    visit.go("/.avow/page/careers-enterprise/cookies").await?;
    visit.tab.click("button[value=accept]").await?;
    visit.tab.shown(".avow-said").await?;
    ensure!(says(&visit.record(3).await?, "event") == "given", "the button that says so");

    // Taking it back without a script.
    visit.go_as("nojs=1", "/cookies").await?;
    visit.tab.click("button[value=reject]").await?;
    visit.tab.shown(".avow-said").await?;
    ensure!(says(&visit.record(4).await?, "event") == "withdrawn", "taken back");
    visit.end().await;
    Ok(())
}
