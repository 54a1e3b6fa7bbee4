//! The privacy notice as data: the record of processing activities, and two versions of the notice side by side.

use anyhow::{Context as _, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;

/// What an owner might write, and what a spreadsheet would calculate.
const FORMULA: &str = "=HYPERLINK(\"https://evil.example\",\"x\")";

/// The shop's policy with a notice of two activities, whose retention is the one given.
fn with_notice(retention: &str) -> String {
    let notice = format!(
        r#"privacy = "/privacy"
updated = "2026-03-31"
rights = ["access", "erasure"]
[notice.text.en]
summary = "We keep a basket."
security = "Locked doors."
[[notice.activity]]
id = "website"
visitors = true
lawful_bases = ["consent"]
special_bases = ["9(2)(a)"]
[notice.activity.text.en]
name = "People"
purposes = ["Selling, \"cheaply\"", "Counting"]
data = ['{FORMULA}']
recipients = ["+44 20 7946 0000"]
retention = {retention:?}
[[notice.activity]]
id = "phone"
lawful_bases = ["contract"]
[notice.activity.text.en]
name = "People"
purposes = ["Calling back"]
data = ["A number"]
retention = "A week."
[[notice.transfer]]
recipient = "Counter Inc."
country = "US"
text.en = "Standard contractual clauses."
"#
    );
    let policy = policy::toml("").replacen("privacy = \"/privacy\"\n", &notice, 1);
    assert!(policy.contains("Calling back"), "the policy has a [notice]");
    policy
}

async fn server(kind: Kind) -> Result<TestServer> {
    TestServer::start(Setup { policies: vec![with_notice("A year.")], ..Setup::on(kind) }).await
}

fn path(format: &str) -> String {
    format!("/v1/processing?site={SITE}&format={format}")
}

async fn the_record_of_processing_is_for_the_officer_and_audited(kind: Kind) -> Result<()> {
    let server = server(kind).await?;
    for header in ["", "Bearer", "Bearer 0123456789"] {
        let reply = server.get_as(&path("json"), "authorization", header).await?;
        ensure!(reply.status == 401 && reply.problem()? == "unauthorized", "{header}: {}", reply.text());
    }
    let operator = format!("Bearer {}", server.token("operator")?);
    ensure!(
        server.get_as(&path("csv"), "authorization", &operator).await?.status == 401,
        "an operator is no DPO"
    );
    let token = format!("Bearer {}", server.token("dpo")?);
    let elsewhere = path("json").replace(SITE, "elsewhere");
    ensure!(
        server.get_as(&elsewhere, "authorization", &token).await?.status == 401,
        "a token is for one site"
    );
    for odd in [path("xls"), format!("/v1/processing?site={SITE}"), path("csv") + "&version=1"] {
        let reply = server.get_as(&odd, "authorization", &token).await?;
        ensure!(reply.status == 400 && reply.problem()? == "malformed", "{odd}: {}", reply.text());
    }
    ensure!(
        !server.avow_ok(&["audit", "--site", SITE])?.contains("processing"),
        "nothing was handed out so far"
    );

    for (format, media_type) in [("json", "application/json"), ("csv", "text/csv; charset=utf-8")] {
        let reply = server.get_as(&path(format), "authorization", &token).await?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
        ensure!(reply.header("content-type") == media_type, "{:?}", reply.headers);
        ensure!(reply.header("cache-control") == "no-store", "{:?}", reply.headers);
        let printed = server.avow_ok(&["processing", "--site", SITE, "--format", format])?;
        ensure!(reply.text() == printed, "both doors give the same bytes:\n{}\n{printed}", reply.text());
    }
    let audit = server.avow_ok(&["audit", "--site", SITE])?;
    let uses = audit.lines().filter(|line| line.split('\t').nth(2) == Some("processing")).count();
    ensure!(uses == 2, "each is written down once: {audit}");

    let json = server.get_as(&path("json"), "authorization", &token).await?.json();
    let rows = json["activities"].as_array().context("rows")?;
    ensure!(json["site"] == SITE && json["version"] == 1 && rows.len() == 2, "{json}");
    // GDPR Art 30(1), (a) to (g).
    ensure!(rows[0]["id"] == "website" && rows[1]["id"] == "phone", "{json}");
    for (field, said) in [
        ("controller", "privacy@shop.example"),
        ("dpo", "@"),
        ("purposes", "Counting"),
        ("people", "People"),
        ("data", FORMULA),
        ("recipients", "+44 20 7946 0000"),
        ("transfers", "Counter Inc. (US): Standard contractual clauses."),
        ("retention", "A year."),
        ("security", "Locked doors."),
        ("lawful_bases", "Art 9(2)(a)"),
    ] {
        let told = match &rows[0][field] {
            serde_json::Value::Array(lines) => {
                lines.iter().filter_map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
            }
            other => other.as_str().context("a text")?.to_owned(),
        };
        ensure!(told.contains(said), "{field}: {told}");
    }
    Ok(())
}

async fn the_record_of_processing_cannot_be_made_to_calculate(kind: Kind) -> Result<()> {
    let server = server(kind).await?;
    let csv = server.avow_ok(&["processing", "--site", SITE, "--format", "csv"])?;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let mut cells = 0;
    for row in rows.records() {
        for cell in &row? {
            ensure!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "a cell that calculates: {cell}");
            cells += usize::from(cell.starts_with("'=") || cell.starts_with("'+"));
        }
    }
    ensure!(cells == 2, "the control: the two that would have are there, and quoted:\n{csv}");
    ensure!(csv.contains("\"Selling, \"\"cheaply\"\"\nCounting\""), "RFC 4180:\n{csv}");
    Ok(())
}

