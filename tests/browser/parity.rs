//! Refusing is as easy as accepting, in whatever look, at whatever width, in whatever colours, in both layers: the same
//! size, type and contrast, and one click (EDPB report 01/2022, types A to E; WCAG 1.4.3).
//!
//! One matrix: every look of the first layer and every site of the demo, three widths, light, dark and forced colours.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::Tab;
use serde_json::Value;

use crate::harness::{Browsers, Suite};
use crate::layouts::{LOOKS, site};
use crate::media::{COLOURS, Mode, habits, open, settled, switch};
use crate::visit::{SITES, Visit};

/// Narrow, a phone, a desktop.
const WIDTHS: [u32; 3] = [320, 412, 1280];

pub fn add(suite: &mut Suite) {
    suite.add("accept_and_reject_weigh_the_same_in_every_look", looks);
    suite.add("accept_and_reject_weigh_the_same_on_every_site", sites);
}

async fn looks(browsers: Browsers) -> Result<()> {
    for look in LOOKS {
        let (pages, _avow) = site(look, "").await?;
        let home = format!("{}/", pages.site());
        // GOV.UK's buttons are as wide as their words; all others share one width.
        let wider = if look.name == "govuk" { 1.1 } else { 1.0 };
        everywhere(&browsers, &home, look.name, wider).await?;
    }
    Ok(())
}

async fn sites(browsers: Browsers) -> Result<()> {
    for (site, host) in SITES {
        let visit = Visit::begin_at(&browsers, site, host).await?;
        everywhere(&browsers, &format!("{}/", visit.demo.site), site, 1.0).await?;
        visit.end().await;
    }
    // The control: each way in which one may weigh less is seen.
    let visit = Visit::begin(&browsers).await?;
    let pair = ["avow-accept", "avow-reject"];
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    weigh(&visit.tab, &[Mode::Light], pair, 1.0).await?;
    for (spoilt, said) in [
        ("font-size: 12px", "style"),
        ("background: #777", "style"),
        ("align-self: start; min-height: 36px; padding-block: 2px", "height"),
        ("margin-inline: 20px", "width"),
    ] {
        let style = format!("(document.getElementById('avow-reject').style = '{spoilt}', 1)");
        visit.tab.eval(&style).await?;
        let told = weigh(&visit.tab, &[Mode::Light], pair, 1.0).await;
        ensure!(
            told.as_ref().is_err_and(|error| error.to_string().contains(&format!("of one {said}"))),
            "{spoilt}: {told:?}"
        );
    }
    visit.end().await;
    Ok(())
}

/// The whole matrix for one page.
async fn everywhere(browsers: &Browsers, home: &str, name: &str, wider: f64) -> Result<()> {
    for (habit, modes) in habits(browsers.engine) {
        let tab = open(browsers, *habit).await?;
        tab.go(home).await?;
        tab.shown("#avow-banner").await?;
        weigh(&tab, modes, ["avow-accept", "avow-reject"], wider)
            .await
            .with_context(|| format!("{name}, first layer"))?;
        tab.eval("(avow.open(), 1)").await?;
        tab.shown("#avow-dialog").await?;
        weigh(&tab, modes, ["avow-dialog-accept", "avow-dialog-reject"], 1.0)
            .await
            .with_context(|| format!("{name}, dialog"))?;
        tab.close().await;
    }
    for layer in ["", "dialog-"] {
        for answer in ["accept", "reject"] {
            one_click(browsers, home, &format!("#avow-{layer}{answer}"))
                .await
                .with_context(|| format!("{name}, one click on {layer}{answer}"))?;
        }
    }
    Ok(())
}

/// Compares the two buttons at every width and in every mode.
async fn weigh(tab: &Tab, modes: &[Mode], pair: [&str; 2], wider: f64) -> Result<()> {
    for mode in modes {
        switch(tab, *mode).await?;
        for width in WIDTHS {
            tab.resize(width, 800).await?;
            settled(tab).await?;
            let [accept, reject] = pair;
            let found = tab
                .eval(&format!("(() => {{ {COLOURS} return {WEIGH}(['{accept}', '{reject}']) }})()"))
                .await?;
            let what = || format!("{mode:?}, {width} px: {found}");
            ensure!(found[0]["style"] == found[1]["style"], "not of one style: {}", what());
            let number = |at: usize, key: &str| found[at][key].as_f64().unwrap_or_default();
            ensure!((number(0, "high") - number(1, "high")).abs() <= 1.0, "not of one height: {}", what());
            let (one, other) = (number(0, "wide"), number(1, "wide"));
            ensure!(one.max(other) <= one.min(other) * wider + 1.0, "not of one width: {}", what());
            for at in [0, 1] {
                ensure!(number(at, "wide") >= 44.0 && number(at, "high") >= 36.0, "small: {}", what());
                ensure!(number(at, "contrast") >= 4.5, "hard to read: {}", what());
                ensure!(found[at]["told"] == true, "cannot be told from what is around it: {}", what());
            }
        }
    }
    Ok(())
}

/// For each button what it weighs; contrast by WCAG 2.2. It is told from its surroundings by a ground or a border of
/// 3 to 1 (1.4.11).
const WEIGH: &str = r"(ids => {
  return ids.map(id => document.getElementById(id)).map(e => {
    const s = getComputedStyle(e), r = e.getBoundingClientRect(), around = ground(e.parentElement);
    const border = parseFloat(s.borderWidth) >= 1 && s.borderStyle === 'solid' && rgb(s.borderColor);
    return {
      style: [s.fontSize, s.fontWeight, s.fontFamily, s.textDecoration, s.textTransform, s.color, s.backgroundColor, s.border, s.borderRadius, s.opacity, s.boxShadow, e.tagName, e.className, e.parentElement.className],
      wide: r.width, high: r.height, contrast: ratio(rgb(s.color), ground(e)),
      told: ratio(ground(e), around) >= 3 || !!border && ratio(border, around) >= 3,
    };
  });
})";

/// A visitor who has just come has answered with this one click, or with this one after opening the dialog.
async fn one_click(browsers: &Browsers, home: &str, button: &str) -> Result<()> {
    let tab = browsers.plain().await?.open().await?;
    tab.go(home).await?;
    tab.shown("#avow-banner").await?;
    ensure!(tab.eval("avow.decision()").await? == Value::Null, "no answer yet");
    if button.contains("dialog") {
        tab.eval("(avow.open(), 1)").await?;
        tab.shown("#avow-dialog").await?;
    }
    tab.click(button).await?;
    tab.gone("#avow-banner").await?;
    tab.gone("#avow-dialog").await?;
    // An accept may load the page anew.
    tab.wait("window.avow && await avow.ready && !!avow.decision()").await?;
    tab.close().await;
    Ok(())
}
