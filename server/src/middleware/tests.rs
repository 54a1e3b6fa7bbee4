//! Tests of the layers around every request, on the whole set of routes.

use super::{cors, limit, observe};
use crate::routes;
use crate::testing::{TestState, databases, state, state_with};
use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use serde_json::Value;

macro_rules! app {
    ($test:expr) => {
        init_service(
            App::new()
                .app_data(Data::new($test.state))
                .wrap(from_fn(limit))
                .wrap(from_fn(cors))
                .wrap(from_fn(observe))
                .configure(routes::configure),
        )
        .await
    };
}

fn header<B>(response: &ServiceResponse<B>, name: &str) -> String {
    let values: Vec<_> =
        response.headers().get_all(name).map(|value| value.to_str().expect("ASCII").to_owned()).collect();
    values.join(", ")
}

async fn problem<B: MessageBody>(response: ServiceResponse<B>) -> (u16, String) {
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    let status = response.status().as_u16();
    let body: Value = serde_json::from_slice(&read_body(response).await).expect("a problem is JSON");
    assert_eq!(body["status"], status);
    let slug = body["type"].as_str().and_then(|kind| kind.strip_prefix("urn:avow:problem:"));
    (status, slug.expect("a problem has a type of ours").to_owned())
}

async fn one_state(options: &[&str]) -> (crate::store::testing::TestDatabase, TestState) {
    let database = databases().await.into_iter().next().expect("there is always SQLite");
    let test = state_with(&database.store, options).await;
    (database, test)
}

#[actix_web::test]
async fn what_the_framework_refuses_is_a_problem_too() {
    let (_database, test) = one_state(&["--rate-limit", "off"]).await;
    let app = app!(test);
    for (method, path, status, slug) in [
        (Method::GET, "/", 404, "not-found"),
        (Method::GET, "/v2/consents", 404, "not-found"),
        (Method::DELETE, "/v1/consents", 405, "method-not-allowed"),
        (Method::POST, "/healthz", 405, "method-not-allowed"),
        (Method::GET, "/v1/consents", 400, "malformed"),
        (Method::GET, "/v1/consents/x", 400, "malformed"),
        (Method::GET, "/v1/export", 400, "malformed"),
        (Method::GET, "/v1/sites/%ff/policy", 404, "unknown-site"),
        (Method::GET, "/assets/nothing.js", 404, "not-found"),
        (Method::POST, "/v1/consents", 400, "malformed"),
    ] {
        let request = TestRequest::with_uri(path).method(method.clone()).to_request();
        let response = call_service(&app, request).await;
        if status == 405 {
            assert!(!header(&response, "allow").is_empty(), "{method} {path} says what is allowed");
        }
        assert_eq!(problem(response).await, (status, slug.to_owned()), "{method} {path}");
    }
}

#[actix_web::test]
async fn every_answer_is_harmless_and_has_an_id_of_its_own() {
    let (_database, test) = one_state(&["--rate-limit", "off"]).await;
    let app = app!(test);
    let mut ids = std::collections::HashSet::new();
    for path in ["/healthz", "/nothing", "/openapi.json", "/v1/sites/site/policy", "/v1/sites/none/policy"] {
        let request = TestRequest::get().uri(path).insert_header(("avow-request-id", "theirs")).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer", "{path}");
        assert_eq!(
            header(&response, "content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(header(&response, "cross-origin-resource-policy"), "same-origin", "{path}");
        let id = header(&response, "avow-request-id");
        assert_ne!(id, "theirs");
        assert!(ids.insert(id), "{path}");
    }
}

#[actix_web::test]
async fn a_preflight_is_answered_for_pages_of_published_sites_only() {
    for database in databases().await {
        let app = app!(state(&database.store).await);
        for (origin, allowed) in [
            ("https://site.example", true),
            ("https://evil.example", false),
            ("http://site.example", false),
            ("null", false),
        ] {
            for path in ["/v1/consents", "/v1/consents/0198", "/v1/receipts/0198"] {
                let request = TestRequest::with_uri(path)
                    .method(Method::OPTIONS)
                    .insert_header(("origin", origin))
                    .insert_header(("access-control-request-method", "POST"))
                    .insert_header(("access-control-request-headers", "content-type"))
                    .to_request();
                let response = call_service(&app, request).await;
                assert_eq!(response.status(), StatusCode::NO_CONTENT);
                let (echo, methods) = if allowed { (origin, "GET, POST, DELETE") } else { ("", "") };
                assert_eq!(header(&response, "access-control-allow-origin"), echo, "{origin} {path}");
                assert_eq!(header(&response, "access-control-allow-methods"), methods);
                assert_eq!(header(&response, "access-control-allow-credentials"), "");
                assert!(header(&response, "vary").contains("Origin"));
            }
        }
        let plain = TestRequest::with_uri("/healthz")
            .method(Method::OPTIONS)
            .insert_header(("origin", "https://site.example"))
            .insert_header(("access-control-request-method", "GET"))
            .to_request();
        let response = call_service(&app, plain).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, "access-control-allow-origin"), "");
    }
}

