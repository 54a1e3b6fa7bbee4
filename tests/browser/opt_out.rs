//! Where the law lets optional purposes run until the visitor opts out, and the site's owner does: no question, a way
//! out on every page, the browser's signal honoured; and an answer that means the same wherever the visitor goes.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("californians_opt_out_and_are_not_asked", rights_first);
    suite.add("the_signal_is_an_opt_out", signal);
    suite.add("canadians_are_told_and_can_refuse", notice_first);
    suite.add("what_is_left_on_is_no_consent_elsewhere", travels);
    suite.add("two_answers_that_differ_let_nothing_run", differ);
}

const ALLOWED: &str = "['analytics', 'search', 'marketing'].map(purpose => avow.allows(purpose))";

async fn at(browsers: &Browsers) -> Result<Visit> {
    Visit::begin_at(browsers, "cambridge-education", "ceg.localhost").await
}

async fn rights_first(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let tab = &visit.tab;
    visit.go_as("place=US-CA", "/").await?;
    visit.ready().await?;
    tab.shown("#avow-reopen").await?;
    let seen = tab
        .eval("[!!document.getElementById('avow-banner'), document.getElementById('avow-reopen').innerText]")
        .await?;
    ensure!(seen == json!([false, "Your privacy choices"]), "{seen}");
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, true]), "on until an opt-out");
    tab.wait("document.cookie.includes('_sp_id.') && document.cookie.includes('cm_visit')").await?;
    // Consent mode's default is denied: what runs is told.
    tab.wait("dataLayer.some(entry => entry[0] === 'consent' && entry[1] === 'update' && entry[2].ad_storage === 'granted')").await?;
    // The control: what the opt-out is to clear away is there, and seen.
    let before = visit.site_clean("before the opt-out").await.err().context("nothing is stored")?.to_string();
    ensure!(before.contains("the jar holds") && before.contains("_sp_id."), "{before}");
    // One control on every page, and one in its dialog.
    tab.click("#avow-reopen").await?;
    tab.shown("#avow-dialog").await?;
    let said = tab.eval("document.getElementById('avow-dialog').innerText").await?;
    let said = said.as_str().context("words")?;
    ensure!(said.contains("Do not sell or share my personal information"), "{said}");
    ensure!(said.contains("not to sell or share your personal information"), "{said}");
    tab.click("#avow-dialog-reject").await?;
    tab.gone("#avow-dialog").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "objected", "{record}");
    ensure!(says(&record, "regime") == json!({ "id": "us-ca", "source": "header" }), "{record}");
    tab.reload().await?;
    visit.ready().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([false, false, false]), "opted out");
    ensure!(
        tab.eval("!document.getElementById('avow-banner')").await? == true,
        "twelve months of silence and more"
    );
    visit.site_clean("after the opt-out").await?;
    // A no lasts as long as browsers keep a cookie.
    let cookie = tab.cookies().await?.into_iter().find(|cookie| cookie.name == "avow").context("a cookie")?;
    let now = tab.eval("Math.floor(Date.now() / 1000)").await?.as_i64().context("a time")?;
    let days = (cookie.expires.context("an end")? - now) / 86_400;
    ensure!(days >= 399, "{days} days");
    tab.click("#avow-reopen").await?;
    tab.shown("#avow-dialog").await?;
    let said = tab.eval("document.getElementById('avow-dialog').innerText").await?;
    ensure!(said.as_str().is_some_and(|said| said.contains("Your opt-out is in force")), "{said}");
    visit.end().await;
    Ok(())
}

async fn signal(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let tab = &visit.tab;
    visit.go_as("place=US-TX&gpc=1", "/").await?;
    visit.ready().await?;
    tab.wait("document.querySelector('.avow-corner')?.innerText.includes('Opt-out signal honoured')").await?;
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, false]), "marketing alone");
    ensure!(tab.eval("!document.getElementById('avow-banner')").await? == true, "without friction");
    ensure!(tab.eval("!document.cookie.includes('cm_visit')").await? == true, "nothing of marketing");
    visit.end().await;
    Ok(())
}

