//! Real, unmodified libraries of five kinds, as tags of a single-page app: held before consent, working after it,
//! gone after withdrawal.
//!
//! What they are and how they are started is in `tests/testdata/libraries/`; the versions are in
//! `tests/package.json`. The third party serves them and takes what they send.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use avow_tests::hosts::{Document, Hosts, SITE, TRACKER};
use avow_tests::time::until;
use avow_tests::tools;

use crate::run::{Form, State};
use crate::runner::Bench;
use crate::site::Site;
use crate::visit::{AT_MOST, kept};
use crate::visitor::Visitor;

/// Nothing may arrive for so long before it is said that nothing does.
const QUIET: Duration = Duration::from_secs(2);
/// Tags in the markup; the film's comes with its route.
const TAGS: [&str; 4] = ["analytics", "replay", "errors", "advert"];
/// What each sends when it works: the start of a path at the third party.
const SIGNS: [&str; 5] = ["/analytics/", "/replay/", "/api/1/envelope/", "/advert/shown", "/film/"];
/// What may be on the device without consent: our own cookie and the site's necessary one.
const NECESSARY: [&str; 2] = ["avow", "basket"];

const ADVERT: &str = r#"<?xml version="1.0"?><VAST version="3.0"><Ad id="1"><InLine><AdSystem>held</AdSystem>
<AdTitle>held</AdTitle><Impression><![CDATA[@ORIGIN@/advert/shown]]></Impression><Creatives><Creative><Linear>
<Duration>00:00:10</Duration><MediaFiles><MediaFile delivery="progressive" type="video/mp4" width="9" height="9">
<![CDATA[@ORIGIN@/advert/film.mp4]]></MediaFile></MediaFiles></Linear></Creative></Creatives></InLine></Ad></VAST>"#;

/// The app's page under all of its routes.
pub fn pages(form: Form, hosts: &Hosts, head: &str) -> Vec<(String, Document)> {
    let far = hosts.origin(TRACKER);
    // One script tag does not hold requests of what is unmarked; there the owner marks.
    let mark = if form == Form::External { "type='text/plain' data-avow='marketing' " } else { "" };
    let tags = TAGS.map(|tag| format!("<script {mark}src='{far}/{tag}.js'></script>")).join("\n");
    let html = format!(
        "<!doctype html><html lang=en data-far='{far}'><head><meta charset=utf-8>{head}<title>app</title>\
         <script>window.held = {{}};</script>\n{tags}</head>\
         <body><div id=app></div><script src='/app.js'></script></body></html>"
    );
    let page = Document::html(html).with("set-cookie", "basket=1; Path=/");
    ["/app/", "/app/film", "/app/contact"].map(|path| (path.to_owned(), page.clone())).into()
}

/// The journey of a visitor through it.
pub async fn held_then_working(bench: Bench, form: Form) -> Result<()> {
    let site = Site::start(form, pages).await?;
    for (name, code) in bundles()? {
        let host = if *name == "app" { SITE } else { TRACKER };
        site.hosts.put(host, &format!("/{name}.js"), Document::script(code.as_slice()));
    }
    let advert = ADVERT.replace("@ORIGIN@", &site.hosts.origin(TRACKER));
    let advert = Document { headers: vec![("content-type", "text/xml".to_owned())], body: advert.into() };
    site.hosts.put(TRACKER, "/advert/vast.xml", advert);
    let visitor = bench.engines().visitor().await?.0;
    let done = journey(&site, form, &visitor).await;
    visitor.close().await?;
    done
}

