//! `/v1/consents` over HTTP, on both databases: what is taken, what is refused, what is handed out.

use crate::api::problem::Kind;
use crate::log::sequencer::Writer;
use crate::routes;
use crate::state::AppState;
use crate::store::records::Filter;
use crate::testing::{
    HASH, NOW, TestState, databases, follower, id, publish, secret, site, state, submission,
};
use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use avow_shared::act::{Control, Input, RejectButton, Surface};
use avow_shared::commitment::commitment;
use avow_shared::id::{DAY_MS, Millis, RecordId, hex};
use avow_shared::submission::Submission;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

const ORIGIN: (&str, &str) = ("Origin", "https://site.example");

struct Answer {
    status: StatusCode,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("a JSON body")
    }

    fn text(&self, key: &str) -> String {
        self.json()[key].as_str().expect("a string").to_owned()
    }

    fn is(&self, kind: Kind) -> bool {
        self.status == kind.status() && self.text("type") == kind.type_uri()
    }
}

/// A server in this process; requests do not pass through a socket.
struct Api {
    state: Data<AppState>,
    clock: Arc<AtomicI64>,
    /// Kept, for the log stops when they are dropped.
    _kept: (Writer, TempDir),
}

impl Api {
    fn new(state: TestState) -> Self {
        Self { state: Data::new(state.state), clock: state.clock, _kept: (state.writer, state.data) }
    }

    async fn call(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().app_data(self.state.clone()).configure(routes::configure)).await;
        let response = call_service(&app, request.to_request()).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body()).await.expect("a body").to_vec();
        Answer { status, bytes }
    }

    async fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        let request = TestRequest::post().uri("/v1/consents").insert_header(ORIGIN);
        self.call(request.set_payload(body.into())).await
    }

    async fn send(&self, submission: &Submission) -> Answer {
        self.post(submission.to_json()).await
    }

    async fn read(&self, id: &str, secret: &str) -> Answer {
        let uri = format!("/v1/consents/{id}?site=site");
        self.call(TestRequest::get().uri(&uri).insert_header((super::SECRET_HEADER, secret))).await
    }

    async fn count(&self) -> usize {
        let page = self.state.store.export_page(&site(), &Filter::default(), -1, 1000).await;
        page.expect("a page").len()
    }
}

#[actix_web::test]
async fn a_decision_becomes_a_record_that_its_secret_opens() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        let answer = api.send(&submission(1, true, false)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.bytes));
        assert_eq!(answer.text("event"), "partially_given");
        let record = answer.text("record");
        let salt =
            URL_SAFE_NO_PAD.decode(answer.text("salt")).expect("base64url").try_into().expect("32 bytes");
        assert_eq!(answer.text("commitment"), hex(&commitment(&salt, record.as_bytes())));
        let parsed: Value = serde_json::from_str(&record).expect("a record");
        assert_eq!(serde_json_canonicalizer::to_string(&parsed).expect("canonical"), record);
        assert_eq!(answer.text("seal").len(), 22);

        let stored = api.read(&id(1).to_text(), &secret(1)).await;
        assert_eq!(stored.status, StatusCode::OK);
        assert_eq!(stored.text("record"), record);
        assert_eq!(stored.text("commitment"), answer.text("commitment"));
        assert_eq!(stored.json()["current"], true);
        assert!(!record.contains(&secret(1)));
    }
}

#[actix_web::test]
async fn the_same_again_gives_the_same_answer() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        let first = api.send(&submission(1, true, true)).await;
        api.clock.store(NOW.0 + 5_000, Ordering::Relaxed);
        let again = api.send(&submission(1, true, true)).await;
        assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::OK));
        assert_eq!(first.bytes, again.bytes);
        // Also when by now the version is retired and the decision long past.
        publish(&database.store, 1, "b", NOW).await;
        api.clock.store(NOW.0 + 100 * DAY_MS, Ordering::Relaxed);
        let late = api.send(&submission(1, true, true)).await;
        assert_eq!((late.status, late.bytes), (StatusCode::OK, first.bytes));
        assert!(api.send(&submission(2, true, true)).await.is(Kind::ClockSkew));
        assert_eq!(api.count().await, 1);
    }
}

