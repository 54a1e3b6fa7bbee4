//! The pasted snippet: after an HTML minifier with every option on, older than the policy, and with Avow on another origin.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for, toml_in};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use avow_tests::tools;

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("the_snippet_survives_a_minifier", minified);
    suite.add("an_old_snippet_is_told_to_the_owner", old);
    suite.add("avow_may_be_served_from_another_origin", elsewhere);
}

/// Every option that removes or rewrites something.
const MINIFY: &str = r"
const { minify } = require(process.argv[1]);
const chunks = [];
process.stdin.on('data', chunk => chunks.push(chunk)).on('end', async () => {
  const html = Buffer.concat(chunks).toString();
  process.stdout.write(await minify(html, {
    collapseBooleanAttributes: true, collapseInlineTagWhitespace: true, collapseWhitespace: true,
    decodeEntities: true, html5: true, minifyCSS: true, minifyJS: true, minifyURLs: true,
    processConditionalComments: true, removeAttributeQuotes: true, removeComments: true,
    removeEmptyAttributes: true, removeOptionalTags: true, removeRedundantAttributes: true,
    removeScriptTypeAttributes: true, removeStyleLinkTypeAttributes: true, removeTagWhitespace: true,
    sortAttributes: true, sortClassName: true, useShortDoctype: true,
  }));
});
";

fn minify(html: &str) -> Result<String> {
    use std::io::Write as _;
    let package = tools::npm("html-minifier-terser")?;
    let mut node = Command::new("node")
        .args(["-e", MINIFY])
        .arg(package)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .context("run node")?;
    node.stdin.take().context("a pipe")?.write_all(html.as_bytes())?;
    let done = node.wait_with_output()?;
    ensure!(done.status.success(), "the minifier failed");
    Ok(String::from_utf8(done.stdout)?)
}

async fn minified(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    let snippet = avow.avow_ok(&["snippet", SITE])?;
    let third = pages.third();
    let body = format!(
        "<title>shop</title><script src='{third}/tag.js?head'></script></head><body><h1 id=here>Here</h1>\
         <img src='{third}/dot.gif?img' alt=''><script src='{third}/tag.js?body'></script>\
         <script type='text/plain' data-avow=analytics src='{third}/tag.js?marked'></script></body></html>"
    );
    let page =
        |snippet: &str| format!("<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{snippet}{body}");
    let small = minify(&page(&snippet))?;
    ensure!(small.len() < page(&snippet).len(), "it was made smaller");
    pages.put("/small", &small);
    pages.put("/pasted", &page(&snippet));
    pages.put("/bare", &page(""));
    let browser = browsers.plain().await?;
    for path in ["/pasted", "/small"] {
        let tab = browser.open().await?;
        let address = format!("{}{path}", pages.site());
        pages.forget();
        tab.go(&address).await?;
        tab.shown("#avow-banner").await?;
        tab.shown("#here").await?;
        ensure!(pages.third_party_hits().is_empty(), "{path}: {:?}", pages.third_party_hits());
        // With a partial grant, then with a whole one, the page is there and the granted host gets through.
        tab.click("#avow-choose").await?;
        tab.click("#avow-p-analytics").await?;
        tab.click("#avow-save").await?;
        tab.wait("(window.ran || []).includes('marked')").await?;
        tab.shown("#here").await?;
        tab.click("#avow-reopen").await?;
        tab.click("#avow-dialog-accept").await?;
        tab.wait("['head', 'body', 'marked'].every(tag => (window.ran || []).includes(tag))").await?;
        tab.go(&address).await?;
        tab.shown("#here").await?;
        tab.wait("['head', 'body', 'marked'].every(tag => (window.ran || []).includes(tag))").await?;
        ensure!(tab.complaints().is_empty(), "{path}: {:?}", tab.complaints());
        tab.close().await;
    }
    // The control: without the snippet everything unmarked leaves at once.
    let tab = browser.open().await?;
    pages.forget();
    tab.go(&format!("{}/bare", pages.site())).await?;
    ensure!(pages.third_party_hits().len() == 3, "{:?}", pages.third_party_hits());
    tab.close().await;
    Ok(())
}

