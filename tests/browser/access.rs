//! For everyone: the keyboard alone, and a narrow screen. Read next: `axe.rs`, `wcag.rs`.

use anyhow::{Result, ensure};
use avow_tests::browser::keys;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("the_keyboard_alone_can_do_everything", keyboard);
    suite.add("a_screen_of_320_pixels_is_enough", narrow);
}

async fn keyboard(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    tab.tab_to("#avow-choose").await?;
    tab.press(keys::ENTER).await?;
    tab.shown("#avow-dialog").await?;
    // The dialog keeps the focus, and Escape gives it back to where it was.
    tab.wait("document.querySelector('#avow-dialog').contains(document.activeElement)").await?;
    tab.press(keys::ESCAPE).await?;
    tab.gone("#avow-dialog").await?;
    tab.shown("#avow-banner").await?;
    tab.wait("document.activeElement.id === 'avow-choose'").await?;
    // Opened again before it has heard that it was closed: as quick as the quickest finger.
    tab.press(keys::ENTER).await?;
    tab.shown("#avow-dialog").await?;
    let again = "(former => (former.addEventListener('close', () => { window.heard = true }), former.close(), avow.open(), \
         document.getElementById('avow-dialog').open))(document.getElementById('avow-dialog'))";
    ensure!(tab.eval(again).await? == true, "open at once");
    tab.wait("window.heard").await?;
    ensure!(tab.eval("document.querySelectorAll('#avow-dialog[open]').length").await? == 1, "and stays open");
    tab.tab_to("#avow-p-analytics").await?;
    tab.press(keys::SPACE).await?;
    tab.wait("document.querySelector('#avow-p-analytics').checked").await?;
    tab.press_shifted(keys::TAB).await?;
    tab.wait("document.querySelector('#avow-dialog').contains(document.activeElement)").await?;
    tab.tab_to("#avow-save").await?;
    tab.press(keys::ENTER).await?;
    visit.demo.arrival_for("analytics").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "partially_given" && says(&record, "input") == "keyboard", "{record}");
    // Taking it back is as easy.
    tab.shown("#avow-reopen").await?;
    tab.tab_to("#avow-reopen").await?;
    tab.press(keys::ENTER).await?;
    tab.shown("#avow-dialog").await?;
    tab.tab_to("#avow-withdraw").await?;
    tab.press(keys::ENTER).await?;
    tab.wait("!/:1/.test((document.cookie.match(/avow=[^;]*/) || [':1'])[0])").await?;
    visit.ready().await?;
    visit.sealed().await?;
    let record = visit.record(2).await?;
    ensure!(says(&record, "event") == "withdrawn" && says(&record, "input") == "keyboard", "{record}");
    visit.end().await;
    Ok(())
}

async fn narrow(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    tab.resize(320, 568).await?;
    visit.go("/").await?;
    tab.shown("#avow-banner").await?;
    let fits = |part: &str| {
        format!(
            "(() => {{ const wide = document.documentElement.scrollWidth > 320 ? ['page ' + document.documentElement.scrollWidth] : []; \
             for (const e of document.querySelectorAll('{part}, {part} *')) {{ const r = e.getBoundingClientRect(); \
             if (r.width && (r.left < -1 || r.right > 321)) wide.push(e.tagName + '#' + e.id + '.' + e.className + ' ' + r.left + '-' + r.right) }} \
             for (const e of document.querySelectorAll('{part} button')) {{ const r = e.getBoundingClientRect(); \
             if (r.height < 24 || r.width < 24) wide.push('small ' + e.id) }} return wide }})()"
        )
    };
    let wide = tab.eval(&fits("#avow-banner")).await?;
    ensure!(wide == serde_json::json!([]), "banner: {wide}");
    for button in ["#avow-accept", "#avow-reject", "#avow-choose"] {
        let seen = tab
            .eval(&format!(
                "(r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('{button}').getBoundingClientRect())"
            ))
            .await?;
        ensure!(seen == true, "{button} is in view without scrolling");
    }
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.eval("document.querySelectorAll('#avow-dialog details').forEach(d => { d.open = true })").await?;
    let wide = tab.eval(&fits("#avow-dialog")).await?;
    ensure!(wide == serde_json::json!([]), "dialog: {wide}");
    tab.click("#avow-p-video").await?;
    tab.click("#avow-save").await?;
    visit.demo.arrival_for("video").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "viewport") == "narrow", "{record}");
    visit.end().await;
    Ok(())
}