#[actix_web::test]
async fn a_taken_id_tells_nothing_to_others() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        api.send(&submission(1, true, true)).await;
        let other_body = api.send(&submission(1, false, false)).await;
        let other_secret = api.send(&Submission { secret: secret(2), ..submission(1, true, true) }).await;
        assert!(other_body.is(Kind::IdConflict));
        assert!(other_secret.is(Kind::IdConflict));
        assert_eq!(other_body.bytes, other_secret.bytes);
        assert_eq!(api.count().await, 1);
    }
}

#[actix_web::test]
async fn unknown_id_and_wrong_secret_are_one_answer() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        api.send(&submission(1, true, true)).await;
        let wrong = api.read(&id(1).to_text(), &secret(2)).await;
        assert!(wrong.is(Kind::NotFound));
        for other in [
            api.read(&id(2).to_text(), &secret(2)).await,
            api.read("nonsense", &secret(2)).await,
            api.read(&id(1).to_text(), "").await,
        ] {
            assert_eq!((other.status, &other.bytes), (wrong.status, &wrong.bytes));
        }
        let bare = TestRequest::get().uri("/v1/consents/x?site=site");
        assert!(api.call(bare).await.is(Kind::Unauthorized));
    }
}

#[actix_web::test]
async fn a_withdrawal_wins_whichever_arrives_first() {
    for late_grant in [false, true] {
        for database in databases().await {
            let api = Api::new(state(&database.store).await);
            let grant = submission(1, true, true);
            let withdrawal = Submission { control: Control::Withdraw, ..follower(2, 1, 1, false, false) };
            let order = if late_grant { [&withdrawal, &grant] } else { [&grant, &withdrawal] };
            for submission in order {
                assert_eq!(api.send(submission).await.status, StatusCode::CREATED);
            }
            let current = |answer: Answer| answer.json()["current"].as_bool();
            assert_eq!(current(api.read(&id(1).to_text(), &secret(1)).await), Some(false));
            let last = api.read(&id(2).to_text(), &secret(2)).await;
            assert_eq!(last.text("event"), "withdrawn");
            let record: Value = serde_json::from_str(&last.text("record")).expect("a record");
            // The former record's commitment is named only if it was there.
            assert_eq!(record["previous"].is_null(), late_grant);
            assert_eq!(current(last), Some(true));
        }
    }
}

#[actix_web::test]
async fn a_stranger_cannot_enter_a_chain() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        api.send(&submission(1, true, true)).await;
        let mut stranger = follower(2, 1, 1, false, false);
        stranger.previous.as_mut().expect("a follower").secret = secret(9);
        assert_eq!(api.send(&stranger).await.status, StatusCode::CREATED);
        assert_eq!(api.read(&id(1).to_text(), &secret(1)).await.json()["current"], true);
        let record = api.read(&id(2).to_text(), &secret(2)).await.text("record");
        assert!(record.contains(r#""previous":null"#) && record.contains(r#""event":"refused""#));
    }
}

#[actix_web::test]
async fn the_same_choices_anew_are_a_renewal() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        api.send(&submission(1, true, false)).await;
        assert_eq!(api.send(&follower(2, 1, 1, true, false)).await.text("event"), "renewed");
        assert_eq!(api.send(&follower(3, 2, 2, true, true)).await.text("event"), "given");
    }
}

