//! What is asked for before the first layer stands: all of it at once, one file of texts, and what follows where the
//! answer about the region does not come.

use anyhow::{Result, ensure};
use avow_tests::page::Trouble;
use avow_tests::policy::{following, toml_in};
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::region::site_of;

pub fn add(suite: &mut Suite) {
    suite.add("the_region_costs_no_round_trip_of_its_own", together);
    suite.add("where_the_region_does_not_come_the_strictest_law_holds", without);
}

/// A site that follows its visitors, whose statistics are on in the United Kingdom.
fn policy(third: &str) -> String {
    following(&toml_in("compatible", third))
}

async fn together(browsers: Browsers) -> Result<()> {
    let (pages, _avow, _folder) = site_of(Some("GB"), |third| Ok(policy(third))).await?;
    let tab = browsers.plain().await?.open().await?;
    // None is answered before all were asked for.
    pages.trouble(Trouble::Together(vec!["banner.json", "region.json", ".wasm"]));
    tab.go(&format!("{}/", pages.site())).await?;
    tab.shown("#avow-banner").await?;
    tab.wait("window.counted").await?;
    pages.trouble(Trouble::None);
    // Of the texts only those that the first layer says have come, in one language; the rest when they are wanted.
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    let hits = pages.avow_hits();
    let texts: Vec<&String> =
        hits.iter().filter(|path| path.contains(".json") && !path.contains("region")).collect();
    ensure!(
        texts.len() == 2 && texts.iter().all(|path| path.contains("/en")),
        "two files, English: {hits:?}"
    );
    // The control: what waits for something that nobody asks for does not come.
    pages.forget();
    pages.trouble(Trouble::Together(vec!["banner.json", "nobody-asks-for-this"]));
    let stranger = browsers.plain().await?.open().await?;
    stranger.go(&format!("{}/", pages.site())).await?;
    stranger.wait("performance.now() > 1500").await?;
    ensure!(stranger.eval("!document.getElementById('avow-banner')").await? == true, "it is held");
    ensure!(pages.avow_hits().iter().any(|path| path.contains("banner.json")), "and was asked for");
    pages.trouble(Trouble::None);
    stranger.close().await;
    tab.close().await;
    Ok(())
}

async fn without(browsers: Browsers) -> Result<()> {
    for (trouble, runs) in [
        (Trouble::None, true),
        (Trouble::Refused("region.json"), false),
        (Trouble::Unanswered("region.json"), false),
    ] {
        let (pages, avow, _folder) = site_of(Some("GB"), |third| Ok(policy(third))).await?;
        pages.trouble(trouble.clone());
        let tab = browsers.plain().await?.open().await?;
        tab.go(&format!("{}/", pages.site())).await?;
        // Silence is waited for two seconds, and no longer.
        tab.shown("#avow-banner").await?;
        if runs {
            tab.wait("window.counted").await?;
        }
        let state =
            tab.eval("[!!window.counted, avow.allows('analytics'), avow.allows('marketing')]").await?;
        ensure!(state == json!([runs, runs, false]), "{trouble:?}: {state}");
        pages.trouble(Trouble::None);
        tab.eval("(window.former = true, 1)").await?;
        tab.click("#avow-reject").await?;
        tab.gone("#avow-banner").await?;
        tab.wait(if runs { "!window.former && await avow.ready" } else { "window.former" }).await?;
        tab.wait("!localStorage.getItem('avow_outbox')").await?;
        let record = serde_json::to_string(&avow.records()?)?;
        // Without an answer nobody knows that it was an objection.
        ensure!(
            record.contains("strictest") != runs && record.contains("objected") == runs,
            "{trouble:?}: {record}"
        );
        tab.close().await;
    }
    Ok(())
}
