//! The sites of the Cambridge Education Group: one policy on two domains, four languages, visitors from everywhere.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::Habit;
use serde_json::json;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("cambridge_asks_in_the_language_of_the_page", languages);
    suite.add("cambridge_hears_a_californian_signal", california);
    suite.add("cambridge_asks_by_the_law_of_each_of_its_five_countries", five_countries);
    suite.add("cambridge_choices_are_one_click_from_every_page", rights_link);
    suite.add("cambridge_says_what_is_true_wherever_the_reader_is", true_everywhere);
    suite.add("cambridge_domains_answer_for_themselves", domains);
    suite.add("cambridge_hands_an_answer_over_on_a_click", hand_over);
    suite.add("cambridge_notice_has_a_basis_per_purpose", notice);
}

async fn at(browsers: &Browsers) -> Result<Visit> {
    Visit::begin_at(browsers, "cambridge-education", "ceg.localhost").await
}

async fn languages(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    for (lang, accept) in
        [("nl", "Alle cookies accepteren"), ("sv", "Godkänn alla kakor"), ("zh", "接受所有 Cookie")]
    {
        visit.go_as(&format!("lang={lang}"), "/").await?;
        visit.tab.shown("#avow-banner").await?;
        let said = visit.tab.eval("[document.getElementById('avow-banner').lang, document.getElementById('avow-accept').innerText]").await?;
        ensure!(said == json!([lang, accept]), "{said}");
    }
    // The record keeps the language that was shown.
    visit.tab.click("#avow-reject").await?;
    visit.sealed().await?;
    ensure!(says(&visit.record(1).await?, "locale") == "zh", "the language is kept");
    visit.end().await;
    Ok(())
}

async fn california(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    visit.go_as("place=US-CA&gpc=1", "/").await?;
    visit.ready().await?;
    // Not asked, and marketing stays off: the signal is an opt-out. The rest is on until the visitor says no.
    let state =
        "[!!document.getElementById('avow-banner'), avow.allows('marketing'), avow.allows('analytics')]";
    let state = visit.tab.eval(state).await?;
    ensure!(state == json!([false, false, true]), "{state}");
    visit.tab.click("#avow-reopen").await?;
    visit.tab.shown("#avow-dialog").await?;
    visit
        .tab
        .wait("document.getElementById('avow-dialog').innerText.includes('Opt-out signal honoured')")
        .await?;
    visit.tab.click("#avow-dialog-reject").await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "regime") == json!({ "id": "us-ca", "source": "header" }), "{record}");
    ensure!(says(&record, "signals")["gpc"] == true, "{record}");
    visit.end().await;
    Ok(())
}

/// Those that its notice names. Asked first is who is in four of them; in the fifth all is on until an opt-out.
async fn five_countries(browsers: Browsers) -> Result<()> {
    let mut visit = at(&browsers).await?;
    let places = [("GB", "gb"), ("NL", "nl"), ("SE", "se"), ("CN", "strictest"), ("US-CA", "us-ca")];
    for (before, (place, row)) in places.into_iter().enumerate() {
        let asked = place != "US-CA";
        visit.go_as(&format!("place={place}"), "/").await?;
        visit.ready().await?;
        if asked {
            visit.tab.shown("#avow-banner").await?;
            visit.nothing_optional(place).await?;
        } else {
            visit.tab.shown("#avow-reopen").await?;
            visit.demo.arrival_for("marketing").await?;
        }
        let state = "[!!document.getElementById('avow-banner'), \
                     ...['analytics', 'search', 'marketing'].map(purpose => avow.allows(purpose))]";
        let state = visit.tab.eval(state).await?;
        ensure!(state == json!([asked, !asked, !asked, !asked]), "{place}: {state}");
        // A no has the same effect everywhere, and the record says by which law it was heard.
        if asked {
            visit.tab.click("#avow-reject").await?;
        } else {
            visit.tab.click("#avow-reopen").await?;
            visit.tab.shown("#avow-dialog").await?;
            visit.tab.click("#avow-dialog-reject").await?;
        }
        visit.sealed().await?;
        let record = visit.record(before + 1).await?;
        let event = if asked { "refused" } else { "objected" };
        ensure!(says(&record, "event") == event && says(&record, "regime")["id"] == row, "{place}: {record}");
        visit.tab.reload().await?;
        visit.ready().await?;
        let state = visit
            .tab
            .eval(
                "[avow.allows('analytics'), avow.allows('search'), avow.allows('marketing'), \
                                    !!document.getElementById('avow-banner')]",
            )
            .await?;
        ensure!(state == json!([false, false, false, false]), "{place}, after a no: {state}");
        visit.stranger(&browsers, Habit::Plain).await?;
    }
    visit.end().await;
    Ok(())
}