/// Every way in which a submission that parses can be wrong.
fn wrong_submissions() -> Vec<(&'static str, Submission, Kind)> {
    let good = || submission(1, true, true);
    let refused = || submission(1, false, false);
    let at = |ms: i64| {
        let id = RecordId::from_parts(Millis(ms), [1; 10]).to_text();
        Submission { id, decided_at: ms, ..good() }
    };
    let chosen = |choices: &[(&str, bool)]| Submission {
        choices: choices.iter().map(|(purpose, granted)| ((*purpose).to_owned(), *granted)).collect(),
        control: Control::Save,
        ..good()
    };
    let reject = |width, contrast, visible| {
        let mut wrong = good();
        wrong.ui.reject = Some(RejectButton { width, height: 44, contrast, visible });
        wrong
    };
    let edited = |edit: fn(&mut Submission)| {
        let mut wrong = good();
        edit(&mut wrong);
        wrong
    };
    vec![
        ("unknown site", edited(|s| s.site = "other".to_owned()), Kind::UnknownSite),
        ("not a site", edited(|s| s.site = "No Site".to_owned()), Kind::UnknownSite),
        ("version", edited(|s| s.policy.version = 2), Kind::UnknownVersion),
        ("hash", edited(|s| s.policy.sha256 = HASH.replace("aa", "bb")), Kind::UnknownVersion),
        (
            "undeclared",
            chosen(&[("analytics", true), ("marketing", true), ("x", true)]),
            Kind::UndeclaredPurpose,
        ),
        ("missing", chosen(&[("analytics", true)]), Kind::MissingPurpose),
        (
            "necessary refused",
            chosen(&[("analytics", true), ("marketing", true), ("session", false)]),
            Kind::NecessaryRefused,
        ),
        ("a year ahead", at(NOW.0 + 365 * DAY_MS), Kind::ClockSkew),
        ("a year behind", at(NOW.0 - 365 * DAY_MS), Kind::ClockSkew),
        ("a time at the end of numbers", edited(|s| s.decided_at = i64::MAX), Kind::ClockSkew),
        ("a time at the other end", edited(|s| s.decided_at = i64::MIN), Kind::ClockSkew),
        ("an id of another time", edited(|s| s.decided_at += 3_600_000), Kind::Invalid),
        ("a grant by script", edited(|s| s.input = Input::Script), Kind::GrantWithoutGesture),
        ("no reject button", edited(|s| s.ui.reject = None), Kind::GrantWithoutGesture),
        (
            "no reject button behind a page's own call",
            edited(|s| {
                s.surface = Surface::Page;
                s.ui.reject = None;
            }),
            Kind::GrantWithoutGesture,
        ),
        ("a small reject button", reject(10, 700, true), Kind::GrantWithoutGesture),
        ("a pale reject button", reject(120, 120, true), Kind::GrantWithoutGesture),
        ("a hidden reject button", reject(120, 700, false), Kind::GrantWithoutGesture),
        ("accept that refuses", Submission { control: Control::AcceptAll, ..refused() }, Kind::Invalid),
        ("reject that grants", edited(|s| s.control = Control::RejectAll), Kind::Invalid),
        ("locale", edited(|s| s.locale = "xx".to_owned()), Kind::Invalid),
        ("regime", edited(|s| s.regime = "lax".to_owned()), Kind::Invalid),
        ("id", edited(|s| s.id = s.id.to_uppercase()), Kind::Invalid),
        ("secret", edited(|s| s.secret = "short".to_owned()), Kind::Invalid),
        ("theme", edited(|s| s.ui.theme = "<b>".to_owned()), Kind::Invalid),
        ("widget", edited(|s| s.ui.widget = "x".to_owned()), Kind::Invalid),
        ("chain without former", edited(|s| s.chain = 1), Kind::Invalid),
        ("former without chain", follower(1, 2, 0, true, true), Kind::Invalid),
        ("its own former", follower(1, 1, 1, true, true), Kind::Invalid),
    ]
}

#[actix_web::test]
async fn every_wrong_submission_has_its_own_answer_and_stores_nothing() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        for (name, wrong, kind) in wrong_submissions() {
            let answer = api.send(&wrong).await;
            assert!(answer.is(kind), "{name}: {}", String::from_utf8_lossy(&answer.bytes));
            assert!(!String::from_utf8_lossy(&answer.bytes).contains(&wrong.secret), "{name}");
        }
        let skewed = Submission { decided_at: i64::MAX, ..submission(1, true, true) };
        assert_eq!(api.send(&skewed).await.json()["server_time"], NOW.0);
        assert_eq!(api.count().await, 0);
    }
}

