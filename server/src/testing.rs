//! What the unit tests share: a fresh database of each kind, a published policy, a server with a fixed clock.

use crate::app;
use crate::assets::Build;
use crate::clock::Clock;
use crate::log::sequencer::Writer;
use crate::policy::compile;
use crate::rng::Rng;
use crate::state::AppState;
use crate::store::Store;
use crate::store::append::NewRecord;
use crate::store::policies::NewPolicy;
pub use crate::store::testing::databases;
use avow_shared::act::{Control, Form, Input, RejectButton, Surface, Viewport};
use avow_shared::id::{Millis, RecordId, SiteId};
use avow_shared::submission::{PolicyRef, Previous, SignalsRef, Submission, Ui};
use clap::Parser as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// The moment at which every test begins: 2026-01-01T00:00:00Z.
pub const NOW: Millis = Millis(1_767_225_600_000);
/// The hash under which [`publish`] publishes.
pub const HASH: &str = "aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55aa55";

/// The site of the tests.
pub fn site() -> SiteId {
    SiteId::parse("site").expect("a site's name")
}

/// Its policy file.
const POLICY: &str = include_str!("testing/site.toml");

/// Publishes the next version of that policy under a hash of the test's own, and returns its number.
pub async fn publish(store: &Store, current: u32, hash: &str, now: Millis) -> u32 {
    let file = compile::read(POLICY, "site.toml").unwrap_or_else(|faults| panic!("{faults}"));
    let mut document = compile::compile(&file, &[]);
    document.version = current + 1;
    let document = document.to_canonical();
    let new = NewPolicy { hash, source: "", document: &document, origin: "site.example/avow/site" };
    let revision = store.policies_revision().await.expect("a read");
    store.publish_version(&site(), current, revision, &new, now).await.expect("a policy is published")
}

/// A widget build without content; the names are those of `widget/testdata`.
pub fn fake_build() -> Build<'static> {
    Build {
        js: "avow-15167677414c066c.js",
        preferences: "avow-44f7c5dbca777bee.js",
        late: "avow-b1d1f0a2c3e4d5f6.js",
        wasm: "avow-aeeb5254af4e31a4.wasm",
        guard: "5207758aed76f8f9",
        guard_js: "",
        guard_compatible: "76543210fedcba98",
        guard_compatible_js: "",
        boot_js: "",
    }
}

/// A server without its HTTP, with a clock that the test moves.
pub struct TestState {
    /// The server.
    pub state: AppState,
    /// Its writer.
    pub writer: Writer,
    /// Its clock, milliseconds.
    pub clock: Arc<AtomicI64>,
    /// Its keys, and the signer's memory.
    pub data: TempDir,
}

/// The options of a server, as the command line gives them.
#[derive(clap::Parser)]
struct Options {
    #[command(flatten)]
    args: crate::cli::serve::Args,
}

/// A server over that store, with version 1 published, which counts nobody's requests.
pub async fn state(store: &Store) -> TestState {
    state_with(store, &["--rate-limit", "off"]).await
}

/// The same with these options.
pub async fn state_with(store: &Store, options: &[&str]) -> TestState {
    publish(store, 0, HASH, NOW).await;
    let clock = Arc::new(AtomicI64::new(NOW.0));
    let hand = Arc::clone(&clock);
    let data = tempfile::tempdir().expect("a directory");
    let (state, writer) = app::state(
        store.clone(),
        &Options::parse_from(["serve"].iter().chain(options)).args,
        data.path(),
        Clock::from_fn(move || Millis(hand.load(Ordering::Relaxed))),
        Rng::seeded(1),
    )
    .await
    .expect("a state is built");
    TestState { state, writer, clock, data }
}

/// A record id of the moment [`NOW`].
pub fn id(n: u8) -> RecordId {
    RecordId::from_parts(NOW, [n; 10])
}

/// The secret that goes with it.
pub fn secret(n: u8) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([n; 16])
}

/// A submission that is in order: both optional purposes answered so, on the banner with a pointer.
pub fn submission(n: u8, analytics: bool, marketing: bool) -> Submission {
    let control = match (analytics, marketing) {
        (true, true) => Control::AcceptAll,
        (false, false) => Control::RejectAll,
        _ => Control::Save,
    };
    Submission {
        id: id(n).to_text(),
        secret: secret(n),
        site: "site".to_owned(),
        policy: PolicyRef { version: 1, sha256: HASH.to_owned() },
        choices: vec![("analytics".to_owned(), analytics), ("marketing".to_owned(), marketing)],
        decided_at: NOW.0,
        locale: "en".to_owned(),
        regime: "gb".to_owned(),
        surface: Surface::Banner,
        control,
        input: Input::Pointer,
        signals: SignalsRef { gpc: false, dnt: false },
        ui: Ui {
            widget: "0123456789abcdef".to_owned(),
            guard: "0123456789abcdef".to_owned(),
            form: Form::External,
            theme: "plain".to_owned(),
            viewport: Viewport::Wide,
            reject: Some(RejectButton { width: 120, height: 44, contrast: 700, visible: true }),
        },
        chain: 0,
        previous: None,
    }
}

/// The same as a follower of submission `former`.
pub fn follower(n: u8, former: u8, chain: u32, analytics: bool, marketing: bool) -> Submission {
    let previous = Some(Previous { id: id(former).to_text(), secret: secret(former) });
    Submission { chain, previous, ..submission(n, analytics, marketing) }
}

/// A record to be appended straight to the store.
pub fn record(n: u8) -> NewRecord {
    NewRecord {
        site: "site".to_owned(),
        id: id(n),
        secret_hash: [n; 32],
        body_hash: [n; 32],
        policy_version: 1,
        event: "given",
        chain: 0,
        previous: None,
        server_time: NOW,
        client_time: NOW,
        record: format!("{{\"n\":{n}}}"),
        salt: [n; 32],
        commitment: [n; 32],
    }
}
