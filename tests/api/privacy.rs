//! Nothing that identifies anyone gets into logs, metrics, errors or records.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{ORIGIN, SITE};
use avow_tests::server::{Reply, TestServer};
use reqwest::Method;

const PLANTED: [(&str, &str); 6] = [
    ("x-forwarded-for", "203.0.113.77"),
    ("forwarded", "for=203.0.113.78"),
    ("user-agent", "planted-agent/9.9"),
    ("cookie", "session=planted-cookie"),
    ("referer", "https://www.shop.example/planted-page?email=planted@person.example"),
    ("accept-language", "cy-planted"),
];

async fn planted_identifiers_stay_out(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let good = draft.grant();
    let bad = [
        good.to_string(),
        draft.refusal().with("/email", "planted@person.example").to_string(),
        draft.refusal().with("/locale", "planted-locale-planted").to_string(),
        draft.refusal().with("/choices/plantedpurpose", true).to_string(),
        "{\"id\": \"planted-truncated".to_owned(),
        draft.refusal().with("/decided_at", 1).to_string(),
    ];
    let mut answers = String::new();
    for body in bad {
        let mut request = server.request(Method::POST, "/v1/consents").header("origin", ORIGIN);
        for (name, value) in PLANTED {
            request = request.header(name, value);
        }
        let reply =
            Reply::read(request.header("content-type", "application/json").body(body).send().await?).await?;
        answers.push_str(&reply.text());
    }
    let look = format!("/v1/consents/{}?site={SITE}&planted-query=1", good.id());
    server.get_as(&look, "avow-secret", good.secret()).await?;
    server.get_as(&look, "avow-secret", "planted-wrong-secret").await?;
    server.get("/planted-path").await?;
    let records = serde_json::to_string(&server.records()?)?;
    ensure!(records.contains(good.id()), "the control: the good one is stored");
    let metrics = server.get("/metrics").await?.text();
    ensure!(!metrics.is_empty(), "there are metrics");
    let log = server.log();
    for (place, text) in [("log", &log), ("metrics", &metrics), ("records", &records), ("answers", &answers)]
    {
        for word in
            ["203.0.113.7", "planted-agent", "planted-cookie", "person.example", "planted-page", "cy-planted"]
        {
            ensure!(!text.contains(word), "{word} is in the {place}: {text}");
        }
    }
    for (place, text) in [("log", &log), ("metrics", &metrics)] {
        for word in [good.id(), good.secret(), "planted"] {
            ensure!(!text.contains(word), "{word} is in the {place}: {text}");
        }
    }
    Ok(())
}

avow_tests::on_both!(planted_identifiers_stay_out);
