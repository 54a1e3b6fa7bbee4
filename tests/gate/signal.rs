//! Global Privacy Control at the gate: how the signal is read, and what the site says of it.

use anyhow::Result;
use avow_tests::policy;
use avow_tests::server::Reply;
use avow_tests::time::until;

use crate::gate::{Gate, HOST};
use crate::site::{Answer, Site, response};

const STATEMENT: &str = "/.well-known/gpc.json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_signal_is_a_one_and_nothing_else() -> Result<()> {
    let site = Site::start().await?;
    site.page("/", &["content-type: text/html"], "<!doctype html><title>Shop</title>");
    let gate = Gate::before(&site).await?;
    let all = gate.decide(&policy::PURPOSES).await?.cookie;
    // As bytes, for a client would tidy them up.
    for (lines, heard) in [
        ("", false),
        ("Sec-GPC: 1\r\n", true),
        ("sec-gpc: 1\r\n", true),
        ("Sec-GPC: 0\r\n", false),
        ("Sec-GPC:\r\n", false),
        ("Sec-GPC: true\r\n", false),
        ("Sec-GPC: 11\r\n", false),
        ("Sec-GPC: \"1\"\r\n", false),
        // Optional white space is no part of the value.
        ("Sec-GPC: 1 \r\n", true),
        ("Sec-GPC:1\t \r\n", true),
        ("Sec-GPC: \t 1\r\n", true),
        // Of several, one counts.
        ("Sec-GPC: 1\r\nSec-GPC: 1\r\n", true),
        ("Sec-GPC: 0\r\nSec-GPC: 1\r\n", true),
        ("Sec-GPC: 1\r\nSec-GPC: 0\r\n", true),
        ("Sec-GPC: 0\r\nSec-GPC: 0\r\n", false),
    ] {
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {HOST}\r\nSec-Fetch-Dest: document\r\nCookie: {all}\r\n{lines}Connection: close\r\n\r\n"
        );
        let reply = gate.raw(request.as_bytes(), |_| false).await?;
        let class = if heard { "video,analytics" } else { "all" };
        let line = reply.lines().find_map(|line| line.strip_prefix("avow-class: "));
        assert_eq!(line, Some(class), "{lines:?}: {reply}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gate_speaks_for_a_site_that_says_nothing() -> Result<()> {
    let site = Site::start().await?;
    let gate = Gate::before(&site).await?;
    let json = "content-type: application/json";
    let own = r#"{"gpc":false,"lastUpdate":"2020-02-02"}"#;
    let nothing = [
        ("no such path", Answer::Bytes(response("404 Not Found", &[], b"no such path"))),
        (
            "its start page",
            Answer::Bytes(response("200 OK", &["content-type: text/html"], b"<!doctype html>")),
        ),
        ("elsewhere", Answer::Bytes(response("302 Found", &["location: /login"], b""))),
        ("a fault", Answer::Bytes(response("500 Internal Server Error", &[json], b"{}"))),
        ("it breaks off", Answer::BreaksOff(Vec::new())),
    ];
    for (what, answer) in nothing {
        site.on(STATEMENT, answer);
        let said = gate.get(STATEMENT, &[]).await?;
        assert_eq!((said.status.as_u16(), said.header("content-type")), (200, "application/json"), "{what}");
        assert_eq!(said.header("access-control-allow-origin"), "*", "{what}");
        assert_eq!(said.json()["gpc"], true, "{what}: {}", said.text());
        let day = said.json()["lastUpdate"].as_str().unwrap_or_default().to_owned();
        let form: String = day.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        assert_eq!(form, "9999-99-99", "{what}: {day}");
        assert_eq!(said.json().as_object().map(serde_json::Map::len), Some(2), "{what}: {}", said.text());
    }
    let head = Reply::read(gate.ask(reqwest::Method::HEAD, STATEMENT).send().await?).await?;
    assert_eq!((head.status.as_u16(), head.header("content-length"), head.body.len()), (200, "38", 0));
    // Nothing but that path, and nothing but reading.
    assert_eq!(gate.get("/.well-known/gpc.json5", &[]).await?.status.as_u16(), 404);
    site.on(STATEMENT, Answer::Bytes(response("405 Method Not Allowed", &[], b"no")));
    let posted = gate.ask(reqwest::Method::POST, STATEMENT).body("x").send().await?;
    assert_eq!(posted.status().as_u16(), 405);

    site.page(STATEMENT, &["content-type: application/json; charset=utf-8", "etag: \"x\""], own);
    let said = gate.get(STATEMENT, &[]).await?;
    assert_eq!(said.text(), own, "the site's own word goes first");
    site.on(STATEMENT, Answer::Bytes(b"HTTP/1.1 304 Not Modified\r\netag: \"x\"\r\n\r\n".to_vec()));
    let again = gate.get(STATEMENT, &[("if-none-match", "\"x\"")]).await?;
    assert_eq!(again.status.as_u16(), 304, "and stays in the caches of browsers");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_that_only_looks_promises_nothing() -> Result<()> {
    let site = Site::start().await?;
    let flags = ["--learn"];
    let gate = Gate::start(avow_tests::database::Kind::Sqlite, &policy::toml(""), &site, &flags).await?;
    assert_eq!(gate.get(STATEMENT, &[]).await?.status.as_u16(), 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_the_last_word_holds() -> Result<()> {
    let kind = avow_tests::database::Kind::Postgres;
    if !kind.is_here()? {
        return Ok(());
    }
    let site = Site::start().await?;
    let gate = Gate::start(kind, &policy::toml(""), &site, &[]).await?;
    let before = gate.get(STATEMENT, &[]).await?;
    assert_eq!(before.json()["gpc"], true);
    gate.database().wire().expect("PostgreSQL has one").cut();
    // The cache notices when it looks the next time.
    until("the gate to miss its database", || async {
        let metrics = gate.metrics().await?;
        gate.get(STATEMENT, &[]).await?;
        Ok(metrics.contains("avow_policy_cache_stale_total").then_some(()))
    })
    .await?;
    assert_eq!(gate.get(STATEMENT, &[]).await?.json(), before.json());
    Ok(())
}
