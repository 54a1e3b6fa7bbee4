//! Exports over HTTP: for a DPO's token, as a download, audited. On both databases.

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;

use super::*;
use crate::access::Scope;
use crate::testing::{databases, record, site, state};

#[actix_web::test]
async fn a_dpo_downloads_and_the_audit_knows_and_nobody_else_gets_anything() {
    for database in databases().await {
        let store = &database.store;
        let test = state(store).await;
        store.append(&[record(1), record(2)]).await.expect("records are appended");
        let (clock, rng) = (test.state.clock.clone(), test.state.rng.clone());
        let issue = async |scope| {
            access::create(store, &clock, &rng, &site(), scope, "").await.expect("the site exists")
        };
        let (officer, operator) = (issue(Scope::Dpo).await, issue(Scope::Operator).await);
        let app = init_service(App::new().app_data(Data::new(test.state)).configure(configure)).await;
        let get = async |query: &str, token: &str| {
            let request = TestRequest::get().uri(&format!("/v1/export?{query}"));
            let request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
            call_service(&app, request.to_request()).await
        };

        for query in ["site=site&format=ndjson", "site=other&format=ndjson"] {
            for token in [operator.token.as_str(), "avow_nonsense", ""] {
                assert_eq!(get(query, token).await.status(), StatusCode::UNAUTHORIZED);
            }
        }
        assert!(store.list_audit(&site(), 10).await.expect("the store answers").is_empty());
        for wrong in ["site=site", "site=site&format=xml", "site=site&format=csv&name=Jane"] {
            assert_eq!(get(wrong, &officer.token).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
        }

        let answer = get("site=site&format=ndjson", &officer.token).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let header =
            |name| answer.headers().get(name).map(|value| value.to_str().expect("plain text").to_owned());
        assert_eq!(header(CONTENT_TYPE).as_deref(), Some("application/x-ndjson"));
        assert_eq!(header(CACHE_CONTROL).as_deref(), Some("no-store"));
        assert!(header(CONTENT_DISPOSITION).is_some_and(|value| value.contains("site-consents.ndjson")));
        let text = String::from_utf8(read_body(answer).await.to_vec()).expect("text");
        assert_eq!(text.lines().count(), 2);
        let audit = store.list_audit(&site(), 10).await.expect("the store answers");
        assert_eq!(audit.len(), 1);
        assert_eq!((audit[0].actor.as_str(), audit[0].action.as_str()), (officer.id.as_str(), "export"));
    }
}
