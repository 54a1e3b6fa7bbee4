//! The promise: nothing optional before a choice, exactly what was chosen after it, nothing after withdrawal.

use anyhow::{Result, ensure};
use avow_tests::browser::Habit;
use avow_tests::time::until;

use crate::harness::{Browsers, Suite};
use crate::visit::{FORMS, Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("before_any_choice_nothing_optional_runs", before);
    suite.add("refusing_keeps_it_so_and_leaves_no_identifier", refusing);
    suite.add("accepting_runs_the_tags_in_order", accepting);
    suite.add("choosing_per_purpose_runs_only_those", choosing);
    suite.add("withdrawing_stops_them_and_deletes_their_items", withdrawing);
    suite.add("withdrawing_takes_as_many_clicks_as_accepting", one_click);
    suite.add("a_program_can_refuse_but_not_grant", scripted);
    suite.add("two_tabs_agree", two_tabs);
    suite.add("global_privacy_control_is_heard", global_privacy_control);
}

async fn before(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    for form in FORMS {
        visit.go(form).await?;
        visit.tab.shown("#avow-banner").await?;
        visit.nothing_optional(form).await?;
        ensure!(visit.cookie().await?.is_none(), "no cookie of ours before a choice either");
        // The denied default comes before anything else can ask.
        let first = visit.tab.eval("[...dataLayer[0]]").await?;
        ensure!(first[0] == "consent" && first[1] == "default", "{form}: {first}");
        ensure!(first[2]["ad_storage"] == "denied" && first[2]["analytics_storage"] == "denied", "{first}");
        ensure!(visit.tab.complaints().is_empty(), "no script failed: {:?}", visit.tab.complaints());
    }
    // The pasted snippet also holds what nobody marked.
    visit.go("/b/jobs/careers-hub-lead").await?;
    visit.tab.shown("#avow-banner").await?;
    visit.nothing_optional("an unmarked tag in form (b)").await?;
    visit.control().await?;
    visit.end().await;
    Ok(())
}

async fn refusing(browsers: Browsers) -> Result<()> {
    let mut visit = Visit::begin(&browsers).await?;
    for (at, form) in FORMS.into_iter().enumerate() {
        visit.go(form).await?;
        visit.tab.click("#avow-reject").await?;
        visit.tab.gone("#avow-banner").await?;
        visit.tab.shown("#avow-status").await?;
        visit.sealed().await?;
        let record = visit.record(at + 1).await?;
        ensure!(says(&record, "event") == "refused", "{record}");
        visit.tab.reload().await?;
        visit.ready().await?;
        visit.tab.shown("#avow-reopen").await?;
        visit.tab.gone("#avow-banner").await?;
        visit.nothing_optional(form).await?;
        let cookies = visit.tab.cookies().await?;
        ensure!(cookies.len() == 1, "one cookie: {cookies:?}");
        let value = &cookies[0].value;
        ensure!(value.contains("analytics:0~") && !value.contains(":1"), "it says what was refused: {value}");
        let kept = visit.tab.contents().await?;
        ensure!(kept.local.is_empty(), "no id, no secret, nothing: {kept:?}");
        let id = says(&record, "id");
        let id = id.as_str().unwrap_or("no id");
        ensure!(id.len() == 36 && !value.contains(&id[24..]), "the cookie does not name the record");
        visit.stranger(&browsers, Habit::Plain).await?;
    }
    visit.control().await?;
    visit.end().await;
    Ok(())
}

async fn accepting(browsers: Browsers) -> Result<()> {
    let mut visit = Visit::begin(&browsers).await?;
    for (at, form) in FORMS.into_iter().enumerate() {
        visit.go(form).await?;
        visit.tab.shown("#avow-banner").await?;
        visit.nothing_optional(form).await?;
        visit.tab.click("#avow-accept").await?;
        for purpose in ["analytics", "marketing", "video"] {
            visit.demo.arrival_for(purpose).await?;
        }
        // The library's first measurement is sent by the second tag: it has run, and after the first.
        let kinds = until("a measurement", || async {
            let kinds: Vec<String> =
                visit.demo.arrivals().await?.iter().map(|a| a.kind().to_owned()).collect();
            Ok(kinds.iter().any(|kind| kind == "measurement").then_some(kinds))
        })
        .await?;
        let place = |wanted: &str| kinds.iter().position(|kind| kind == wanted);
        ensure!(place("library") < place("measurement"), "in order: {kinds:?}");
        visit.tab.wait("document.cookie.includes('_sp_id.') && document.cookie.includes('cm_visit')").await?;
        visit.sealed().await?;
        visit.tab.gone("#avow-banner").await?;
        ensure!(visit.tab.complaints().is_empty(), "every script ran: {:?}", visit.tab.complaints());
        let record = visit.record(at + 1).await?;
        ensure!(says(&record, "event") == "given" && says(&record, "input") == "pointer", "{record}");
        // The grant holds on the next page.
        visit.demo.forget().await?;
        visit.tab.reload().await?;
        visit.ready().await?;
        visit.demo.arrival_for("analytics").await?;
        visit.tab.gone("#avow-banner").await?;
        visit.record(at + 1).await?;
        visit.stranger(&browsers, Habit::Plain).await?;
    }
    visit.end().await;
    Ok(())
}

