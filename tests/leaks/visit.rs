//! One page load of the matrix: go there in a consent state, wait until all is quiet, read the cells.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use avow_tests::hosts::CLEAN;
use avow_tests::time::until_within;
use serde::Deserialize;
use serde_json::{Value, from_value};

use crate::cells::{Cell, Cells};
use crate::run::State;
use crate::site::Site;
use crate::vectors::Vectors;
use crate::visitor::Visitor;

/// Nothing may arrive for so long before the cells are read.
const QUIET: Duration = Duration::from_secs(2);
/// A page that is never quiet fails.
pub const AT_MOST: Duration = Duration::from_secs(25);

/// What the clean page reads: everything that the site's origin keeps.
const KEPT: &str = "({ \
    local: Object.keys(localStorage), session: Object.keys(sessionStorage), \
    databases: (await indexedDB.databases()).map((database) => database.name), \
    caches: await caches.keys(), \
    workers: (await navigator.serviceWorker.getRegistrations()).map((worker) => new URL(worker.scope).pathname.split('/')[1]) \
})";

#[derive(Debug, Deserialize)]
struct Kept {
    local: Vec<String>,
    session: Vec<String>,
    databases: Vec<String>,
    caches: Vec<String>,
    workers: Vec<String>,
}

/// Loads the page of all vectors and reads what came of each.
pub async fn visit(site: &Site, visitor: &Visitor, state: State) -> Result<Cells> {
    site.decide(visitor, state).await.with_context(|| format!("decide {}", state.name()))?;
    site.hosts.forget();
    visitor.go(&site.url("/vectors")).await?;
    visitor
        .wait("!!window.page && page.end === 1")
        .await
        .with_context(|| format!("the page's own scripts run: {:?}", site.hosts.arrivals()))?;
    // Frames and films may keep a page loading; then the quiet decides.
    let loaded = || async { Ok((visitor.eval("document.readyState").await? == "complete").then_some(())) };
    drop(until_within(AT_MOST, "the end of loading", loaded).await);
    site.hosts.quiet(QUIET, AT_MOST).await?;
    let page = visitor.eval("({ ran: page.ran, tried: page.tried })").await?;
    let stored = kept(site, visitor).await?;
    let sent: BTreeSet<String> =
        site.hosts.arrivals().iter().filter_map(|arrival| arrival.vector().map(str::to_owned)).collect();
    let vectors = Vectors::of_the_file();
    for vector in vectors.scripted() {
        ensure!(page["tried"][&vector.id] == 1, "{} was not even tried", vector.id);
    }
    Ok(vectors.all().map(|vector| (vector.id.clone(), cell(&vector.id, &page, &sent, &stored))).collect())
}

/// The names of everything that is on the device, read on a clean page.
pub async fn kept(site: &Site, visitor: &Visitor) -> Result<BTreeSet<String>> {
    // In the same tab, so that its session storage is there; and what is sent on leaving counts.
    visitor.go(&site.url(CLEAN)).await?;
    let kept: Kept = from_value(visitor.eval(KEPT).await?)?;
    let mut names: BTreeSet<String> =
        visitor.cookies().await?.into_iter().map(|cookie| cookie.name).collect();
    names.extend([kept.local, kept.session, kept.databases, kept.caches, kept.workers].into_iter().flatten());
    Ok(names)
}

fn cell(id: &str, page: &Value, sent: &BTreeSet<String>, stored: &BTreeSet<String>) -> Cell {
    Cell {
        requested: sent.contains(id),
        executed: page["ran"][id] == 1,
        // Under its own name, or as the cookie of the tracker's answer or page.
        stored: ["", "far_", "far_page_"].iter().any(|start| stored.contains(&format!("{start}{id}"))),
    }
}
