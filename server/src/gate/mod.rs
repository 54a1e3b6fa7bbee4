//! The gate: lets nothing optional through to a visitor's browser that their sealed decision does not allow.
//!
//! One module, used in three ways: as a middleware of an actix-web application ([`Gate`]), as a reverse proxy
//! (`avow gate`, [`serve`] and [`proxy`]), and as headers for another server (`avow gate headers`).
//!
//! Read in this order: [`verdict`](crate::verdict) (what a request may have), [`rules`] and [`class`] (what that means under a
//! policy), [`middleware`] (what happens to one request), then [`headers`], [`cookies`], [`csp`], [`html`].
//! What this is not: it decides nothing by itself, the engine of `shared` does; and it stores no decision.
//!
//! # A site behind the gate
//!
//! ```
//! use actix_web::{App, HttpResponse, test, web};
//! use avow_server::gate::{Gate, Learn};
//! use avow_server::store::{Location, Store};
//! use avow_shared::id::SiteId;
//!
//! # actix_web::rt::System::new().block_on(async {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("avow.db");
//! // The database that `avow site publish` filled.
//! let store = Store::open(&Location::Sqlite(path)).await?;
//! store.migrate().await?;
//! let gate = Gate::open(store, SiteId::parse("shop").expect("a site's id"), Learn::Off).await?;
//!
//! let site = App::new().wrap(gate).route(
//!     "/",
//!     web::get().to(|| async {
//!         HttpResponse::Ok()
//!             .content_type("text/html; charset=utf-8")
//!             .insert_header(("Set-Cookie", "_ga=1; HttpOnly"))
//!             .body("<!doctype html><script src=https://tracker.example/t.js></script>")
//!     }),
//! );
//! # let site = test::init_service(site).await;
//! # let answer = test::call_service(&site, test::TestRequest::get().uri("/").to_request()).await;
//! # assert_eq!(answer.headers().get_all("content-security-policy").count(), 2);
//! # assert!(!answer.headers().contains_key("set-cookie"));
//! # let page = String::from_utf8(test::read_body(answer).await.to_vec()).unwrap();
//! # assert!(page.contains("data-avow-src=\"https://tracker.example/t.js\""), "{page}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

pub mod body;
pub mod class;
pub mod coding;
pub mod cookies;
pub mod csp;
pub mod headers;
pub mod hosts;
pub mod html;
pub mod middleware;
pub mod proxy;
pub mod rules;
pub mod serve;
mod statement;
pub mod validators;

use crate::cache::Policies;
use crate::clock::Clock;
use crate::geo::Locator;
use crate::rng::Rng;
use crate::seal::SealKey;
use crate::seen::{Ledger, Seen};
use crate::state::AppState;
use crate::store::{Store, StoreError};
use avow_shared::id::SiteId;
use rules::Rules;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// One page of so many asks for reports.
const REPORTING_PAGES: u32 = 16;
/// How often a gate of its own keeps what it has seen.
const KEEP_SEEN: Duration = Duration::from_secs(10);

/// Whether the gate only looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learn {
    /// It holds back.
    Off,
    /// It changes nothing, reports what it would hold back, and notes what no policy names.
    On,
}

/// The gate of one site. Clones share it; `App::wrap` takes one.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    site: SiteId,
    learn: Learn,
    policies: Policies,
    seal: SealKey,
    /// Where visitors are; a gate without it treats all alike.
    locator: Option<Locator>,
    clock: Clock,
    seen: Seen,
    /// Pages sent so far.
    pages: AtomicU32,
    /// Whether the last look for a policy found none.
    stale: AtomicBool,
    /// The rules of the last policy that could be read.
    last: RwLock<Arc<Rules>>,
}

impl Gate {
    /// A gate over an open database whose schema is up to date. What it sees is kept by a task of the runtime
    /// that this runs on, for as long as the gate is there.
    pub async fn open(store: Store, site: SiteId, learn: Learn) -> Result<Self, StoreError> {
        let (clock, rng) = (Clock::system(), Rng::system());
        let seal = SealKey::stored(&store, &clock, &rng).await?;
        let ledger = Ledger::default();
        let gate = Self::new(
            site.clone(),
            learn,
            Policies::new(store.clone()),
            seal,
            None,
            clock.clone(),
            ledger.of(site),
        );
        let alive = Arc::downgrade(&gate.0);
        tokio::spawn(async move {
            while alive.strong_count() > 0 {
                tokio::time::sleep(KEEP_SEEN).await;
                if let Err(error) = ledger.write(&store, clock.now()).await {
                    tracing::warn!(%error, "what was seen could not be written");
                }
            }
        });
        Ok(gate)
    }

    /// The gate of a site that a running server serves.
    pub fn of(state: &AppState, site: SiteId, learn: Learn) -> Self {
        let seen = state.ledger.of(site.clone());
        Self::new(
            site,
            learn,
            state.policies.clone(),
            state.seal.clone(),
            Some(state.locator.clone()),
            state.clock.clone(),
            seen,
        )
    }

    fn new(
        site: SiteId,
        learn: Learn,
        policies: Policies,
        seal: SealKey,
        locator: Option<Locator>,
        clock: Clock,
        seen: Seen,
    ) -> Self {
        let last = RwLock::new(Arc::new(Rules::without_policy()));
        // Until the first look, there is none.
        let (pages, stale) = (AtomicU32::new(0), AtomicBool::new(true));
        Self(Arc::new(Shared { site, learn, policies, seal, locator, clock, seen, pages, stale, last }))
    }

    /// The site.
    pub fn site(&self) -> &SiteId {
        &self.0.site
    }

    /// Whether the next page asks its browser to report what is blocked: one of many does, so that a busy site
    /// is not flooded, and the first.
    fn asks_for_reports(&self) -> bool {
        let pages = self.0.pages.fetch_add(1, Ordering::Relaxed);
        self.0.learn == Learn::On || pages.is_multiple_of(REPORTING_PAGES)
    }

    /// The rules of the current policy. While it cannot be read, those of the last one; before the first one,
    /// nothing optional is allowed.
    pub async fn rules(&self) -> Arc<Rules> {
        let shared = &*self.0;
        let last = Arc::clone(&shared.last.read().unwrap_or_else(PoisonError::into_inner));
        let current = match shared.policies.site(&shared.site).await {
            Ok(Some(known)) => Some(Arc::clone(&known.current)),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "the policy cannot be read");
                None
            }
        };
        let stale = current.is_none();
        if shared.stale.swap(stale, Ordering::Relaxed) != stale {
            metrics::gauge!("avow_gate_policy_stale").set(f64::from(u8::from(stale)));
        }
        let Some(current) = current else { return last };
        if last.policy.as_ref().is_some_and(|policy| policy.engine.hash == current.engine.hash) {
            return last;
        }
        match Rules::of(current) {
            Ok(rules) => {
                let rules = Arc::new(rules);
                *shared.last.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&rules);
                rules
            }
            // Its cause is in the log.
            Err(_) => last,
        }
    }
}
