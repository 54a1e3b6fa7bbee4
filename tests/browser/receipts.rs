//! "Your choices and receipts": what a visitor can do with the receipts of their answers, and that a log which is not
//! the one that their device saw is refused.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Tab, keys};
use avow_tests::database::{Database, Kind};
use avow_tests::page::Pages;
use avow_tests::policy::{SITE, toml_for};
use avow_tests::server::{Setup, TestServer};
use serde_json::{Value, json};

use crate::axe::violations;
use crate::harness::{Browsers, Suite};

pub fn add(suite: &mut Suite) {
    suite.add("a_receipt_is_kept_only_if_asked_and_erased_for_good", kept_and_erased);
    suite.add("a_live_grant_is_withdrawn_before_it_is_erased", grant_erased);
    suite.add("a_fork_is_refused_by_a_device_that_saw_the_first_head", fork);
    suite.add("what_cannot_be_verified_is_never_said_to_hold", never_silent);
    suite.add("the_receipts_are_for_keyboards_readers_and_narrow_screens", for_everyone);
}

/// A shop with Avow behind it.
struct Shop {
    pages: Pages,
    avow: TestServer,
}

impl Shop {
    async fn start() -> Result<Self> {
        let pages = Pages::start().await?;
        let policy = toml_for(&pages.third());
        let avow = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
        pages.proxy(Some(avow.base()));
        for (path, head) in [("/", ""), ("/more", ""), ("/ar", " dir=rtl")] {
            let lang = if path == "/ar" { "ar" } else { "en" };
            pages.put(
                path,
                &format!(
                    "<!doctype html><html lang={lang}{head}><head><meta charset=utf-8><meta name=viewport content='width=device-width'>\
                     <script src='/.avow/site/{SITE}.js'></script><title>shop</title></head><body><main><h1>Shop</h1></main></body></html>"
                ),
            );
        }
        Ok(Self { pages, avow })
    }

    async fn go(&self, tab: &Tab, path: &str) -> Result<()> {
        tab.go(&format!("{}{path}", self.pages.site())).await
    }

    /// Answers the banner, and opens the receipts from the confirmation once the server has the answer.
    async fn answer(&self, tab: &Tab, control: &str) -> Result<()> {
        self.go(tab, "/").await?;
        tab.click(control).await?;
        tab.shown("#avow-receipt").await?;
        tab.wait("!localStorage.avow_outbox").await?;
        tab.click("#avow-receipt").await?;
        tab.shown("#avow-receipts-dialog").await
    }

    async fn record(&self, receipt: &Value) -> Result<u16> {
        let (id, secret) = (text(receipt, "id")?, text(receipt, "secret")?);
        let path = format!("/v1/consents/{id}?site={SITE}");
        Ok(self.avow.get_as(&path, "avow-secret", secret).await?.status.as_u16())
    }
}

fn text<'a>(value: &'a Value, member: &str) -> Result<&'a str> {
    value[member].as_str().with_context(|| format!("{member} in {value}"))
}

/// Opens the receipts from the preferences.
async fn reopen(tab: &Tab) -> Result<()> {
    tab.click("#avow-reopen").await?;
    tab.click("#avow-receipts").await?;
    tab.shown("#avow-receipts-dialog .avow-entry").await
}