/// The link of the footer, with the words that the corner's control has where the law gives a right to opt out.
async fn rights_link(browsers: Browsers) -> Result<()> {
    const LINK: &str = "footer a[data-avow-do=open]";
    let visit = at(&browsers).await?;
    let tab = &visit.tab;
    visit.go_as("place=US-CA", "/").await?;
    let paths = tab.eval("[...document.querySelectorAll('nav.pages a')].map(link => link.pathname)").await?;
    let paths: Vec<String> = serde_json::from_value(paths)?;
    ensure!(paths.len() == 6, "{paths:?}");
    for path in &paths {
        visit.go(path).await?;
        visit.ready().await?;
        let links = format!("[...document.querySelectorAll('{LINK}')].map(link => link.innerText)");
        let links = tab.eval(&links).await?;
        ensure!(links == json!(["Your privacy choices"]), "{path}: {links}");
        ensure!(
            tab.eval("!document.getElementById('avow-dialog')?.open").await? == true,
            "{path}: open already"
        );
        tab.click(LINK).await?;
        tab.shown("#avow-dialog").await?;
        let here = tab.eval("[location.pathname, document.getElementById('avow-dialog').innerText]").await?;
        ensure!(here[0] == **path, "the link leads away: {here}");
        let said = here[1].as_str().context("words")?;
        ensure!(said.contains("Do not sell or share my personal information"), "{path}: {said}");
    }
    for lang in ["nl", "sv", "zh"] {
        visit.go_as(&format!("place=US-CA&lang={lang}"), "/").await?;
        tab.shown("#avow-reopen").await?;
        let words = format!(
            "[document.querySelector('{LINK}'), document.getElementById('avow-reopen')].map(one => one.innerText)"
        );
        let words = tab.eval(&words).await?;
        ensure!(words[0] == words[1] && words[0] != "Your privacy choices", "{lang}: {words}");
    }
    // It is for everybody; where no script runs it leads to the list, whose form takes the same answers.
    visit.go_as("place=SE&lang=en", "/").await?;
    visit.ready().await?;
    tab.click(LINK).await?;
    tab.shown("#avow-dialog").await?;
    visit.go_as("place=US-CA&nojs=1", "/").await?;
    tab.click(LINK).await?;
    tab.wait("location.pathname === '/cookies'").await?;
    tab.shown("button[value=reject]").await?;
    visit.end().await;
    Ok(())
}

/// Where statistics, search and advertising run until an opt-out, no page says that they wait for everybody's consent.
async fn true_everywhere(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let languages = [
        (
            "en",
            [
                "only if you agree, where the law asks for your permission; elsewhere they are on until",
                "waits for your permission where the law asks for it",
            ],
            ["on only if you agree.", "Only what is strictly necessary"],
        ),
        (
            "nl",
            [
                "waar de wet om uw toestemming vraagt; elders staan ze aan",
                "wacht op uw toestemming waar de wet daarom vraagt",
            ],
            ["alleen aan als u daarmee instemt.", "Alleen wat strikt noodzakelijk is"],
        ),
        (
            "sv",
            [
                "där lagen kräver ditt samtycke; på andra platser är de på",
                "väntar på ditt samtycke där lagen kräver det",
            ],
            ["på bara om du samtycker.", "Bara det som är absolut nödvändigt"],
        ),
        (
            "zh",
            ["在其他地方，它们会保持开启", "在法律要求征得您同意的地方会等待您的同意"],
            ["我们的网站上，统计、搜索建议和广告只有在您同意后", "只有绝对必要的内容"],
        ),
    ];
    for (lang, [privacy, cookies], never) in languages {
        for (path, truth) in [("/privacy", privacy), ("/cookies", cookies)] {
            visit.go_as(&format!("place=US-CA&lang={lang}"), path).await?;
            visit.ready().await?;
            let state = "[document.documentElement.lang, avow.allows('analytics'), avow.allows('marketing')]";
            let state = visit.tab.eval(state).await?;
            ensure!(state == json!([lang, true, true]), "{lang}: {state}");
            // What is folded away is said as well.
            let text = visit.tab.eval("document.querySelector('main').textContent").await?;
            let text = text.as_str().context("words")?;
            ensure!(text.contains(truth), "{lang} {path} does not say `{truth}`:\n{text}");
            for claim in never {
                ensure!(!text.contains(claim), "{lang} {path} says `{claim}`, which is not so here:\n{text}");
            }
            if path == "/privacy" {
                for claim in ["for your consent all the same.", "We ask about cookies again 180 days"] {
                    ensure!(
                        !text.contains(claim),
                        "{lang} {path} says `{claim}`, which is not so here:\n{text}"
                    );
                }
                for truth in [
                    "elsewhere it is stored until you opt out",
                    "where we do not ask, a no stays in your browser for 400 days",
                ] {
                    ensure!(text.contains(truth), "{lang} {path} does not say `{truth}`:\n{text}");
                }
            }
        }
    }
    visit.end().await;
    Ok(())
}

