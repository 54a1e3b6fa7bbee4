//! Markup in a policy's texts is read as text: in the banner, in the preferences, in the pasted snippet, on Avow's pages.

use anyhow::{Result, ensure};
use avow_tests::browser::Tab;
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_in};
use avow_tests::server::{Setup, TestServer};

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("markup_in_a_policy_is_text", text);
}

/// Ends the script that it might stand in, or hides the end of it, and runs as soon as it is markup.
const EVIL: &str = "</script><!--<script><img src=x onerror=ran=1><u>";

/// The shop with that in every kind of text, in the mode that has no content security policy to stop it.
fn policy(third: &str) -> Result<String> {
    let mut policy = toml_in("compatible", third);
    for (kind, said) in [
        ("the site's name", "name = \"The Shop\"\ndomains"),
        ("a purpose's name", "name = \"Measuring use\""),
        ("its description", "description = \"Counts visits.\""),
        ("a service's name", "name = \"Counter\""),
        ("a provider", "provider = \"Counter Ltd\""),
        ("a third party", "third_parties = [\"Film Company\"]"),
        ("an item's text", "text.en = \"Tells visits apart.\""),
    ] {
        ensure!(policy.contains(said), "{kind} is in the policy");
        let at = said.find('"').expect("a text");
        let spoiled = format!("{}{EVIL}{}", &said[..=at], &said[at + 1..]);
        policy = policy.replacen(said, &spoiled, 1);
    }
    Ok(policy
        + &format!(
            "[texts.en]\naccept = \"{EVIL}Accept\"\nbanner_body = \"{EVIL}Body\"\ndialog_body = \"{EVIL}Choose\"\n"
        ))
}

/// Whether an element says it as it was written, and nothing of it became an element or ran.
async fn is_text(tab: &Tab, selector: &str, said: &[&str]) -> Result<()> {
    let found = tab
        .eval(&format!("[document.querySelector('{selector}').textContent, window.ran ?? 0, document.querySelectorAll('img, u').length]"))
        .await?;
    let text = found[0].as_str().unwrap_or_default();
    for said in said {
        ensure!(text.contains(&format!("{EVIL}{said}")), "{selector}: `{said}` is not in {text}");
    }
    ensure!(found[1] == 0 && found[2] == 0, "{selector}: {found}");
    Ok(())
}

async fn text(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let avow =
        TestServer::start(Setup { policies: vec![policy(&pages.third())?], ..Setup::on(Kind::Sqlite) })
            .await?;
    pages.proxy(Some(avow.base()));
    let page = |head: &str| {
        format!(
            "<!doctype html><html lang=en><head><meta charset=utf-8>{head}<title>shop</title></head><body><h1>Shop</h1></body></html>"
        )
    };
    pages.put("/a", &page(&format!("<script src='/.avow/site/{SITE}.js'></script>")));
    pages.put("/b", &page(&avow.avow_ok(&["snippet", SITE])?));
    // A comment that nothing ends would hide the rest.
    pages.put("/control", &page(&EVIL.replace("<!--<script>", "")));
    let tab = browsers.plain().await?.open().await?;
    tab.go(&format!("{}/control", pages.site())).await?;
    tab.wait("window.ran === 1").await?;
    for path in ["/a", "/b"] {
        tab.go(&format!("{}{path}", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        is_text(&tab, "#avow-banner", &["Accept", "Body", "The Shop"]).await?;
        tab.click("#avow-choose").await?;
        tab.shown("#avow-dialog").await?;
        is_text(&tab, "#avow-dialog", &["Choose", "Measuring use", "Counts visits.", "Counter Ltd"]).await?;
    }
    tab.go(&format!("{}/.avow/page/{SITE}/cookies?lang=en", pages.site())).await?;
    let said = ["Measuring use", "Counter", "Counter Ltd", "Film Company", "Tells visits apart.", "Accept"];
    is_text(&tab, "body", &said).await?;
    ensure!(tab.eval("document.scripts.length").await? == 0, "its page has no script");
    tab.close().await;
    Ok(())
}
