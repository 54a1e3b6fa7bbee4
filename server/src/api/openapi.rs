//! `GET /openapi.json`: the description of every path, with the problems it may answer.

use super::resource;
use crate::api::{
    assets, bundle, consents, export, handovers, log, ops, pages, policy, problem, processing, receipts,
    region, reports, shown, site_files,
};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, ServiceConfig, get};
use std::sync::LazyLock;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config.service(resource("/openapi.json").route(get().to(openapi)));
}

/// The whole description. Each handler describes itself; a test holds this list against the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Avow",
        description = "Cookie consent that can be proved. Errors are application/problem+json; \
                       their types are urn:avow:problem: and the words named at each answer."
    ),
    tags(
        (name = "consents", description = "decisions and records"),
        (name = "records", description = "exports"),
        (name = "log", description = "a site's log, as C2SP tlog-tiles"),
        (name = "policies", description = "what a site asks for"),
        (name = "pages", description = "Avow's pages for visitors, and the form"),
        (name = "site files", description = "what pages load"),
        (name = "gate", description = "what browsers report"),
        (name = "operation", description = "for who runs the server"),
    ),
    paths(
        consents::create,
        consents::find,
        consents::read,
        consents::erase,
        handovers::offer,
        handovers::take,
        shown::shown,
        shown::file,
        receipts::read,
        receipts::jwks,
        log::about,
        log::consistency,
        log::checkpoint,
        log::tile,
        policy::current,
        export::get,
        bundle::create,
        reports::create,
        region::region,
        pages::about_cookies,
        pages::privacy_notice,
        pages::versions,
        pages::answer,
        processing::get,
        site_files::script,
        site_files::gpc,
        site_files::policy,
        site_files::banner,
        assets::asset,
        assets::verifier,
        ops::healthz,
        ops::readyz,
        ops::metrics_page,
        openapi,
    ),
    components(schemas(problem::ProblemBody)),
    modifiers(&Token)
)]
struct Description;

/// The one way to log in: a token of `avow token create`.
struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    Description::openapi().to_json().expect("a description is made of strings and maps").into()
});

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1", body = Object))
)]
async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(JSON.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;
    use actix_web::App;
    use actix_web::HttpRequest;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn described() -> Value {
        serde_json::from_slice(&JSON).expect("the description is JSON")
    }

    /// The patterns of all registered resources. actix keeps them to itself except in the debug text.
    async fn registered() -> BTreeSet<String> {
        let app = init_service(App::new().configure(routes::configure).route(
            "/probe",
            get().to(|request: HttpRequest| async move { format!("{:?}", request.resource_map()) }),
        ))
        .await;
        let response = try_call_service(&app, TestRequest::get().uri("/probe").to_request())
            .await
            .expect("the probe answers");
        let text = actix_web::test::read_body(response).await;
        let text = String::from_utf8(text.to_vec()).expect("debug text is UTF-8");
        text.split("Single(\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            // A part that may hold slashes is described like any other.
            .map(|(path, _)| path.replace(":.*}", "}"))
            .collect()
    }

    #[actix_web::test]
    async fn every_route_is_described_and_nothing_else() {
        let mut routes = registered().await;
        assert!(routes.remove("/probe"), "the probe sees the routes: {routes:?}");
        routes.retain(|path| !path.is_empty());
        let description = described();
        let paths = description["paths"].as_object().expect("paths are a map");
        let described: BTreeSet<String> = paths.keys().cloned().collect();
        assert_eq!(routes, described);
    }

    #[test]
    fn every_problem_named_exists_with_that_status() {
        use crate::api::problem::Kind;
        let description = described();
        let mut seen = BTreeSet::new();
        for (path, item) in description["paths"].as_object().expect("paths are a map") {
            for (method, operation) in item.as_object().expect("a path item is a map") {
                for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                    if !status.starts_with(['4', '5']) {
                        continue;
                    }
                    let place = format!("{method} {path} {status}");
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{place}");
                    let words = response["description"].as_str().expect("an answer is described");
                    let kinds: Vec<_> = Kind::ALL
                        .iter()
                        .filter(|kind| {
                            words
                                .split(|c: char| c != '-' && !c.is_ascii_lowercase())
                                .any(|word| word == kind.slug())
                        })
                        .collect();
                    assert!(!kinds.is_empty(), "{place} names no problem: {words}");
                    for kind in kinds {
                        assert_eq!(kind.code().to_string(), *status, "{place} {}", kind.slug());
                        seen.insert(kind.slug());
                    }
                }
            }
        }
        // These come from the framework on any path, so no path names them.
        let everywhere = ["method-not-allowed", "unsupported-media-type"];
        for kind in Kind::ALL.iter().filter(|kind| !everywhere.contains(&kind.slug())) {
            assert!(seen.contains(kind.slug()), "no path describes {}", kind.slug());
        }
    }
}