/// Presses a control of the first receipt, and waits for what is said about it.
async fn does(tab: &Tab, control: &str) -> Result<String> {
    tab.eval("document.querySelector('.avow-outcome').replaceChildren()").await?;
    tab.click(&format!(".avow-entry [data-do={control}]")).await?;
    tab.wait("!!document.querySelector('.avow-outcome').innerText").await?;
    let said = tab.eval("document.querySelector('.avow-outcome').innerText").await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

/// What this device keeps, as the widget has written it.
async fn kept(tab: &Tab) -> Result<Value> {
    tab.eval("JSON.parse(localStorage.avow_receipts || '{\"kept\":[]}')").await
}

async fn kept_and_erased(browsers: Browsers) -> Result<()> {
    let shop = Shop::start().await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    shop.answer(&tab, "#avow-reject").await?;
    let entry = tab.eval("document.querySelector('.avow-entry').innerText").await?;
    let code = tab.eval("document.getElementById('avow-reference').textContent").await?;
    let entry = entry.as_str().unwrap_or_default();
    ensure!(entry.contains(code.as_str().context("a code")?), "{entry}");
    ensure!(entry.contains(": Off") && !entry.contains(": On"), "{entry}");
    let held = does(&tab, "verify").await?;
    ensure!(held.contains('✓') && held.contains("It holds"), "{held}");
    let device = tab.contents().await?;
    ensure!(device.local.is_empty() && device.session.is_empty(), "nothing unasked: {device:?}");
    // Kept, it is there on the next page; let go, nothing is left.
    for _ in 0..2 {
        let said = does(&tab, "keep").await?;
        ensure!(said.contains("keeps"), "{said}");
        ensure!(kept(&tab).await?["kept"].as_array().map(Vec::len) == Some(1), "one receipt");
        let said = does(&tab, "keep").await?;
        ensure!(said.contains("forgotten"), "{said}");
        ensure!(tab.contents().await?.local.is_empty(), "forgotten");
    }
    does(&tab, "keep").await?;
    shop.go(&tab, "/more").await?;
    reopen(&tab).await?;
    // One dialog at a time; the first hears of its end in a task of its own.
    tab.wait("!document.getElementById('avow-dialog')").await?;
    let receipt = kept(&tab).await?["kept"][0].clone();
    ensure!(shop.record(&receipt).await? == 200, "the control: it is there");
    // Two presses: the first asks.
    tab.click(".avow-entry [data-do=erase]").await?;
    tab.wait("document.querySelector('.avow-entry [data-do=erase]').innerText.includes('again')").await?;
    ensure!(shop.record(&receipt).await? == 200, "not by one press");
    let said = does(&tab, "erase").await?;
    ensure!(said.contains("erased"), "{said}");
    ensure!(shop.record(&receipt).await? == 404, "gone from the server");
    ensure!(tab.contents().await?.local.is_empty(), "and from the device");
    tab.wait("!document.querySelector('.avow-entry') && document.activeElement.dataset.do === 'close'")
        .await?;
    ensure!(tab.eval("avow.allows('analytics')").await? == false, "the denial stays");
    ensure!(tab.eval("/avow=1/.test(document.cookie)").await? == true, "and is not asked for again");
    ensure!(tab.complaints().is_empty(), "{:?}", tab.complaints());
    tab.close().await;
    Ok(())
}

async fn grant_erased(browsers: Browsers) -> Result<()> {
    let shop = Shop::start().await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    shop.answer(&tab, "#avow-accept").await?;
    let grant = tab.eval("JSON.parse(localStorage.avow_grant)").await?;
    ensure!(shop.record(&grant).await? == 200, "the control: it is there");
    tab.click(".avow-entry [data-do=erase]").await?;
    tab.click(".avow-entry [data-do=erase]").await?;
    tab.wait("/erased/.test((document.getElementById('avow-said-later') || {}).innerText)").await?;
    ensure!(shop.record(&grant).await? == 404, "erased");
    let records = shop.avow.records()?;
    let last = records.last().context("a withdrawal")?.to_string();
    ensure!(last.contains("withdrawn"), "withdrawn before: {last}");
    ensure!(tab.eval("avow.allows('analytics')").await? == false, "the device keeps the denial");
    let device = tab.contents().await?;
    ensure!(device.local.is_empty(), "and nothing that names a record: {device:?}");
    tab.close().await;
    Ok(())
}

/// Copies a folder with all in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, target) = (entry?.path(), to.to_owned());
        let target = target.join(entry.file_name().context("a name")?);
        if entry.is_dir() {
            copy(&entry, &target)?;
        } else {
            std::fs::copy(&entry, &target)?;
        }
    }
    Ok(())
}

async fn fork(browsers: Browsers) -> Result<()> {
    let mut shop = Shop::start().await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    shop.answer(&tab, "#avow-reject").await?;
    does(&tab, "keep").await?;
    ensure!(does(&tab, "verify").await?.contains("It holds"), "the first head");
    // Somebody copies everything, keys too, and runs a second server on the copy.
    shop.avow.process().stop().await?;
    let copied = Database::create(Kind::Sqlite).await?;
    copy(shop.avow.database().data(), copied.data())?;
    shop.avow.restart_after_kill().await?;
    let other =
        TestServer::start_with(Setup { policies: Vec::new(), ..Setup::on(Kind::Sqlite) }, copied).await?;
    let draft = shop.avow.draft().await?;
    shop.pages.proxy(Some(shop.avow.base()));
    ensure!(shop.avow.post(draft.refusal()).await?.status == 201);
    let grown = does(&tab, "verify").await?;
    ensure!(grown.contains("It holds") && grown.contains("only grown"), "the control: {grown}");
    shop.pages.proxy(Some(other.base()));
    // Shorter than what was seen, then as long, then longer.
    for size in ["shorter", "as long", "longer"] {
        let said = does(&tab, "verify").await?;
        ensure!(said.contains('✗') && said.contains("not the one this device saw"), "{size}: {said}");
        ensure!(!said.contains("It holds"), "{size}: {said}");
        ensure!(other.post(draft.refusal()).await?.status == 201);
    }
    // It remembers through pages, and what it remembers is still the first log's head.
    shop.go(&tab, "/more").await?;
    reopen(&tab).await?;
    let said = does(&tab, "verify").await?;
    ensure!(said.contains("not the one this device saw"), "{said}");
    shop.pages.proxy(Some(shop.avow.base()));
    let said = does(&tab, "verify").await?;
    ensure!(said.contains("only grown"), "the control: {said}");
    tab.close().await;
    Ok(())
}