async fn a_version_that_was_is_still_told(kind: Kind) -> Result<()> {
    let server = server(kind).await?;
    server.publish(&with_notice("Two years."))?;
    let of = |number: &str| {
        server.avow_ok(&["processing", "--site", SITE, "--format", "csv", "--version", number])
    };
    ensure!(of("1")?.contains("A year.") && of("2")?.contains("Two years."), "each as it was");
    let none = server.avow(&["processing", "--site", SITE, "--format", "csv", "--version", "3"])?;
    ensure!(!none.status.success(), "there is no third");
    server.publish(&policy::toml(""))?;
    let none = server.avow(&["processing", "--site", SITE, "--format", "json"])?;
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    ensure!(!none.status.success() && said.contains("[[notice.activity]]"), "{said}");
    let token = format!("Bearer {}", server.token("dpo")?);
    let reply = until("the version without a notice", || async {
        let reply = server.get_as(&path("json"), "authorization", &token).await?;
        Ok((reply.status != 200).then_some(reply))
    })
    .await?;
    ensure!(reply.status == 404 && reply.problem()? == "not-found", "{} {}", reply.status, reply.text());
    Ok(())
}

async fn two_versions_stand_side_by_side(kind: Kind) -> Result<()> {
    let server = server(kind).await?;
    let page = |query: &str| format!("/page/{SITE}/versions?{query}");
    let alone = server.get(&page("lang=en")).await?;
    ensure!(alone.status == 200 && !alone.text().contains("<table"), "one version is beside nothing");
    ensure!(server.get(&page("with=2")).await?.status == 404, "there is no second yet");
    server.publish(&with_notice("Two years."))?;
    let list = until("the second version", || async {
        let reply = server.get(&page("lang=en")).await?;
        Ok(reply.text().contains("with=1").then_some(reply))
    })
    .await?;
    ensure!(!list.text().contains("with=2"), "the current one is not compared with itself: {}", list.text());

    let both = server.get(&page("lang=en&with=1")).await?;
    ensure!(both.header("content-type") == "text/html; charset=utf-8", "{:?}", both.headers);
    let text = both.text();
    ensure!(text.contains("<del>A year.</del>") && text.contains("<ins>Two years.</ins>"), "{text}");
    ensure!(
        text.matches("avow-differs").count() == 1 + usize::from(text.contains(".avow-differs")),
        "{text}"
    );
    // Two activities of one name: each has its row, and its own words.
    ensure!(text.contains("A week.") && text.contains("Calling back"), "{text}");
    let other = text.split("href=\"?lang=").nth(1).and_then(|rest| rest.split('"').next());
    let other = other.context("a way to another language")?.replace("&amp;", "&");
    ensure!(other.ends_with("&with=1"), "which keeps what is compared: {other}");
    let turned = server.get(&page(&format!("lang={other}"))).await?;
    ensure!(turned.text().contains("<ins>Two years.</ins>"), "{}", turned.text());
    for nowhere in ["with=3", "with=0", "with=4294967295"] {
        let reply = server.get(&page(nowhere)).await?;
        ensure!(reply.status == 404 && reply.problem()? == "not-found", "{nowhere}: {}", reply.status);
    }
    for odd in ["with=-1", "with=x", "with=4294967296"] {
        let status = server.get(&page(odd)).await?.status;
        ensure!(status.is_client_error(), "{odd}: {status}");
    }
    Ok(())
}

avow_tests::on_both!(
    the_record_of_processing_is_for_the_officer_and_audited,
    the_record_of_processing_cannot_be_made_to_calculate,
    a_version_that_was_is_still_told,
    two_versions_stand_side_by_side,
);