#[actix_web::test]
async fn a_page_of_the_site_can_read_its_problem_and_a_foreign_one_cannot() {
    let (_database, test) = one_state(&["--rate-limit", "off"]).await;
    let app = app!(test);
    for (origin, echo) in [("https://site.example", "https://site.example"), ("https://evil.example", "")] {
        let request = TestRequest::post()
            .uri("/v1/consents")
            .insert_header(("origin", origin))
            .insert_header(("content-type", "application/json"))
            .set_payload("{")
            .to_request();
        let response = call_service(&app, request).await;
        assert_eq!(header(&response, "access-control-allow-origin"), echo);
        assert_eq!(problem(response).await, (400, "malformed".to_owned()));
    }
}

/// Status and `Retry-After` of a POST that comes from that peer.
macro_rules! post_as {
    ($app:expr, $peer:literal, $forwarded:expr) => {{
        let forwarded: Option<&str> = $forwarded;
        let mut request = TestRequest::post()
            .uri("/v1/consents")
            .peer_addr(concat!($peer, ":4711").parse().expect("an address"))
            .set_payload("{");
        if let Some(forwarded) = forwarded {
            request = request.insert_header(("x-forwarded-for", forwarded));
        }
        let response = call_service($app, request.to_request()).await;
        (response.status().as_u16(), header(&response, "retry-after"))
    }};
}

#[actix_web::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let (_database, test) = one_state(&["--rate-limit", "0.1:2"]).await;
    let app = app!(test);
    for _ in 0..2 {
        assert_eq!(post_as!(&app, "192.0.2.1", None).0, 400);
    }
    let (status, retry) = post_as!(&app, "192.0.2.1", None);
    assert_eq!(status, 429);
    let seconds: u32 = retry.parse().expect("Retry-After is a number of seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    assert_eq!(post_as!(&app, "192.0.2.1", Some("203.0.113.5")).0, 429, "a header changes nothing");
    assert_eq!(post_as!(&app, "192.0.2.2", None).0, 400);
    let public =
        TestRequest::get().uri("/v1/sites/site/policy").peer_addr("192.0.2.1:1".parse().expect("an address"));
    assert_eq!(call_service(&app, public.to_request()).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_visitor_counts_alone() {
    let (_database, test) = one_state(&["--rate-limit", "0.1:1", "--trusted-proxy", "loopback"]).await;
    let app = app!(test);
    for visitor in ["203.0.113.1", "203.0.113.2", "spoofed, 203.0.113.3"] {
        assert_eq!(post_as!(&app, "127.0.0.1", Some(visitor)).0, 400, "{visitor}");
    }
    assert_eq!(post_as!(&app, "127.0.0.1", Some("203.0.113.9, 203.0.113.3")).0, 429);
}

#[actix_web::test]
async fn the_metrics_page_is_for_who_asks_directly() {
    crate::metrics::install();
    let (_database, test) = one_state(&["--rate-limit", "off"]).await;
    let app = app!(test);
    call_service(&app, TestRequest::get().uri("/v1/sites/secret-site/policy").to_request()).await;
    let response = call_service(&app, TestRequest::get().uri("/metrics").to_request()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = String::from_utf8(read_body(response).await.to_vec()).expect("metrics are text");
    assert!(page.contains(r#"route="/v1/sites/{site}/policy",method="GET",status="404""#), "{page}");
    assert!(!page.contains("secret-site"), "a path is no label");
    for name in ["x-forwarded-for", "forwarded", "via"] {
        let request = TestRequest::get().uri("/metrics").insert_header((name, "x")).to_request();
        assert_eq!(problem(call_service(&app, request).await).await, (404, "not-found".to_owned()), "{name}");
    }
}