/// On a click on a link that says so, and in no other way.
async fn hand_over(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    let (tab, other) = (&visit.tab, visit.demo.at("oncampus.localhost"));
    visit.go("/").await?;
    tab.click("#avow-choose").await?;
    tab.shown("#avow-dialog").await?;
    tab.click("#avow-p-search").await?;
    tab.click("#avow-save").await?;
    visit.sealed().await?;
    visit.ready().await?;
    // A link that somebody else kept or made up brings nothing: it comes from no page of the site.
    let token = "fetch('/.avow/v1/handovers', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ \
         site: 'cambridge-education', cookie: document.cookie.match(/avow=([^;]*)/)[1] }) }).then(a => a.json()).then(a => a.token)";
    let token = tab.eval(token).await?;
    let token = token.as_str().context("a token")?;
    let stranger = browsers.plain().await?.open().await?;
    stranger.go(&format!("{other}/centres#avow={token}")).await?;
    stranger.shown("#avow-banner").await?;
    stranger.wait("!location.hash.includes('avow')").await?;
    ensure!(stranger.eval("avow.decision()").await?.is_null(), "nothing came along");
    let asks =
        "performance.getEntriesByType('resource').some(entry => entry.name.includes('/handovers/taken'))";
    ensure!(stranger.eval(asks).await? == false, "nor is it asked for");
    stranger.close().await;

    tab.click("a[data-avow-handover][href*=oncampus]").await?;
    tab.wait(&format!("location.href.startsWith('{other}/') && !!window.avow?.decision?.()")).await?;
    tab.gone("#avow-banner").await?;
    let state = tab.eval("[avow.allows('search'), avow.allows('analytics'), location.hash]").await?;
    ensure!(state == json!([true, false, ""]), "{state}");
    ensure!(tab.eval(asks).await? == true, "the control: here it was");
    ensure!(visit.demo.records(1).await?.len() == 1, "it is the same answer, and no second record");
    // It is sealed there, too, so a reload keeps it; and the other way nothing is overwritten.
    tab.reload().await?;
    tab.wait("!!window.avow?.decision?.() && /\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    tab.click("#avow-reopen").await?;
    tab.shown("#avow-dialog").await?;
    tab.click("#avow-dialog-reject").await?;
    tab.wait("!avow.allows('search') && /\\.[\\w-]{22}(;|$)/.test(document.cookie)").await?;
    tab.eval("(window.stays = 1)").await?;
    tab.click("a[data-avow-handover][href*='ceg.localhost']").await?;
    tab.wait("location.hostname === 'ceg.localhost' && !!window.avow?.decision?.()").await?;
    ensure!(tab.eval("avow.allows('search')").await? == true, "who has answered there is not answered for");
    visit.end().await;
    Ok(())
}

async fn domains(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    visit.go("/").await?;
    visit.tab.click("#avow-accept").await?;
    visit.sealed().await?;
    // Another registrable domain: an answer does not travel by itself.
    visit.tab.go(&format!("{}/", visit.demo.at("oncampus.localhost"))).await?;
    visit.tab.shown("#avow-banner").await?;
    ensure!(visit.tab.eval("avow.allows('analytics')").await? == false, "asked for itself");
    visit.tab.click("#avow-reject").await?;
    visit.tab.gone("#avow-banner").await?;
    visit.go("/").await?;
    visit.ready().await?;
    ensure!(visit.tab.eval("avow.allows('analytics')").await? == true, "and the first stays as it was");
    visit.end().await;
    Ok(())
}

async fn notice(browsers: Browsers) -> Result<()> {
    let visit = at(&browsers).await?;
    visit.go_as("lang=sv", "/privacy").await?;
    visit.tab.wait("document.querySelectorAll('main details').length >= 4").await?;
    // Layered, in the reader's language as far as it is there; the rest is marked as what it is.
    let open =
        visit.tab.eval("[...document.querySelectorAll('main details')].map(part => part.open)").await?;
    ensure!(open == json!([true, false, false, false]), "{open}");
    ensure!(
        visit.tab.eval("document.querySelectorAll('main details [lang=en]').length > 0").await? == true,
        "marked"
    );
    visit.go_as("lang=en", "/privacy").await?;
    visit.tab.wait("document.querySelectorAll('main details').length >= 4").await?;
    visit.tab.eval("(document.querySelectorAll('details').forEach(part => part.open = true), 1)").await?;
    let text = visit.tab.eval("document.querySelector('main').innerText").await?;
    for said in [
        "A contract with you",
        "Legitimate interests",
        "Your consent",
        "one month",
        "anonym",
        "California",
        "the United Kingdom, the Netherlands, Sweden, the United States and China",
        "(US)",
        "Take it with you to another service",
    ] {
        ensure!(text.as_str().is_some_and(|text| text.contains(said)), "`{said}` is not in {text}");
    }
    visit.end().await;
    Ok(())
}
