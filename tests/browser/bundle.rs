//! A bundle brings its own verifier: a page that is opened from the disk and checks the bundle that it came in.

use std::io::{Cursor, Read, Write};

use anyhow::{Context, Result, ensure};
use avow_tests::browser::Tab;
use avow_tests::database::Kind;
use avow_tests::policy::SITE;
use avow_tests::server::TestServer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("a_bundle_is_checked_by_the_page_that_is_in_it", from_the_disk);
}

/// Chooses these bytes as the bundle; what the page says of them.
async fn says(tab: &Tab, zip: &[u8], key: &str, verdict: &str) -> Result<String> {
    tab.eval(&format!(
        "(() => {{ const bytes = Uint8Array.from(atob({}), byte => byte.charCodeAt(0)), files = new DataTransfer(), \
         input = document.getElementById('file'); files.items.add(new File([bytes], 'bundle.zip')); \
         input.files = files.files; document.getElementById('keys').value = {}; \
         document.getElementById('verdict').textContent = ''; \
         input.dispatchEvent(new Event('change')); return 1; }})()",
        Value::from(STANDARD.encode(zip)),
        Value::from(key)
    ))
    .await?;
    tab.wait("document.getElementById('verdict').textContent !== ''").await?;
    let said = tab.eval("document.getElementById('result').innerText").await?;
    let said = said.as_str().unwrap_or_default().to_owned();
    ensure!(said.contains(verdict), "{said}");
    Ok(said)
}

async fn from_the_disk(browsers: Browsers) -> Result<()> {
    let server = TestServer::on(Kind::Sqlite).await?;
    let draft = server.draft().await?;
    server.post(draft.refusal()).await?;
    server.post(draft.grant()).await?;
    let answer = server
        .request(reqwest::Method::POST, "/v1/exports")
        .header("authorization", format!("Bearer {}", server.token("dpo")?))
        .body(format!("{{\"site\":\"{SITE}\"}}"))
        .send()
        .await?;
    ensure!(answer.status() == 200, "{}", answer.status());
    let zip = answer.bytes().await?.to_vec();
    let log = server.get(&format!("/v1/sites/{SITE}/log")).await?.json();
    let key = log["keys"][0].as_str().context("a key")?;

    let mut archive = ZipArchive::new(Cursor::new(zip.clone()))?;
    let mut page = String::new();
    archive.by_name("verifier.html").context("the page is in it")?.read_to_string(&mut page)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("verifier.html");
    std::fs::write(&file, page)?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.go(&format!("file://{}", file.display())).await?;
    // What is chosen before its script runs is not heard.
    tab.wait("document.readyState === 'complete'").await?;

    let good = says(&tab, &zip, key, "It holds").await?;
    ensure!(good.contains("2 of them") && !good.contains("came from the bundle itself"), "{good}");
    ensure!(good.contains("no witness"), "what is not proved is said: {good}");
    let unsure = says(&tab, &zip, "", "It agrees with itself").await?;
    ensure!(unsure.contains("came from the bundle itself"), "{unsure}");
    let altered = repacked(&mut archive, "\"granted\":true", "\"granted\":false")?;
    let refused = says(&tab, &altered, key, "It does not hold").await?;
    ensure!(refused.contains("records:"), "{refused}");
    let half = says(&tab, &zip[..zip.len() / 2], key, "It does not hold").await?;
    ensure!(half.contains("container:"), "{half}");
    ensure!(tab.complaints().is_empty(), "its own policy lets it work: {:?}", tab.complaints());
    tab.close().await;
    Ok(())
}

/// The same bundle with a text replaced in its records.
fn repacked(archive: &mut ZipArchive<Cursor<Vec<u8>>>, from: &str, to: &str) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at)?;
        let name = file.name()?.into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if name == "records.ndjson" {
            let text = String::from_utf8(bytes)?;
            ensure!(text.contains(from), "{text}");
            bytes = text.replace(from, to).into_bytes();
        }
        zip.start_file(&name, SimpleFileOptions::default())?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
