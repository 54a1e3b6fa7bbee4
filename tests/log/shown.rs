//! What a visitor saw is shown again from their record, for a while, to who may read it; and pictures of it are logged.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::decision::Body;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use avow_tests::tools;
use serde_json::Value;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

fn path(id: &str) -> String {
    format!("/v1/consents/{id}/shown?site={SITE}")
}

/// What follows `start` in the site script, to the next quote.
fn named(script: &str, start: &str) -> Result<String> {
    let (_, rest) = script.split_once(start).with_context(|| format!("{start} in the script"))?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

/// A refusal as the widget that this server has would send it.
async fn refusal(server: &TestServer) -> Result<Body> {
    let script = server.get(&format!("/site/{SITE}.js")).await?.text();
    let wasm = named(&script, "\"wasm\":\"avow-")?;
    let widget = wasm.trim_end_matches(".wasm").to_owned();
    let guard = named(&script, "\"guard\":\"")?;
    Ok(server.draft().await?.refusal().with("/ui/widget", widget).with("/ui/guard", guard))
}

async fn what_was_shown_is_shown_again(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = refusal(&server).await?;
    ensure!(server.post(&body).await?.status == 201);
    // Another version is published since: the visitor saw the former.
    let (before, after) = ("Films from another company.", "Films from somebody else.");
    let text = policy::toml("");
    ensure!(text.contains(before), "the sentence stands in the policy");
    server.publish(&text.replace(before, after))?;
    until("the new version", async || {
        let current = server.get(&format!("/v1/sites/{SITE}/policy")).await?.text();
        Ok(current.contains(after).then_some(()))
    })
    .await?;

    let reply = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?;
    ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
    let shown = reply.json();
    ensure!(shown["layer"] == "banner" && shown["language"] == "en", "{shown}");
    let at = shown["path"].as_str().context("a path")?.to_owned();
    let frame = server.get(&at).await?;
    ensure!(frame.status == 200 && frame.text().contains("illustration"), "{}", frame.text());
    ensure!(frame.text().contains(&avow_shared::reference::code(&id(&body)?)), "{}", frame.text());
    let stage = server.get(&format!("{at}stage")).await?;
    let policy = "sandbox allow-scripts; default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
        connect-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'self'";
    ensure!(stage.header("content-security-policy") == policy, "{:?}", stage.headers);
    let script = server.get(&format!("{at}site.js")).await?.text();
    let assets =
        [named(&script, "\"js\":\"")?, named(&script, "\"wasm\":\"")?, named(&script, "\"late\":\"")?];
    for asset in &assets {
        let file = server.get(&format!("{at}assets/{asset}")).await?;
        let served = server.get(&format!("/assets/{asset}")).await?;
        ensure!(file.status == 200 && file.body == served.body, "{asset} is the one that was served");
    }
    let hash = body.0["policy"]["sha256"].as_str().unwrap_or_default();
    let texts = server.get(&format!("{at}site/{SITE}/{hash}/en.json")).await?;
    ensure!(texts.status == 200 && texts.text().contains(before) && !texts.text().contains(after));
    // An address is good for what it was made for.
    let other = shown["path"].as_str().unwrap_or_default().replace("/shown/e", "/shown/f");
    for path in [
        other,
        format!("{at}assets/avow-0.js"),
        format!("{at}nothing"),
        format!("{at}site/{SITE}/{hash}/xx.json"),
    ] {
        let reply = server.get(&path).await?;
        ensure!(reply.status == 404 && reply.problem()? == "not-found", "{path}: {}", reply.status);
    }
    Ok(())
}

fn id(body: &Body) -> Result<avow_shared::id::RecordId> {
    avow_shared::id::RecordId::parse(body.id()).context("an id")
}

async fn only_who_may_read_a_record_is_shown_it(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = refusal(&server).await?;
    server.post(&body).await?;
    let officer = format!("Bearer {}", server.token("dpo")?);
    ensure!(server.get_as(&path(body.id()), "authorization", &officer).await?.status == 200, "the officer");
    ensure!(server.avow_ok(&["audit", "--site", SITE])?.contains("record.read"), "and that is audited");
    let wrong = server.get_as(&path(body.id()), "avow-secret", "AAAAAAAAAAAAAAAAAAAAAA").await?;
    let unknown =
        server.get_as(&path(&avow_tests::decision::fresh(1).0), "avow-secret", body.secret()).await?;
    ensure!(wrong.status == 404 && wrong.text() == unknown.text(), "{} and {}", wrong.text(), unknown.text());
    ensure!(server.get(&path(body.id())).await?.status == 401, "nobody else");

    // What cannot be shown is told: controls of the page's own, a build that nobody kept.
    let page = refusal(&server).await?.with("/surface", "page");
    server.post(&page).await?;
    let foreign = server.draft().await?.refusal();
    server.post(&foreign).await?;
    for (body, word) in [(&page, "controls"), (&foreign, "not kept")] {
        let reply = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?;
        ensure!(reply.status == 404 && reply.text().contains(word), "{} {}", reply.status, reply.text());
    }
    // Nor what was erased.
    let erase = server.request(reqwest::Method::DELETE, &format!("/v1/consents/{}?site={SITE}", body.id()));
    let erased = erase.header("avow-secret", body.secret()).send().await?;
    ensure!(erased.status() == 200, "{}", erased.status());
    let gone = server.get_as(&path(body.id()), "authorization", &officer).await?;
    ensure!(gone.status == 410 && gone.problem()? == "erased", "{}", gone.status);
    Ok(())
}

/// Width and height of a PNG (ISO/IEC 15948, the header chunk).
fn size(png: &[u8]) -> Result<(u32, u32)> {
    ensure!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "a PNG");
    let number =
        |at: usize| png.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    Ok((number(16).context("a width")?, number(20).context("a height")?))
}

