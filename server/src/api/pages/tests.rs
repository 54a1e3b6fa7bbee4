//! The pages and the form over HTTP, on both databases.

use crate::api::problem::Kind;
use crate::routes;
use crate::store::records::Filter;
use crate::testing::{HASH, TestState, databases, site, state};
use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Data;
use avow_shared::cookie;

/// What a browser sends with a form that a person has sent.
const BY_HAND: [(&str, &str); 5] = [
    ("origin", "https://site.example"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-user", "?1"),
    ("content-type", "application/x-www-form-urlencoded"),
];

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("our headers are ASCII"))
    }

    /// The consent cookie that is set, as a browser sends it back.
    fn cookie(&self) -> Option<String> {
        self.headers
            .get("set-cookie")
            .map(|line| line.to_str().expect("ASCII").split(';').next().expect("a pair").to_owned())
    }

    fn is(&self, kind: Kind) -> bool {
        self.status == kind.code() && self.text.contains(&kind.type_uri())
    }
}

struct Site {
    state: Data<crate::state::AppState>,
    rest: (crate::log::sequencer::Writer, tempfile::TempDir),
}

impl Site {
    fn new(test: TestState) -> Self {
        Self { state: Data::new(test.state), rest: (test.writer, test.data) }
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().app_data(self.state.clone()).configure(routes::configure)).await;
        let response = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a body"));
        Answer { status, headers, text: String::from_utf8(bytes.to_vec()).expect("UTF-8") }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(TestRequest::get().uri(path).insert_header(("cookie", cookie))).await
    }

    async fn post(&self, headers: &[(&str, &str)], cookie: &str, form: &str) -> Answer {
        let mut request = TestRequest::post()
            .uri("/page/site/answer")
            .insert_header(("cookie", cookie))
            .set_payload(form.to_owned());
        for header in headers {
            request = request.insert_header(*header);
        }
        self.send(request).await
    }

    async fn by_hand(&self, cookie: &str, form: &str) -> Answer {
        self.post(&BY_HAND, cookie, form).await
    }

    async fn records(&self) -> Vec<serde_json::Value> {
        let page = self.state.store.export_page(&site(), &Filter::default(), -1, 100).await.expect("a page");
        page.iter().map(|stored| serde_json::from_str(&stored.record).expect("JSON")).collect()
    }

    async fn end(self) {
        drop(self.state);
        self.rest.0.finish().await;
    }
}

fn form(button: &str, analytics: &str, marketing: &str) -> String {
    format!(
        "policy={HASH}&regime=gb&language=en&purpose.analytics={analytics}&purpose.marketing={marketing}&button={button}"
    )
}

#[actix_web::test]
async fn a_choice_is_made_seen_and_taken_back_without_a_script() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        let page = site.get("/page/site/cookies", "").await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
        assert_eq!(page.header("cache-control"), "private, no-store");
        assert_eq!(page.text.matches("Not answered yet").count(), 2, "{}", page.text);
        assert_eq!(page.text.matches(r#"value="off" checked"#).count(), 2, "nothing is on beforehand");
        assert!(!page.text.contains("<script") && !page.text.contains(" style="));

        let taken = site.by_hand("", &form("save", "on", "off")).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
        assert!(
            taken.text.contains("Your choices have been saved.") && taken.text.contains("Your reference")
        );
        assert!(taken.header("set-cookie").contains("; Max-Age=15552000; SameSite=Lax; Secure"));
        let held = taken.cookie().expect("an answer is remembered");
        let stored = cookie::find_in(&held).and_then(cookie::parse).expect("our cookie");
        assert!(stored.seal.is_some(), "there is no script that could have it sealed later");
        let page = site.get("/page/site/cookies", &held).await;
        assert_eq!(page.text.matches("<strong>Allowed</strong>").count(), 1);
        assert_eq!(page.text.matches("<strong>Refused</strong>").count(), 1);

        let back = site.by_hand(&held, &(form("reject", "on", "on") + "&back=/cookies%3Fa")).await;
        assert_eq!((back.status, back.header("location")), (303, "/cookies?a"));
        let held = back.cookie().expect("a refusal is remembered");
        let page = site.get("/page/site/cookies", &held).await;
        assert_eq!(page.text.matches("<strong>Refused</strong>").count(), 2);

        let records = site.records().await;
        let told: Vec<_> = records.iter().map(|record| record["event"].as_str().expect("text")).collect();
        assert_eq!(told, ["partially_given", "withdrawn"]);
        let ui = &records[0]["ui"];
        assert_eq!(
            (&ui["surface"], &ui["input"], &ui["form"], &ui["viewport"]),
            (&"form".into(), &"submit".into(), &"none".into(), &"unknown".into())
        );
        assert_eq!(ui["reject"], serde_json::Value::Null);
        site.end().await;
    }
}

