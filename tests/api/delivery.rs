//! What browsers fetch: the site script, hashed assets, the compiled policy; and what operators ask for.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::SITE;
use avow_tests::server::{Reply, TestServer};
use reqwest::Method;

async fn the_site_script_leads_to_everything_else(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let script = server.get(&format!("/site/{SITE}.js")).await?;
    ensure!(script.status == 200, "{} {}", script.status, script.text());
    ensure!(script.header("cache-control").contains("max-age=300"), "{}", script.header("cache-control"));
    ensure!(!script.text().contains("__AVOW_CONFIG__"), "the configuration is in its place");
    ensure!(script.header("set-cookie").is_empty(), "no cookie comes with it");
    let tag = script.header("etag").to_owned();
    let again = server.get_as(&format!("/site/{SITE}.js"), "if-none-match", &tag).await?;
    ensure!(again.status == 304 && again.body.is_empty(), "{tag}: {}", again.status);
    let names: Vec<String> = script
        .text()
        .split('"')
        .filter(|word| {
            let (name, end) = word.rsplit_once('.').unwrap_or_default();
            name.starts_with("avow-") && (end == "js" || end == "wasm")
        })
        .map(str::to_owned)
        .collect();
    ensure!(names.len() >= 2, "the script names the engine and its glue: {names:?}");
    for name in names {
        let path = format!("/assets/{name}");
        let plain = server.get(&path).await?;
        ensure!(
            plain.status == 200 && plain.header("cache-control").contains("immutable"),
            "{path}: {}",
            plain.status
        );
        for coding in ["br", "gzip"] {
            let small = server.get_as(&path, "accept-encoding", coding).await?;
            ensure!(small.header("content-encoding") == coding, "{path} as {coding}");
            ensure!(small.body.len() < plain.body.len(), "{path} as {coding} is smaller");
            ensure!(small.header("vary").to_lowercase().contains("accept-encoding"), "and caches are told");
        }
    }
    let policy = server.get(&format!("/v1/sites/{SITE}/policy")).await?.json();
    let hash = policy["hash"].as_str().context("a hash")?;
    for (language, direction) in [("en", "ltr"), ("ar", "rtl")] {
        let compiled = server.get(&format!("/site/{SITE}/{hash}/{language}.json")).await?;
        ensure!(compiled.status == 200, "{language}: {} {}", compiled.status, compiled.text());
        ensure!(compiled.header("cache-control").contains("immutable"), "a policy of a hash never changes");
        ensure!(compiled.json()["dir"] == direction, "{language} is {direction}: {}", compiled.json()["dir"]);
    }
    Ok(())
}

async fn any_site_may_load_scripts_but_only_declared_ones_read_answers(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let script = server.get_as(&format!("/site/{SITE}.js"), "origin", "https://anywhere.example").await?;
    ensure!(script.header("access-control-allow-origin") == "*", "{:?}", script.headers);
    for (origin, allowed) in [("https://www.shop.example", true), ("https://evil.example", false)] {
        let asked = server
            .request(Method::OPTIONS, "/v1/consents")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let reply = Reply::read(asked.send().await?).await?;
        let granted = reply.header("access-control-allow-origin") == origin;
        ensure!(granted == allowed, "{origin}: {} {:?}", reply.status, reply.headers);
    }
    Ok(())
}

async fn operators_can_ask_how_it_is(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    for path in ["/healthz", "/readyz"] {
        ensure!(server.get(path).await?.status == 200, "{path}");
    }
    let described = server.get("/openapi.json").await?.json();
    for path in ["/v1/consents", "/v1/consents/{id}", "/v1/export"] {
        ensure!(described["paths"].get(path).is_some(), "{path} is described: {}", described["paths"]);
    }
    let metrics = server.get("/metrics").await?;
    ensure!(metrics.status == 200 && metrics.text().contains("avow_"), "{}", metrics.text());
    Ok(())
}

avow_tests::on_both!(
    the_site_script_leads_to_everything_else,
    any_site_may_load_scripts_but_only_declared_ones_read_answers,
    operators_can_ask_how_it_is,
);