/// The server has heard of the second publish.
async fn second_version(avow: &TestServer) -> Result<()> {
    until("the new version", async || {
        let script = avow.get(&format!("/site/{SITE}.js")).await?.text();
        Ok(script.contains("\"version\":2").then_some(()))
    })
    .await
}

async fn old(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy.clone()], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    let page = |snippet: String| {
        format!(
            "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{snippet}<title>shop</title></head><body><h1>Here</h1>"
        )
    };
    pages.put("/old", &page(avow.avow_ok(&["snippet", SITE])?));
    avow.publish(&policy.replacen("name = \"The Shop\"", "name = \"Shop\"", 1))?;
    pages.put("/new", &page(avow.avow_ok(&["snippet", SITE])?));
    second_version(&avow).await?;
    let tab = browsers.plain().await?.open().await?;
    // Every page is one of the few that tell.
    tab.preload("Math.random = () => 0").await?;
    let told = || avow.avow_ok(&["site", "unknown", SITE]);
    for (path, tells) in [("/new", false), ("/old", true)] {
        tab.go(&format!("{}{path}", pages.site())).await?;
        tab.shown("#avow-banner").await?;
        // Both do what is done behind the banner.
        tab.wait("performance.getEntriesByType('resource').some(e => e.name.endsWith('/en.json'))").await?;
        if tells {
            until("the owner is told", async || Ok(told()?.contains("snippet\t1\tpage\t1\t").then_some(())))
                .await?;
        }
    }
    let told = told()?;
    ensure!(!told.contains("snippet\t2") && !told.contains("localhost"), "the version, no page: {told}");
    // It stays closed, and works.
    tab.click("#avow-reject").await?;
    tab.gone("#avow-banner").await?;
    tab.close().await;
    Ok(())
}

async fn elsewhere(browsers: Browsers) -> Result<()> {
    for mode in ["strict", "compatible"] {
        let pages = Pages::start().await?;
        let policy = toml_in(mode, &pages.third());
        let avow =
            TestServer::start(Setup { policies: vec![policy.clone()], ..Setup::on(Kind::Sqlite) }).await?;
        // Another origin by its port; another site is refused.
        let host = avow.base().replacen("127.0.0.1", "shop.localhost", 1);
        let policy = policy
            .replacen(
                "[\"www.shop.example\", \"*.branch.example\", \"shop.localhost\"]",
                "[\"shop.localhost\"]",
                1,
            )
            .replacen("served_from = \"/.avow\"", &format!("served_from = {host:?}"), 1);
        avow.publish(&policy)?;
        second_version(&avow).await?;
        let script = format!("<script src='{host}/site/{SITE}.js'></script>");
        let third = pages.third();
        for (path, first) in [("/snippet", avow.avow_ok(&["snippet", SITE])?), ("/script", script)] {
            pages.put(
                path,
                &format!(
                    "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>{first}<title>shop</title></head><body><h1>Here</h1>\
                     <script type='text/plain' data-avow=analytics src='{third}/tag.js?marked'></script>"
                ),
            );
            let tab = browsers.plain().await?.open().await?;
            pages.forget();
            tab.go(&format!("{}{path}", pages.site())).await?;
            tab.click("#avow-accept").await?;
            tab.wait("(window.ran || []).includes('marked')").await?;
            tab.wait("/avow=[^;]*\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
            ensure!(
                pages.third_party_hits() == ["/tag.js?marked"],
                "{mode} {path}: {:?}",
                pages.third_party_hits()
            );
            tab.eval("document.cookie = 'avow=;max-age=0;path=/'").await?;
            tab.close().await;
        }
    }
    Ok(())
}