#[actix_web::test]
async fn a_grant_needs_a_person_and_a_refusal_does_not() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        let script = |leave_out: &str| -> Vec<(&str, &str)> {
            BY_HAND.into_iter().filter(|(name, _)| *name != leave_out).collect()
        };
        for missing in ["sec-fetch-user", "sec-fetch-mode"] {
            for filled in [form("accept", "off", "off"), form("save", "on", "off")] {
                let answer = site.post(&script(missing), "", &filled).await;
                assert!(answer.is(Kind::GrantWithoutGesture), "{missing} {filled}: {}", answer.text);
                assert_eq!(answer.cookie(), None);
            }
            assert_eq!(site.post(&script(missing), "", &form("reject", "on", "on")).await.status, 200);
        }
        let mut foreign = BY_HAND;
        foreign[0].1 = "https://evil.example";
        for button in ["accept", "reject"] {
            assert!(site.post(&foreign, "", &form(button, "on", "on")).await.is(Kind::ForeignOrigin));
        }
        assert_eq!(site.records().await.len(), 2);
        site.end().await;
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_form_is_told_and_nothing_is_stored() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        for (filled, kind) in [
            (form("agree", "on", "on"), Kind::Invalid),
            (form("save", "on", "on").replace("analytics", "telepathy"), Kind::UndeclaredPurpose),
            (form("save", "on", "on") + "&purpose.session=off", Kind::UndeclaredPurpose),
            (format!("policy={HASH}&regime=gb&button=save"), Kind::MissingPurpose),
            (form("save", "on", "on").replace(HASH, &"0".repeat(64)), Kind::UnknownVersion),
            (form("save", "on", "on").replace("regime=gb", "regime=fr"), Kind::Invalid),
            ("a".repeat(20_000), Kind::TooLarge),
        ] {
            let answer = site.by_hand("", &filled).await;
            assert!(answer.is(kind), "{filled:.80}: {} {}", answer.status, answer.text);
        }
        assert!(site.records().await.is_empty());
        // A way back that leads elsewhere is none.
        for back in ["//evil.example", "https://evil.example", "/%5Cevil.example", "/a b", "/a%0d%0ax:y"] {
            let answer = site.by_hand("", &format!("{}&back={back}", form("reject", "off", "off"))).await;
            assert_eq!((answer.status, answer.header("location")), (200, ""), "{back}");
        }
        site.end().await;
    }
}

#[actix_web::test]
async fn a_sites_own_server_is_told_what_may_run() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        let mut headers = BY_HAND.to_vec();
        headers.push(("accept", "application/json"));
        // A box that is ticked sends its own field beside the hidden one that says it was there.
        let both = "button=save&purpose.analytics=off&purpose.analytics=on&purpose.marketing=off";
        let taken = site.post(&headers, "", both).await;
        let body: serde_json::Value = serde_json::from_str(&taken.text).expect("JSON");
        let granted = serde_json::json!(["analytics"]);
        assert_eq!((&body["event"], &body["granted"]), (&"partially_given".into(), &granted));
        let held = taken.cookie().expect("remembered");
        // Part of what the banner asks for can be taken back by a form of the site's, and not granted.
        let alone = site.post(&headers, "", "button=save&purpose.marketing=on").await;
        assert!(alone.is(Kind::GrantWithoutGesture), "{}", alone.text);
        let back = site.post(&headers, &held, "button=save&purpose.analytics=off").await;
        let stored =
            cookie::find_in(&back.cookie().expect("remembered")).and_then(cookie::parse).expect("ours");
        assert!(!stored.decision.grants_any() && stored.decision.choices.len() == 2);
        site.end().await;
    }
}

