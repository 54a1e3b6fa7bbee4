//! The database or Redis gone, cut off or wiped: what answers then, and that nothing is lost.

use anyhow::{Context, Result, ensure};
use avow_tests::cut::Wire;
use avow_tests::database::{Kind, redis_url};
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use avow_tests::tools;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_503_and_comes_back() -> Result<()> {
    if !Kind::Postgres.is_here()? {
        return Ok(());
    }
    let server = TestServer::on(Kind::Postgres).await?;
    let draft = server.draft().await?;
    let before = draft.grant();
    ensure!(server.post(&before).await?.status == 201, "the control: with a database it is stored");
    let wire = server.database().wire().context("PostgreSQL has a wire")?;
    wire.cut();
    let waiting = draft.grant();
    let reply = server.post(&waiting).await?;
    ensure!(
        reply.status == 503 && reply.problem()? == "unavailable",
        "{} {}\n{}",
        reply.status,
        reply.text(),
        server.log()
    );
    ensure!(
        reply.header("retry-after").parse::<u32>().is_ok(),
        "it says when to come again: {:?}",
        reply.headers
    );
    until("not ready", || async { Ok((server.get("/readyz").await?.status == 503).then_some(())) }).await?;
    ensure!(server.get("/healthz").await?.status == 200, "it lives");
    ensure!(!server.log().contains(waiting.id()), "and logs no id");
    wire.mend();
    let reply = until("the database back", || async {
        let reply = server.post(&waiting).await?;
        Ok((reply.status == 201 || reply.status == 200).then_some(reply))
    })
    .await?;
    ensure!(reply.json()["id"] == waiting.id(), "{}", reply.text());
    ensure!(server.records()?.len() == 2, "each once");
    Ok(())
}

/// The wire to Redis and the URL through it.
async fn redis() -> Result<Option<(Wire, String)>> {
    let Some(url) = redis_url() else {
        tools::skip("Redis (AVOW_TEST_REDIS_URL)")?;
        return Ok(None);
    };
    let mut url = reqwest::Url::parse(&url).context("read AVOW_TEST_REDIS_URL")?;
    let target = format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(6379));
    let wire = Wire::to(&target).await?;
    url.set_host(Some("127.0.0.1"))?;
    url.set_port(Some(wire.address().port())).ok().context("set the relay's port")?;
    Ok(Some((wire, url.into())))
}

async fn version(server: &TestServer) -> Result<u64> {
    let policy = server.get(&format!("/v1/sites/{SITE}/policy")).await?.json();
    policy["version"].as_u64().with_context(|| format!("a version in {policy}"))
}

async fn nothing_depends_on_redis(kind: Kind) -> Result<()> {
    let Some((wire, url)) = redis().await? else { return Ok(()) };
    let server = TestServer::start(Setup { redis: Some(url.clone()), ..Setup::on(kind) }).await?;
    let draft = server.draft().await?;
    let mut bodies = vec![draft.grant()];
    ensure!(server.post(&bodies[0]).await?.status == 201, "with Redis");
    let well = server.get("/metrics").await?.text();
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd("FLUSHALL").exec_async(&mut connection).await?;
    bodies.push(draft.refusal());
    ensure!(server.post(&bodies[1]).await?.status == 201, "with Redis wiped");
    wire.cut();
    for _ in 0..3 {
        let body = draft.grant();
        let reply = server.post(&body).await?;
        ensure!(reply.status == 201, "without Redis: {} {}", reply.status, reply.text());
        bodies.push(body);
    }
    let said = |metrics: &str| {
        let lines =
            metrics.lines().filter(|line| line.to_lowercase().contains("redis") && !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    until("metrics that say so", || async {
        let now = server.get("/metrics").await?.text();
        Ok((!said(&now).is_empty() && said(&now) != said(&well)).then_some(()))
    })
    .await?;
    wire.mend();
    bodies.push(draft.grant());
    ensure!(server.post(&bodies[5]).await?.status == 201, "with Redis back");
    let records = server.records()?;
    ensure!(records.len() == bodies.len(), "every one is there: {}", records.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_wiped_and_gone_loses_nothing_sqlite() -> Result<()> {
    nothing_depends_on_redis(Kind::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_wiped_and_gone_loses_nothing_postgres() -> Result<()> {
    if Kind::Postgres.is_here()? { nothing_depends_on_redis(Kind::Postgres).await } else { Ok(()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_node_hears_of_a_publish() -> Result<()> {
    let Some((_wire, url)) = redis().await? else { return Ok(()) };
    let server = TestServer::start(Setup { redis: Some(url), ..Setup::on(Kind::Sqlite) }).await?;
    ensure!(version(&server).await? == 1, "version 1 at first, and cached");
    server.publish(&policy::toml("").replace("Counts visits.", "Counts visits and pages."))?;
    until("version 2", || async { Ok((version(&server).await? == 2).then_some(())) }).await
}
