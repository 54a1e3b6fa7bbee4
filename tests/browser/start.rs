//! The demonstration's start page: a visitor chooses a site and who to be, and the site treats them so.

use anyhow::{Result, ensure};
use avow_tests::browser::keys;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("the_start_page_lets_a_visitor_be_anyone", anyone);
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
