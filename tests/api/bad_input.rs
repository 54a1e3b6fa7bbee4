//! Bad input: each case is a problem of its own type and status, and leaves nothing behind.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::decision::{Body, Draft, fresh};
use avow_tests::policy::ORIGIN;
use avow_tests::server::TestServer;
use avow_tests::time::now;
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

struct Case {
    name: &'static str,
    body: Vec<u8>,
    origin: Option<&'static str>,
    slug: &'static str,
    status: u16,
}

fn spoiled(name: &'static str, body: &Body, slug: &'static str, status: u16) -> Case {
    Case { name, body: body.to_string().into_bytes(), origin: Some(ORIGIN), slug, status }
}

fn raw(name: &'static str, body: impl Into<Vec<u8>>, slug: &'static str, status: u16) -> Case {
    Case { name, body: body.into(), origin: Some(ORIGIN), slug, status }
}

fn decided(draft: &Draft, at: i64) -> Body {
    let (id, _) = fresh(at);
    draft.refusal().with("/decided_at", at).with("/id", id)
}

fn from(name: &'static str, draft: &Draft, origin: Option<&'static str>) -> Case {
    Case { origin, ..spoiled(name, &draft.refusal(), "foreign-origin", 403) }
}

fn cases(draft: &Draft) -> Vec<Case> {
    let (grant, refusal) = (|| draft.grant(), || draft.refusal());
    let mut unnamed = refusal();
    if let Some(choices) = unnamed.0["choices"].as_object_mut() {
        choices.remove("marketing");
    }
    let whole = refusal().to_string();
    let mut not_text = whole.clone().into_bytes();
    if let Some(at) = whole.find("\"en\"") {
        not_text[at + 1] = 0xff;
    }
    vec![
        spoiled("unknown site", &refusal().with("/site", "nowhere"), "unknown-site", 404),
        spoiled("unpublished version", &refusal().with("/policy/version", 99), "unknown-version", 422),
        spoiled(
            "another text under a known version",
            &refusal().with("/policy/sha256", "0".repeat(64)),
            "unknown-version",
            422,
        ),
        spoiled("undeclared purpose", &refusal().with("/choices/spying", false), "undeclared-purpose", 422),
        spoiled("a purpose left out", &unnamed, "missing-purpose", 422),
        spoiled("necessary refused", &refusal().with("/choices/session", false), "necessary-refused", 422),
        spoiled("a grant by a program", &grant().with("/input", "script"), "grant-without-gesture", 422),
        spoiled(
            "a grant with a hidden reject button",
            &grant().with("/ui/reject/visible", false),
            "grant-without-gesture",
            422,
        ),
        spoiled(
            "a grant with a tiny one",
            &grant().with("/ui/reject/width", 9),
            "grant-without-gesture",
            422,
        ),
        spoiled(
            "a grant with a pale one",
            &grant().with("/ui/reject/contrast", 130),
            "grant-without-gesture",
            422,
        ),
        spoiled("a grant with none", &grant().with("/ui/reject", Value::Null), "grant-without-gesture", 422),
        spoiled("a clock a year ahead", &decided(draft, now() + 365 * DAY), "clock-skew", 422),
        spoiled("a clock a year behind", &decided(draft, now() - 365 * DAY), "clock-skew", 422),
        spoiled("an id of another time", &refusal().with("/id", fresh(now() - DAY).0), "invalid", 422),
        spoiled(
            "an id that is no UUIDv7",
            &refusal().with("/id", "7e2b6e1a-1f44-4b0e-9a55-0d9f3c1b2a60"),
            "invalid",
            422,
        ),
        spoiled("a short secret", &refusal().with("/secret", "abc"), "invalid", 422),
        from("a foreign origin", draft, Some("https://evil.example")),
        from("a suffix of ours", draft, Some("https://www.shop.example.evil.example")),
        from("without encryption", draft, Some("http://www.shop.example")),
        from("an opaque origin", draft, Some("null")),
        from("no origin", draft, None),
        raw("1 MB", format!("{{\"id\":\"{}\"}}", "x".repeat(1 << 20)), "too-large", 413),
        raw("1 MB that is no JSON", vec![b' '; 1 << 20], "too-large", 413),
        raw("invalid UTF-8", not_text, "malformed", 400),
        raw("truncated JSON", &whole.as_bytes()[..whole.len() / 2], "malformed", 400),
        raw("an empty body", Vec::new(), "malformed", 400),
        raw("deep nesting", "[".repeat(10_000), "invalid", 422),
        raw("another shape", json!([1, 2, 3]).to_string(), "invalid", 422),
        raw("a field too many", refusal().with("/email", "a@b.example").to_string(), "invalid", 422),
        raw(
            "a purpose twice",
            whole.replacen("\"choices\":{", "\"choices\":{\"video\":true,", 1),
            "invalid",
            422,
        ),
        raw("a number for a choice", whole.replace("\"video\":false", "\"video\":0"), "invalid", 422),
    ]
}

async fn each_case_has_its_own_problem_and_stores_nothing(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let mut wrong = Vec::new();
    for case in cases(&draft) {
        let reply = server.post_from(case.origin, case.body).await.with_context(|| case.name.to_owned())?;
        let slug = reply.problem().unwrap_or_else(|error| format!("{error:#}"));
        if slug != case.slug || reply.status != case.status {
            wrong.push(format!("{}: {} {slug}, not {} {}", case.name, reply.status, case.status, case.slug));
        }
        if case.slug == "clock-skew" {
            let server_time =
                reply.json()["server_time"].as_i64().context("a clock problem tells the time")?;
            ensure!((server_time - now()).abs() < DAY, "and the right one: {server_time}");
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(server.records()?.is_empty(), "nothing is stored");
    // The control: what was spoiled is good otherwise, and is stored.
    for good in [draft.grant(), draft.refusal(), draft.refusal().with("/input", "script")] {
        let reply = server.post(&good).await?;
        ensure!(reply.status == 201, "{} {}", reply.status, reply.text());
    }
    ensure!(server.records()?.len() == 3, "and those are all");
    Ok(())
}

async fn every_declared_origin_may_send(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    for origin in [
        "https://www.shop.example",
        "https://www.shop.example:8443",
        "https://north.branch.example",
        "http://shop.localhost:8123",
    ] {
        let reply = server.post_from(Some(origin), draft.refusal().to_string()).await?;
        ensure!(reply.status == 201, "{origin}: {} {}", reply.status, reply.text());
        ensure!(reply.header("access-control-allow-origin") == origin, "{origin} may read the answer");
    }
    let reply = server.post_from(Some("https://branch.example"), draft.refusal().to_string()).await?;
    ensure!(reply.problem()? == "foreign-origin", "a wildcard does not cover its parent");
    ensure!(reply.header("access-control-allow-origin").is_empty(), "a foreign page may not read the answer");
    Ok(())
}

async fn wrong_paths_and_methods_are_problems_too(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    for path in
        ["/nowhere", "/v1/nowhere", "/v1/consents/not-an-id?site=shop", "/site/nowhere.js", "/assets/no.js"]
    {
        let reply = server.get(path).await?;
        ensure!(reply.status.is_client_error(), "{path}: {}", reply.status);
        reply.problem().with_context(|| path.to_owned())?;
    }
    Ok(())
}

avow_tests::on_both!(
    each_case_has_its_own_problem_and_stores_nothing,
    every_declared_origin_may_send,
    wrong_paths_and_methods_are_problems_too,
);
