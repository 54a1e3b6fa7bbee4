//! The outbox: what could not be delivered is delivered later, once.

use anyhow::{Result, ensure};
use avow_tests::browser::Habit;
use avow_tests::database::Kind;

use crate::harness::{Browsers, Suite};
use crate::visit::{Visit, says};

pub fn add(suite: &mut Suite) {
    suite.add("offline_the_answer_waits_and_is_delivered_once", offline);
    suite.add("with_the_database_away_it_is_delivered_once_later", database_away);
}

async fn waits(visit: &Visit) -> Result<()> {
    visit.tab.click("#avow-reject").await?;
    visit.tab.gone("#avow-banner").await?;
    visit.tab.wait("!!localStorage.avow_outbox && /avow=1[^;]*\\.-(;|$)/.test(document.cookie)").await
}

async fn delivered_once(visit: &Visit) -> Result<()> {
    // The entry has a lease of some seconds; the visitor comes back after it.
    visit.tab.eval("void (localStorage.avow_outbox = (localStorage.avow_outbox || ''))").await?;
    visit.tab.reload().await?;
    visit.sealed().await?;
    let record = visit.record(1).await?;
    ensure!(says(&record, "event") == "refused", "{record}");
    let kept = visit.tab.contents().await?;
    ensure!(kept.local.is_empty(), "nothing waits any more: {kept:?}");
    visit.tab.reload().await?;
    visit.ready().await?;
    visit.record(1).await?;
    Ok(())
}

async fn offline(browsers: Browsers) -> Result<()> {
    let visit = Visit::begin(&browsers).await?;
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    visit.demo.wire.cut();
    waits(&visit).await?;
    ensure!(visit.demo.records(0).await?.is_empty(), "the control: it did not arrive");
    visit.demo.wire.mend();
    delivered_once(&visit).await?;
    visit.end().await;
    Ok(())
}

async fn database_away(browsers: Browsers) -> Result<()> {
    if !Kind::Postgres.is_here()? {
        return Ok(());
    }
    let visit = Visit::begin_as(&browsers, Habit::Plain, Kind::Postgres).await?;
    visit.go("/").await?;
    visit.tab.shown("#avow-banner").await?;
    let database = visit.demo.avow.database();
    let Some(wire) = database.wire() else { return Ok(()) };
    wire.cut();
    waits(&visit).await?;
    // Looked at while the wire is cut: once it is mended, a request that still waits for it may be stored.
    ensure!(database.records_past_the_wire().await? == 0, "the control: it was not stored");
    wire.mend();
    delivered_once(&visit).await?;
    visit.end().await;
    Ok(())
}
