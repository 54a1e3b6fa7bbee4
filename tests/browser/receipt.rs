//! From click to court: a refusal, its receipt in a file, and a verifier that is opened from the disk.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::{Browsers, Suite};
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("a_refusals_receipt_is_kept_and_checked_offline", kept_and_checked);
}

/// Chooses `text` as the receipt, and pastes `keys`; what the verifier says.
fn choose(text: &str, keys: &str) -> String {
    format!(
        "(() => {{ const files = new DataTransfer(), input = document.getElementById('file'); \
         files.items.add(new File([{}], 'receipt.json')); input.files = files.files; \
         document.getElementById('keys').value = {}; \
         document.getElementById('verdict').textContent = ''; \
         input.dispatchEvent(new Event('change')); return 1; }})()",
        Value::from(text),
        Value::from(keys)
    )
}

async fn kept_and_checked(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    visit.go("/").await?;
    // What the page makes for the visitor to save is what a test can look at.
    visit
        .tab
        .eval(
            "(URL.createObjectURL = (real => blob => (blob.text().then(text => window.saved = text), \
             real(blob)))(URL.createObjectURL.bind(URL)), 1)",
        )
        .await?;
    visit.tab.click("#avow-reject").await?;
    visit.tab.shown("#avow-receipt").await?;
    visit.tab.click("#avow-receipt").await?;
    visit.tab.wait("typeof window.saved === 'string'").await?;
    let saved = visit.tab.eval("window.saved").await?;
    let saved = saved.as_str().context("a text")?;
    let receipt: Value = serde_json::from_str(saved)?;
    ensure!(receipt["event"] == "refused", "{receipt}");
    let shown = visit.tab.eval("document.getElementById('avow-reference').textContent").await?;
    ensure!(receipt["reference"] == shown, "the receipt of this very answer");
    let kept = visit.tab.contents().await?;
    ensure!(kept.local.is_empty(), "nothing more is on the device: {kept:?}");

    // The document and the key, as a visitor would save them.
    visit
        .tab
        .eval(
            "(fetch('/.avow/verifier.html').then(a => a.text()).then(text => window.page = text), \
             fetch('/.avow/v1/sites/careers-enterprise/log').then(a => a.json()).then(log => window.log = log), 1)",
        )
        .await?;
    visit.tab.wait("!!window.page && !!window.log").await?;
    let page = visit.tab.eval("window.page").await?;
    let key = visit.tab.eval("window.log.keys[0]").await?;
    let key = key.as_str().context("a key")?.to_owned();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("verifier.html");
    std::fs::write(&file, page.as_str().context("a document")?)?;
    let tab = visit.tab.sibling().await?;
    tab.go(&format!("file://{}", file.display())).await?;

    let says = async |text: &str, keys: &str, verdict: &str| -> Result<String> {
        tab.eval(&choose(text, keys)).await?;
        tab.wait(&format!(
            "document.getElementById('verdict').textContent.includes({})",
            Value::from(verdict)
        ))
        .await?;
        let sentence = tab.eval("document.getElementById('result').innerText").await?;
        Ok(sentence.as_str().unwrap_or_default().to_owned())
    };
    let good = says(saved, &key, "It holds").await?;
    ensure!(good.contains("careers-enterprise") && !good.contains("came from the receipt itself"), "{good}");
    let unsure = says(saved, "", "It holds").await?;
    ensure!(unsure.contains("came from the receipt itself"), "{unsure}");
    let record = receipt["record"].as_str().context("a record")?;
    let altered = |name: &str, value: Value| {
        let mut other = receipt.clone();
        other[name] = value;
        other.to_string()
    };
    for (copy, said) in [
        (altered("record", record.replace("\"granted\":false", "\"granted\":true").into()), "record"),
        (altered("index", 0.into()), "entry"),
        (altered("event", "given".into()), "event"),
        (
            altered("proof", receipt["proof"].as_str().unwrap_or_default().replace('A', "B").into()),
            "It does not hold",
        ),
    ] {
        let refused = says(&copy, &key, "It does not hold").await?;
        ensure!(refused.contains(said), "{refused}");
    }
    let stranger = key.replace('A', "B");
    ensure!(!says(saved, &stranger, "It does not hold").await?.is_empty());
    ensure!(tab.complaints().is_empty(), "its own policy lets it work: {:?}", tab.complaints());
    tab.close().await;
    visit.end().await;
    Ok(())
}