async fn notice_first(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let tab = &visit.tab;
    visit.go_as("place=CA-ON", "/").await?;
    tab.shown("#avow-banner").await?;
    let said = tab.eval("document.getElementById('avow-banner').innerText").await?;
    let said = said.as_str().context("words")?;
    ensure!(said.contains("They are on; you can refuse them now or at any time."), "{said}");
    // The same three buttons as where the answer is waited for.
    for button in ["accept", "reject", "choose"] {
        tab.shown(&format!("#avow-{button}")).await?;
    }
    visit.ready().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, true]), "nothing waits");
    // Who looks and leaves all on has been told, and has said nothing that could be recorded.
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.click("#avow-save").await?;
    tab.gone("#avow-banner").await?;
    tab.reload().await?;
    visit.ready().await?;
    ensure!(tab.eval("!document.getElementById('avow-banner')").await? == true, "told once");
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, true]), "left on");
    ensure!(visit.demo.records(0).await?.is_empty(), "no answer, no record");
    // In Switzerland marketing waits, and the rest does not; the banner says which is which.
    visit.go_as("place=CH", "/").await?;
    tab.shown("#avow-banner").await?;
    visit.ready().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, false]), "marketing waits");
    let said = tab.eval("document.getElementById('avow-banner').innerText").await?;
    ensure!(
        said.as_str().is_some_and(|said| said.contains("that the law allows without asking are on")),
        "{said}"
    );
    tab.click("#avow-reject").await?;
    visit.sealed().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([false, false, false]), "refused");
    visit.end().await;
    Ok(())
}

/// Nothing that was ticked before is consent (CJEU C-673/17).
async fn travels(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let tab = &visit.tab;
    visit.go_as("place=US-CA", "/").await?;
    visit.ready().await?;
    tab.click("#avow-reopen").await?;
    tab.shown("#avow-dialog").await?;
    // Marketing off, the rest left as it was.
    tab.click("#avow-p-marketing").await?;
    tab.click("#avow-save").await?;
    tab.wait("!avow.allows('marketing')").await?;
    visit.sealed().await?;
    ensure!(visit.cookie().await?.is_some_and(|cookie| cookie.contains(".marketing:0~_on:1.")), "one answer");
    let record = visit.record(1).await?;
    let decisions = says(&record, "decisions");
    ensure!(decisions.as_array().is_some_and(|all| all.len() == 1), "the record claims no consent: {record}");
    tab.reload().await?;
    visit.ready().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, false]), "there it stays on");
    visit.go_as("place=SE", "/").await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval(ALLOWED).await? == json!([false, false, false]), "here it waits");
    // What is accepted there is consent, and holds everywhere.
    tab.click("#avow-accept").await?;
    visit.sealed().await?;
    visit.go_as("place=FR", "/").await?;
    visit.ready().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, true]), "consent travels");
    visit.end().await;
    Ok(())
}

/// One of them may have been a no.
async fn differ(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let tab = &visit.tab;
    visit.go_as("place=US-CA", "/").await?;
    visit.ready().await?;
    ensure!(tab.eval(ALLOWED).await? == json!([true, true, true]), "the control: no answer");
    let twice = "[['/', 1], ['/courses', 0]].forEach(([path, on]) => { document.cookie = \
        `avow=1.1.t63lmo.zzzzzz.analytics:${on}~search:${on}~marketing:${on}.-;path=${path}`; }), 1";
    tab.eval(&format!("({twice})")).await?;
    visit.go("/courses").await?;
    visit.ready().await?;
    ensure!(tab.eval("document.cookie.match(/avow=/g).length").await? == 2, "two of them");
    ensure!(tab.eval(ALLOWED).await? == json!([false, false, false]), "nothing runs");
    visit.end().await;
    Ok(())
}
