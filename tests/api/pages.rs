//! Avow's own pages for visitors: what the page about cookies must say, and what its form records.

use anyhow::{Context as _, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Reply, Setup, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// DPA 2018 s.164A: with whom one can complain, and where.
async fn the_page_about_cookies_says_to_whom_one_can_complain(kind: Kind) -> Result<()> {
    let policies = vec![policy::in_languages(&policy::toml(""), &["en", "cy"])?];
    let server = TestServer::start(Setup { policies, ..Setup::on(kind) }).await?;
    let regulator = "<a href=\"https://ico.org.uk\"><bdi>Information Commission (ICO)</bdi></a>.";
    for (language, sentence) in [
        ("en", "You can complain to us, and to the regulator: "),
        ("cy", "Gallwch gwyno i ni, ac i’r rheoleiddiwr: "),
    ] {
        for part in ["", "&part=main"] {
            let page = server.get(&format!("/page/{SITE}/cookies?lang={language}{part}")).await?;
            ensure!(page.status == 200, "{} {}", page.status, page.text());
            let said = format!("<p>{sentence}{regulator}</p>");
            ensure!(page.text().contains(&said), "{said} in {}", page.text());
        }
    }
    Ok(())
}

/// A signal is the value `1` and nothing else, as in the W3C's texts on both.
async fn a_form_records_the_signals_that_its_browser_sends(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let send = async |signals: &[(&str, &str)]| -> Result<()> {
        let by_hand = [
            ("origin", policy::ORIGIN),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-user", "?1"),
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let request =
            server.request(Method::POST, &format!("/page/{SITE}/answer")).body("button=reject&language=en");
        let request = by_hand
            .iter()
            .chain(signals)
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let reply = Reply::read(request.send().await?).await?;
        ensure!(reply.json()["event"] == "refused", "{} {}", reply.status, reply.text());
        Ok(())
    };
    let sent = [
        (vec![], [false, false]),
        (vec![("dnt", "1")], [false, true]),
        (vec![("dnt", "0")], [false, false]),
        (vec![("dnt", "unspecified")], [false, false]),
        (vec![("dnt", "1xyz")], [false, false]),
        (vec![("dnt", "0"), ("dnt", "1")], [false, true]),
        (vec![("sec-gpc", "1")], [true, false]),
        (vec![("sec-gpc", "1"), ("dnt", "1")], [true, true]),
    ];
    for (at, (signals, [gpc, dnt])) in sent.into_iter().enumerate() {
        send(&signals).await?;
        let records = server.records()?;
        ensure!(records.len() == at + 1, "each is recorded");
        let record = records.last().and_then(|row| row["record"].as_str()).context("a record")?;
        let record: Value = serde_json::from_str(record)?;
        ensure!(record["signals"] == json!({ "gpc": gpc, "dnt": dnt }), "{signals:?}: {record}");
    }
    Ok(())
}

avow_tests::on_both!(
    the_page_about_cookies_says_to_whom_one_can_complain,
    a_form_records_the_signals_that_its_browser_sends,
);