#[actix_web::test]
async fn bytes_that_are_no_submission_are_refused() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        let good = submission(1, true, true).to_json();
        let twice = good.replacen("\"analytics\":true", "\"analytics\":true,\"analytics\":false", 1);
        let cases: [(&str, Vec<u8>, Kind); 9] = [
            ("empty", Vec::new(), Kind::Malformed),
            ("truncated", good.as_bytes()[..good.len() - 9].to_vec(), Kind::Malformed),
            (
                "not UTF-8",
                good.replacen("\"en\"", "\"\u{1}\"", 1)
                    .into_bytes()
                    .iter()
                    .map(|b| if *b == 1 { 0xff } else { *b })
                    .collect(),
                Kind::Malformed,
            ),
            ("rubbish after", format!("{good}x").into_bytes(), Kind::Malformed),
            ("deep", "[".repeat(10_000).into_bytes(), Kind::Invalid),
            ("a megabyte", vec![b' '; 1_000_000], Kind::TooLarge),
            ("another shape", b"[]".to_vec(), Kind::Invalid),
            ("unknown field", good.replacen('{', "{\"a\":1,", 1).into_bytes(), Kind::Invalid),
            ("a purpose twice", twice.into_bytes(), Kind::Invalid),
        ];
        for (name, body, kind) in cases {
            let answer = api.post(body).await;
            assert!(answer.is(kind), "{name}: {}", String::from_utf8_lossy(&answer.bytes));
        }
        assert_eq!(api.count().await, 0);
    }
}

#[actix_web::test]
async fn only_the_sites_own_pages_may_send() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        let body = submission(1, true, true).to_json();
        let request = || TestRequest::post().uri("/v1/consents").set_payload(body.clone());
        for foreign in ["https://evil.example", "http://site.example", "null"] {
            assert!(api.call(request().insert_header(("Origin", foreign))).await.is(Kind::ForeignOrigin));
        }
        assert!(api.call(request()).await.is(Kind::ForeignOrigin));
        let cross = request().insert_header(("Sec-Fetch-Site", "cross-site"));
        assert!(api.call(cross).await.is(Kind::ForeignOrigin));
        assert_eq!(api.count().await, 0);
        let same = request().insert_header(("Sec-Fetch-Site", "same-origin"));
        assert_eq!(api.call(same).await.status, StatusCode::CREATED);
    }
}

#[actix_web::test]
async fn a_refusal_counts_however_it_came() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        let mut refusal = submission(1, false, false);
        refusal.input = Input::Script;
        refusal.surface = Surface::Page;
        refusal.ui.reject = None;
        let answer = api.send(&refusal).await;
        assert_eq!((answer.status, answer.text("event").as_str()), (StatusCode::CREATED, "refused"));
    }
}

#[actix_web::test]
async fn a_superseded_version_is_accepted_for_its_days() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        publish(&database.store, 1, "b", NOW).await;
        assert_eq!(api.send(&submission(1, true, true)).await.status, StatusCode::CREATED);
        api.clock.store(NOW.0 + 8 * DAY_MS, Ordering::Relaxed);
        assert!(api.send(&submission(2, true, true)).await.is(Kind::UnknownVersion));
        assert_eq!(api.count().await, 1);
    }
}

#[actix_web::test]
async fn without_its_database_the_server_asks_to_come_again() {
    for database in databases().await {
        let api = Api::new(state(&database.store).await);
        // The policies are known, so the request gets as far as the log.
        api.send(&submission(1, true, true)).await;
        database.store.close().await;
        assert!(api.send(&submission(2, true, true)).await.is(Kind::Unavailable));
    }
}

#[actix_web::test]
async fn what_is_queued_when_the_server_stops_is_written() {
    for database in databases().await {
        let TestState { state, writer, data: _data, .. } = state(&database.store).await;
        // The entries of what was published come first.
        state.sequencer.settle(site()).await.expect("the log opens");
        let before = state.store.log_size(&site()).await.expect("a size");
        let queued: Vec<_> = (0..50)
            .map(|n| {
                let sequencer = state.sequencer.clone();
                let record = crate::testing::record(n);
                tokio::spawn(async move { sequencer.append(record).await })
            })
            .collect();
        // Lets them queue; the writer has had no turn to commit all of them yet.
        tokio::task::yield_now().await;
        writer.finish().await;
        let mut stored = 0;
        for task in queued {
            // One that came too late is told so; no other answer is allowed.
            match task.await.expect("no panic") {
                Ok(_) => stored += 1,
                Err(error) => assert_eq!(error.kind, Kind::Unavailable),
            }
        }
        assert!(stored > 0);
        assert_eq!(state.store.log_size(&site()).await.expect("a size"), before + stored);
    }
}