async fn each_published_banner_gets_its_pictures(kind: Kind) -> Result<()> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let Some(chromium) = tools::installed(&names, "AVOW_CHROMIUM") else { return tools::skip("Chromium") };
    let flags = vec!["--chromium".to_owned(), chromium.display().to_string()];
    let flags = [flags, vec!["--head-interval".to_owned(), "1".to_owned()]].concat();
    let server = TestServer::start(Setup { flags, ..Setup::on(kind) }).await?;
    let token = format!("Bearer {}", server.token("dpo")?);
    let bundle = async || -> Result<ZipArchive<Cursor<Vec<u8>>>> {
        let request = server.request(reqwest::Method::POST, "/v1/exports").header("authorization", &token);
        let request = request.header("content-type", "application/json");
        let answer = request.body(format!("{{\"site\":\"{SITE}\"}}")).send().await?.error_for_status()?;
        Ok(ZipArchive::new(Cursor::new(answer.bytes().await?.to_vec()))?)
    };
    let text = |zip: &mut ZipArchive<Cursor<Vec<u8>>>, name: &str| -> Result<String> {
        let mut text = String::new();
        zip.by_name(name)?.read_to_string(&mut text)?;
        Ok(text)
    };
    until("the pictures are in the log", async || {
        Ok(text(&mut bundle().await?, "manifests.ndjson")?.contains("screenshots").then_some(()))
    })
    .await?;
    let mut zip = bundle().await?;
    let manifests = text(&mut zip, "manifests.ndjson")?;
    let line = manifests.lines().find(|line| line.contains("screenshots")).context("its manifest")?;
    let line: Value = serde_json::from_str(line)?;
    let manifest: Value = serde_json::from_str(line["manifest"].as_str().context("a manifest")?)?;
    ensure!(manifest["illustration"] == true && manifest["version"] == 1, "{manifest}");
    let files = manifest["files"].as_object().context("files")?;
    ensure!(files.len() == 8, "two layers on two screens, in two languages: {manifest}");
    let mut seen = Vec::new();
    for (name, sha256) in files {
        let mut picture = Vec::new();
        zip.by_name(&format!("artefacts/{}.png", sha256.as_str().context("a hash")?))?
            .read_to_end(&mut picture)?;
        let expected = if name.ends_with("desktop.png") { (1_280, 800) } else { (824, 1_680) };
        ensure!(size(&picture)? == expected, "{name}: {:?}", size(&picture)?);
        ensure!(!seen.contains(&picture), "{name} shows something of its own");
        seen.push(picture);
    }
    // And the code that drew them is there too.
    let artefacts = zip.file_names().flatten().filter(|name| name.starts_with("artefacts/")).count();
    ensure!(artefacts > files.len(), "{artefacts}");
    let file = server.file("pictures.zip", "")?;
    std::fs::write(&file, zip.into_inner().into_inner())?;
    let said = server.avow_ok(&["verify", "bundle", &file.display().to_string()])?;
    ensure!(said.contains("artefacts:"), "{said}");
    Ok(())
}

avow_tests::on_both!(
    what_was_shown_is_shown_again,
    only_who_may_read_a_record_is_shown_it,
    each_published_banner_gets_its_pictures,
);