async fn choosing(browsers: Browsers) -> Result<()> {
    let mut visit = Visit::begin(&browsers).await?;
    let mut count = 0;
    for form in FORMS {
        for (chosen, others) in [("analytics", ["marketing", "video"]), ("video", ["analytics", "marketing"])]
        {
            visit.go(form).await?;
            visit.tab.click("#avow-choose").await?;
            visit.tab.shown("#avow-dialog").await?;
            for purpose in [chosen, others[0], others[1]] {
                let on =
                    visit.tab.eval(&format!("document.querySelector('#avow-p-{purpose}').checked")).await?;
                ensure!(on == false, "no switch is on by itself: {purpose}");
            }
            visit.tab.click(&format!("#avow-p-{chosen}")).await?;
            visit.tab.click("#avow-save").await?;
            visit.demo.arrival_for(chosen).await?;
            visit.sealed().await?;
            count += 1;
            let record = visit.record(count).await?;
            ensure!(says(&record, "event") == "partially_given", "{record}");
            // The next page, in its own time: what is chosen arrives again, nothing else ever does.
            visit.tab.wait("document.readyState === 'complete'").await?;
            visit.tab.reload().await?;
            visit.ready().await?;
            visit.tab.wait("document.readyState === 'complete'").await?;
            let arrivals = visit.demo.arrivals().await?;
            ensure!(
                arrivals.iter().all(|arrival| arrival.purpose() == chosen),
                "{form} {chosen}: {arrivals:?}"
            );
            let allowed =
                visit.tab.eval("['analytics', 'marketing', 'video'].filter(p => avow.allows(p))").await?;
            ensure!(allowed == serde_json::json!([chosen]), "{allowed}");
            visit.stranger(&browsers, Habit::Plain).await?;
        }
    }
    visit.control().await?;
    visit.end().await;
    Ok(())
}

async fn withdrawing(browsers: Browsers) -> Result<()> {
    let mut visit = Visit::begin(&browsers).await?;
    for (at, form) in FORMS.into_iter().enumerate() {
        visit.go(form).await?;
        visit.tab.click("#avow-accept").await?;
        visit.demo.arrival_for("marketing").await?;
        // The control: everything that withdrawal has to delete is there.
        visit.tab.wait("document.cookie.includes('_sp_id.') && document.cookie.includes('cm_visit')").await?;
        visit.tab.wait("!!localStorage.cm_first_page").await?;
        visit.sealed().await?;
        visit.tab.click("#avow-reopen").await?;
        visit.tab.click("#avow-withdraw").await?;
        visit.tab.wait("!/:1/.test((document.cookie.match(/avow=[^;]*/) || [':1'])[0])").await?;
        visit.ready().await?;
        visit.sealed().await?;
        let record = visit.record(2 * at + 2).await?;
        ensure!(says(&record, "event") == "withdrawn" && says(&record, "chain") == 1, "{record}");
        visit.demo.forget().await?;
        visit.tab.reload().await?;
        visit.ready().await?;
        let arrivals = visit.demo.arrivals().await?;
        ensure!(arrivals.is_empty(), "{form} after withdrawal: {arrivals:?}");
        visit.site_clean(&format!("{form} after withdrawal")).await?;
        let kept = visit.tab.contents().await?;
        ensure!(kept.local.is_empty(), "the grant's id is gone too: {kept:?}");
        visit.tab.gone("#avow-banner").await?;
        visit.stranger(&browsers, Habit::Plain).await?;
    }
    visit.end().await;
    Ok(())
}