async fn journey(site: &Site, form: Form, visitor: &Visitor) -> Result<()> {
    site.decide(visitor, State::None).await?;
    site.hosts.forget();
    if form == Form::Bare {
        // The control: without Avow everything runs at once.
        visitor.go(&site.url("/app/")).await?;
        return working(site, visitor).await.context("without Avow");
    }
    nothing(site, visitor, &NECESSARY).await.context("before a choice")?;
    visitor.go(&site.url("/app/")).await?;
    visitor.click("#avow-accept").await?;
    site.sealed(visitor).await?;
    working(site, visitor).await.context("after everything was allowed")?;
    let stored = kept(site, visitor).await?;
    ensure!(
        stored.iter().any(|name| name.starts_with("ph_")),
        "the control: analytics has stored {stored:?}"
    );
    visitor.go(&site.url("/app/")).await?;
    site.withdraw(visitor).await?;
    // No page can reach the cookie that the third party has set on its own host (docs/embedding.md).
    let kept = [&NECESSARY[..], &["far_visitor"]].concat();
    nothing(site, visitor, &kept).await.context("after withdrawal")
}

/// Through all routes: nothing runs, nothing leaves, nothing but that is stored.
async fn nothing(site: &Site, visitor: &Visitor, but: &[&str]) -> Result<()> {
    site.hosts.forget();
    visitor.go(&site.url("/app/")).await?;
    for route in ["Start", "Film", "Contact"] {
        visitor.click(&format!("#to-{}", route.to_lowercase())).await?;
        visitor.wait(&format!("document.querySelector('h1').textContent === '{route}'")).await?;
    }
    site.hosts.quiet(QUIET, AT_MOST).await?;
    let ran = visitor.eval("Object.keys(held)").await?;
    ensure!(ran == serde_json::json!([]), "{ran} ran");
    let sent: Vec<_> = site.hosts.arrivals().into_iter().filter(|arrival| arrival.host == TRACKER).collect();
    ensure!(sent.is_empty(), "the third party heard {sent:?}");
    let stored = kept(site, visitor).await?;
    let optional: BTreeSet<_> = stored.iter().filter(|name| !but.contains(&name.as_str())).collect();
    ensure!(optional.is_empty(), "on the device: {optional:?}");
    ensure!(stored.contains("basket"), "the site's own cookie is untouched: {stored:?}");
    Ok(())
}

/// All five run, and what they send arrives.
async fn working(site: &Site, visitor: &Visitor) -> Result<()> {
    visitor
        .wait(r#"["analytics", "replay", "errors", "advert"].every((tag) => window.held && held[tag])"#)
        .await?;
    visitor.click("#to-film").await?;
    visitor.wait("!!document.querySelector('[data-film] .vjs-control-bar')").await?;
    until("the signs of all libraries", || async {
        let arrivals = site.hosts.arrivals();
        let paths: Vec<&str> = arrivals.iter().filter_map(|arrival| arrival.path.as_deref()).collect();
        let missing: Vec<&&str> =
            SIGNS.iter().filter(|sign| !paths.iter().any(|path| path.starts_with(**sign))).collect();
        ensure!(missing.is_empty(), "missing: {missing:?}");
        Ok(Some(()))
    })
    .await
}

/// Scripts by name.
type Bundles = Vec<(&'static str, Vec<u8>)>;

/// The app and the tags, each made into one script; the libraries' own code is not changed.
fn bundles() -> Result<&'static Bundles> {
    static MADE: OnceLock<Result<Bundles, String>> = OnceLock::new();
    let make = || {
        let tags = TAGS.into_iter().chain(["film"]).map(|name| (name, format!("{name}.js")));
        let files = [("app", "app.jsx".to_owned())].into_iter().chain(tags);
        files.map(|(name, file)| Ok((name, bundle(&file)?))).collect::<Result<Bundles>>()
    };
    let made = MADE.get_or_init(|| make().map_err(|error| format!("{error:#}")));
    made.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
}

fn bundle(file: &str) -> Result<Vec<u8>> {
    let esbuild = tools::npm("esbuild")?.join("bin/esbuild");
    let source = tools::root().join("tests/testdata/libraries").join(file);
    let done = Command::new("node")
        .arg(esbuild)
        .arg(source)
        .args(["--bundle", "--format=iife", "--minify", "--jsx=automatic", "--log-level=warning"])
        .arg("--define:process.env.NODE_ENV=\"production\"")
        .output()
        .context("run node")?;
    ensure!(done.status.success(), "esbuild {file}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(done.stdout)
}