#[actix_web::test]
async fn a_no_counts_however_old_its_form_is_and_whoever_sent_it() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        let held = site.by_hand("", &form("accept", "off", "off")).await.cookie().expect("remembered");
        let gone = "0".repeat(64);
        for filled in [
            form("reject", "on", "on").replace(HASH, &gone),
            form("save", "off", "off").replace(HASH, &gone).replace("regime=gb", "regime=us-ca.1.x"),
            form("save", "off", "off").replace("marketing", "dropped"),
        ] {
            let answer = site.post(&BY_HAND[..2], &held, &filled).await;
            assert_eq!(answer.status, 200, "{filled}: {}", answer.text);
        }
        // What stands may stand: without a gesture one is taken back, and the other stays.
        let part = site.post(&BY_HAND[..2], &held, &form("save", "on", "off")).await;
        let stored =
            cookie::find_in(&part.cookie().expect("remembered")).and_then(cookie::parse).expect("ours");
        let told: Vec<bool> = stored.decision.choices.iter().map(|choice| choice.granted).collect();
        assert_eq!(told, [true, false]);
        site.end().await;
    }
}

#[actix_web::test]
async fn an_answer_that_the_device_would_not_keep_is_not_recorded() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        for (page, host, fetch_site, kept) in [
            ("https://site.example", "site.example", "same-origin", true),
            ("https://site.example", "consent.site.example", "same-site", true),
            ("https://site.example", "consent.elsewhere.example", "cross-site", false),
            ("null", "site.example", "same-origin", true),
            ("null", "site.example", "cross-site", false),
        ] {
            let before = site.records().await.len();
            let mut headers = BY_HAND.to_vec();
            (headers[0].1, headers[1].1) = (page, fetch_site);
            headers.push(("host", host));
            let answer = site.post(&headers, "", &form("reject", "on", "on")).await;
            assert_eq!(answer.cookie().is_some(), kept, "{page} {host}: {}", answer.text);
            assert_eq!(site.records().await.len() - before, usize::from(kept), "{page} {host}");
        }
        site.end().await;
    }
}

#[actix_web::test]
async fn a_policy_without_a_notice_has_no_page_of_it_and_versions_are_listed() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        assert!(site.get("/page/site/notice", "").await.is(Kind::NotFound));
        assert!(site.get("/page/elsewhere/cookies", "").await.is(Kind::UnknownSite));
        assert!(site.get("/page/site/versions?with=7", "").await.is(Kind::NotFound));
        let versions = site.get("/page/site/versions?lang=cy&part=main", "").await;
        assert!(
            versions.text.starts_with("<ul") && versions.text.contains("2026-01-01"),
            "{}",
            versions.text
        );
        let asked = TestRequest::get()
            .uri("/page/site/cookies")
            .insert_header(("accept-language", "fr, cy-GB;q=0.9"));
        assert!(site.send(asked).await.text.contains(r#"<html lang="cy" dir="ltr">"#));
        site.end().await;
    }
}

#[actix_web::test]
async fn the_opt_out_signal_is_exactly_one() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        for (sent, heard) in [
            (&["1"][..], true),
            (&["0"], false),
            (&[], false),
            (&["0", "1"], true),
            (&["true"], false),
            (&["1, 1"], false),
            (&["11"], false),
            (&["1 "], true),
            (&["\t1"], true),
            (&["1 1"], false),
            (&[""], false),
        ] {
            let mut request = TestRequest::get().uri("/page/site/cookies");
            for value in sent {
                request = request.append_header(("sec-gpc", *value));
            }
            let page = site.send(request).await;
            assert_eq!(page.text.contains("asks websites not to share or sell"), heard, "{sent:?}");
        }
        site.end().await;
    }
}

#[actix_web::test]
async fn the_site_says_that_it_honors_the_signal() {
    for database in databases().await {
        let site = Site::new(state(&database.store).await);
        let said = site.get("/site/site/gpc.json", "").await;
        assert_eq!((said.status, said.header("content-type")), (200, "application/json"));
        assert_eq!(said.text, r#"{"gpc":true,"lastUpdate":"2026-01-01"}"#);
        assert!(site.get("/site/elsewhere/gpc.json", "").await.is(Kind::UnknownSite));
        site.end().await;
    }
}