/// From any page, by a link of the site's own (UK GDPR Art 7(3)); tag managers and vendors hear of it at once.
async fn one_click(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let tab = &visit.tab;
    visit.go("/").await?;
    // In the tab's name, which outlives a page; the guard lets pages keep nothing undeclared.
    let count =
        "(name = 'x', addEventListener('click', event => { if (event.isTrusted) name += 'x'; }, true), 1)";
    tab.eval(count).await?;
    tab.click("#avow-accept").await?;
    visit.sealed().await?;
    ensure!(tab.eval("name").await? == "xx", "accepting takes one click");
    visit.go("/vacancy").await?;
    visit.ready().await?;
    let hear = "(push => dataLayer.push = (...all) => { name += JSON.stringify(all.map(entry => entry[0] ? [...entry] : entry)); \
        return push.apply(dataLayer, all); })(dataLayer.push)";
    tab.eval(&format!("({count}, {hear}, 1)")).await?;
    tab.click("footer [data-avow-do=withdraw]").await?;
    tab.wait("!/:1/.test((document.cookie.match(/avow=[^;]*/) || [':1'])[0])").await?;
    visit.ready().await?;
    visit.sealed().await?;
    let heard = tab.eval("name").await?;
    let heard = heard.as_str().unwrap_or_default();
    ensure!(heard.starts_with("xx[") && !heard.contains("xxx"), "withdrawing takes one click: {heard}");
    ensure!(heard.contains("avow_decision"), "{heard}");
    for word in [r#"["consent","update""#, r#""ad_storage":"denied""#, r#""analytics_storage":"denied""#] {
        ensure!(heard.contains(word), "tags are told that it is over: {heard}");
    }
    ensure!(
        tab.eval("location.pathname").await? == "/vacancy",
        "the link leads nowhere while the widget is there"
    );
    let record = visit.record(2).await?;
    ensure!(says(&record, "event") == "withdrawn", "{record}");
    visit.end().await;
    Ok(())
}

async fn scripted(browsers: Browsers) -> Result<()> {
    let mut visit = Visit::begin(&browsers).await?;
    for (in_dialog, program) in [
        (false, "document.querySelector('#avow-accept').click()"),
        (
            false,
            "document.querySelector('#avow-accept').dispatchEvent(new MouseEvent('click', { bubbles: true }))",
        ),
        (false, "avow.acceptAll()"),
        // What a page can write does not speak for the input.
        (
            false,
            "document.body.insertAdjacentHTML('beforeend', '<a href=# data-avow-do=\"acceptAll pointer\" id=made>x</a>'), document.querySelector('#made').click()",
        ),
        (
            false,
            "document.body.insertAdjacentHTML('beforeend', '<a href=# id=\"avow-accept pointer\">x</a>'), document.querySelector('[id^=\"avow-accept p\"]').click()",
        ),
        (true, "document.querySelector('#avow-dialog-accept').click()"),
        (
            true,
            "(document.querySelector('#avow-p-analytics').checked = true, document.querySelector('#avow-save').click())",
        ),
    ] {
        visit.go("/").await?;
        visit.tab.shown("#avow-banner").await?;
        visit.ready().await?;
        if in_dialog {
            visit.tab.eval("void avow.open()").await?;
            visit.tab.shown("#avow-dialog").await?;
        }
        visit.tab.eval(&format!("void ({program})")).await?;
        let granted = visit.tab.eval("['analytics', 'marketing', 'video'].some(p => avow.allows(p))").await?;
        ensure!(granted == false, "{program} granted");
        visit.nothing_optional(program).await?;
        ensure!(!visit.cookie().await?.unwrap_or_default().contains(":1"), "{program} is in the cookie");
    }
    // Refusing counts, however it came: extensions that refuse for a visitor are programs.
    visit.stranger(&browsers, Habit::Plain).await?;
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    visit.tab.eval("void document.querySelector('#avow-reject').click()").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "refused" && says(&record, "input") == "script", "{record}");
    visit.end().await;
    Ok(())
}

async fn two_tabs(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    let address = format!("{}/", visit.demo.site);
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    let other = visit.tab.sibling().await?;
    other.go(&address).await?;
    other.shown("#avow-banner").await?;
    other.click("#avow-accept").await?;
    other.wait("avow.allows('analytics')").await?;
    visit.tab.gone("#avow-banner").await?;
    visit.tab.wait("avow.allows('analytics')").await?;
    visit.sealed().await?;
    visit.record(1).await?;
    // What ran is stopped by loading the page anew.
    visit.tab.eval("window.former = true").await?;
    other.click("#avow-reopen").await?;
    other.click("#avow-withdraw").await?;
    visit
        .tab
        .wait("!window.former && !!window.avow && (await avow.ready) && !avow.allows('analytics')")
        .await?;
    visit.sealed().await?;
    let record = visit.record(2).await?;
    ensure!(says(&record, "event") == "withdrawn", "{record}");
    visit.site_clean("withdrawn in the other tab").await?;
    other.close().await;
    visit.end().await;
    Ok(())
}

async fn global_privacy_control(browsers: Browsers) -> Result<()> {
    // Chromium has no such setting: there a preload stands for the extension that sets it.
    let visit = Visit::begin_as(&browsers, Habit::Gpc, avow_tests::database::Kind::Sqlite).await?;
    if browsers.engine == avow_tests::browser::Engine::Chromium {
        visit
            .tab
            .preload("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
            .await?;
    }
    visit.go("/").await?;
    visit.ready().await?;
    ensure!(visit.tab.eval("navigator.globalPrivacyControl").await? == true, "the signal is on");
    visit.nothing_optional("with the signal on").await?;
    visit.tab.click("#avow-reject").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "gpc") == true, "{record}");
    visit.end().await;
    Ok(())
}
