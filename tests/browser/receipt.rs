//! From click to court: a refusal, its receipt in a file, and a verifier that is opened from the disk.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use serde_json::{Value, json};

use crate::harness::{Browsers, Suite};
use crate::visit::Visit;

pub fn add(suite: &mut Suite) {
    suite.add("a_refusals_receipt_is_kept_and_checked_offline", kept_and_checked);
    suite.add("the_offer_of_a_receipt_does_not_make_the_confirmation_larger", no_larger);
    suite.add("a_receipt_that_cannot_be_had_is_told_and_can_be_asked_for_again", told);
}

/// What the page makes for the visitor to save is what a test can look at: the text of it, in `saved`.
const WATCH: &str = "(URL.createObjectURL = (real => blob => (blob.text().then(text => window.saved = text), \
                     real(blob)))(URL.createObjectURL.bind(URL)), 1)";

/// A visitor who has refused and is offered the receipt.
async fn refused(browsers: &Browsers) -> Result<Visit> {
    let visit = Visit::begin(browsers).await?;
    visit.go("/").await?;
    visit.tab.eval(WATCH).await?;
    visit.tab.click("#avow-reject").await?;
    visit.tab.shown("#avow-receipt").await?;
    visit.sealed().await?;
    Ok(visit)
}

/// Opens the receipts from the confirmation, and downloads the first.
async fn save(visit: &Visit) -> Result<()> {
    visit.tab.click("#avow-receipt").await?;
    visit.tab.click("#avow-receipts-dialog [data-do=download]").await?;
    visit.tab.wait("typeof window.saved === 'string'").await
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
    let visit = refused(&browsers).await?;
    let before = visit.tab.requests();
    ensure!(!before.iter().any(|address| address.contains("/v1/receipts/")), "not before it is asked for");
    save(&visit).await?;
    let saved = visit.tab.eval("window.saved").await?;
    let saved = saved.as_str().context("a text")?;
    let receipt: Value = serde_json::from_str(saved)?;
    ensure!(receipt["event"] == "refused", "{receipt}");
    let shown = visit.tab.eval("document.getElementById('avow-reference').textContent").await?;
    ensure!(receipt["reference"] == shown, "the receipt of this very answer");
    let kept = visit.tab.contents().await?;
    ensure!(kept.local.is_empty() && kept.session.is_empty(), "nothing more is on the device: {kept:?}");
    let after = visit.tab.requests();
    // The site script names what every page may fetch by itself, such as the preferences once the browser is idle.
    let script = "(fetch('/.avow/site/careers-enterprise.js').then(a => a.text()).then(text => window.script = text), 1)";
    visit.tab.eval(script).await?;
    visit.tab.wait("!!window.script").await?;
    let script = visit.tab.eval("window.script").await?;
    let script = script.as_str().context("a script")?;
    let own = |address: &&String| {
        let name = address.rsplit_once("/assets/").map(|(_, name)| name);
        name.is_some_and(|name| !script.contains(name))
    };
    let fetched = after[before.len()..].iter().filter(own).count();
    ensure!(fetched == 1, "what makes receipts comes when one is asked for: {after:?}");

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
    // What is chosen before its script runs is not heard.
    tab.wait("document.readyState === 'complete'").await?;

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
    let unsure = says(saved, "", "It agrees with itself").await?;
    ensure!(unsure.contains("came from the receipt itself"), "{unsure}");
    let record = receipt["record"].as_str().context("a record")?;
    let altered = |name: &str, value: Value| {
        let mut other = receipt.clone();
        other[name] = value;
        other.to_string()
    };
    for (copy, said) in [
        (altered("record", record.replace("\"granted\":false", "\"granted\":true").into()), "record"),
        (altered("index", 0.into()), "another leaf"),
        (altered("event", "given".into()), "event"),
        (
            altered("proof", another_root(receipt["proof"].as_str().unwrap_or_default()).into()),
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

/// The proof with another character at the start of the root that its head names.
fn another_root(proof: &str) -> String {
    let (way, head) = proof.split_once("\n\n").unwrap_or((proof, ""));
    let mut lines: Vec<String> = head.split('\n').map(str::to_owned).collect();
    if let Some(root) = lines.get_mut(2).filter(|root| !root.is_empty()) {
        let other = if root.starts_with('A') { "B" } else { "A" };
        root.replace_range(..1, other);
    }
    format!("{way}\n\n{}", lines.join("\n"))
}

/// Where the offer is in the confirmation, and how much higher that is than it was when it came.
const PLACE: &str = "(() => { const box = id => document.getElementById('avow-' + id).getBoundingClientRect(); \
    const [toast, offer, hide, code] = ['toast', 'receipt', 'hide', 'reference'].map(box); \
    const apart = one => offer.right <= one.left || one.right <= offer.left || offer.bottom <= one.top || one.bottom <= offer.top; \
    return { grown: Math.round(toast.height - window.first), target: offer.width >= 24 && offer.height >= 24, \
    apart: [hide, code].every(apart), inside: offer.left >= toast.left && offer.right <= toast.right && \
    offer.top >= toast.top && offer.bottom <= toast.bottom, overflow: document.documentElement.scrollWidth > innerWidth, \
    uncovered: document.elementFromPoint(offer.x + offer.width / 2, offer.y + offer.height / 2).id }; })()";

async fn no_larger(browsers: Browsers) -> Result<()> {
    let pages = Pages::start().await?;
    let policy = toml_for(&pages.third());
    let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    pages.proxy(Some(avow.base()));
    for (lang, dir) in [("en", "ltr"), ("cy", "ltr"), ("ar", "rtl")] {
        pages.put(
            &format!("/{lang}"),
            &format!(
                "<!doctype html><html lang={lang} dir={dir}><head><meta charset=utf-8><meta name=viewport content='width=device-width'>\
                 <script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><h1>Shop</h1></body></html>"
            ),
        );
    }
    let browser = browsers.plain().await?;
    for lang in ["en", "cy", "ar"] {
        for width in [320, 412, 500, 620, 1280] {
            let tab = browser.open().await?;
            tab.resize(width, 700).await?;
            tab.go(&format!("{}/{lang}", pages.site())).await?;
            tab.shown("#avow-banner").await?;
            tab.eval(
                "void new MutationObserver(() => { const toast = document.getElementById('avow-toast'); \
                 if (toast && !window.first) window.first = toast.getBoundingClientRect().height; })\
                 .observe(document.body, { childList: true, subtree: true })",
            )
            .await?;
            tab.click("#avow-reject").await?;
            tab.shown("#avow-receipt").await?;
            let place = tab.eval(PLACE).await?;
            let wanted = json!({ "grown": 0, "target": true, "apart": true, "inside": true, "overflow": false, "uncovered": "avow-receipt" });
            ensure!(place == wanted, "{lang} at {width}: {place}");
            tab.close().await;
        }
    }
    Ok(())
}

async fn told(browsers: Browsers) -> Result<()> {
    let visit = refused(&browsers).await?;
    visit.demo.wire.cut();
    visit.tab.click("#avow-receipt").await?;
    visit.tab.wait("document.getElementById('avow-status').innerText.includes('cannot be had now')").await?;
    visit.demo.wire.mend();
    save(&visit).await?;
    ensure!(visit.tab.complaints().is_empty(), "{:?}", visit.tab.complaints());
    visit.end().await;
    Ok(())
}