async fn never_silent(browsers: Browsers) -> Result<()> {
    let shop = Shop::start().await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    // Where the dialog itself does not come, the preferences say so.
    shop.go(&tab, "/").await?;
    tab.click("#avow-choose").await?;
    tab.shown("#avow-receipts").await?;
    shop.pages.proxy(None);
    tab.click("#avow-receipts").await?;
    tab.wait(
        "/cannot be had now/.test((document.querySelector('#avow-dialog [role=alert]') || {}).innerText)",
    )
    .await?;
    shop.pages.proxy(Some(shop.avow.base()));
    tab.click("#avow-receipts").await?;
    tab.wait("document.getElementById('avow-receipts-dialog').innerText.includes('No receipt')").await?;
    shop.answer(&tab, "#avow-reject").await?;
    does(&tab, "keep").await?;
    let told = async |what: &str, sentence: &str| -> Result<()> {
        let said = does(&tab, "verify").await?;
        ensure!(
            said.contains('✗') && said.contains(sentence) && !said.contains("It holds"),
            "{what}: {said}"
        );
        Ok(())
    };
    shop.pages.proxy(None);
    told("nobody there", "cannot be had now").await?;
    // Another server with the same site, which never saw the record.
    let policy = toml_for(&shop.pages.third());
    let stranger = TestServer::start(Setup { policies: vec![policy], ..Setup::on(Kind::Sqlite) }).await?;
    shop.pages.proxy(Some(stranger.base()));
    told("a server that lost it", "no such record").await?;
    shop.pages.proxy(Some(shop.avow.base()));
    ensure!(does(&tab, "verify").await?.contains("It holds"), "the control");
    // A device on which somebody made a refusal into a grant, and one that remembers another key.
    for (what, change, sentence) in [
        (
            "another answer",
            "for (const p in it.kept[0].choices) it.kept[0].choices[p] = true",
            "does not hold",
        ),
        ("another key", "it.head.keys = [it.head.keys[0].replace(/.$/, '')]", "not the one this device saw"),
        ("another log", "it.head.text = 'x' + it.head.text", "not the one this device saw"),
    ] {
        let before = tab.eval("localStorage.avow_receipts").await?;
        tab.eval(&format!(
            "(it => {{ {change}; localStorage.avow_receipts = JSON.stringify(it); return 1; }})(JSON.parse(localStorage.avow_receipts))"
        ))
        .await?;
        shop.go(&tab, "/more").await?;
        reopen(&tab).await?;
        told(what, sentence).await?;
        tab.eval(&format!("void (localStorage.avow_receipts = {before})")).await?;
    }
    tab.close().await;
    Ok(())
}

async fn for_everyone(browsers: Browsers) -> Result<()> {
    let shop = Shop::start().await?;
    let browser = browsers.plain().await?;
    let tab = browser.open().await?;
    tab.resize(320, 640).await?;
    shop.go(&tab, "/").await?;
    tab.click("#avow-reject").await?;
    tab.shown("#avow-receipt").await?;
    tab.tab_to("#avow-receipt").await?;
    tab.press(keys::ENTER).await?;
    tab.shown("#avow-receipts-dialog").await?;
    tab.wait("document.getElementById('avow-receipts-dialog').contains(document.activeElement)").await?;
    tab.tab_to(".avow-entry [data-do=download]").await?;
    tab.tab_to(".avow-entry [data-do=verify]").await?;
    tab.press(keys::ENTER).await?;
    tab.wait("document.querySelector('.avow-outcome').innerText.includes('It holds')").await?;
    for control in ["keep", "erase"] {
        tab.tab_to(&format!(".avow-entry [data-do={control}]")).await?;
    }
    let found = violations(&tab).await?;
    ensure!(found.is_empty(), "{found:#?}");
    let wide = tab
        .eval(
            "[...document.querySelectorAll('#avow-receipts-dialog *')].filter(e => { const r = e.getBoundingClientRect(); \
             return r.width && (r.left < -1 || r.right > 321) || (e.localName === 'button' && (r.height < 24 || r.width < 24)); })\
             .map(e => e.className)",
        )
        .await?;
    ensure!(wide == json!([]), "{wide}");
    tab.press(keys::ESCAPE).await?;
    tab.gone("#avow-receipts-dialog").await?;
    tab.wait("document.activeElement.id === 'avow-receipt'").await?;
    tab.close().await;
    Ok(())
}
