//! Which site answers: by the host name. A host that is none of theirs gets the start page.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::proxy::{self, Onward};
use crate::site::Site;
use crate::{start, third_party};

/// Longest body of a form.
const FORM_LIMIT: usize = 16 * 1024;

/// Where browsers look for a site's word on Global Privacy Control.
const GPC_PATH: &str = "/.well-known/gpc.json";

/// All sites of the demonstration.
#[derive(Clone)]
pub struct Sites {
    pub every: Arc<Vec<Site>>,
    pub onward: Arc<Onward>,
    pub third_party_port: u16,
}

impl Sites {
    fn of(&self, request: &HttpRequest) -> Option<&Site> {
        let info = request.connection_info();
        let host = info.host().split(':').next().unwrap_or_default().to_ascii_lowercase();
        self.every.iter().find(|site| site.file.hosts.contains(&host))
    }
}

/// Every route of the sites.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(FORM_LIMIT))
        .route(&format!("{}/{{rest:.*}}", proxy::PREFIX), web::route().to(forward))
        .service(
            web::resource(GPC_PATH)
                .route(web::get().to(gpc))
                .route(web::head().to(gpc))
                .default_service(web::to(HttpResponse::MethodNotAllowed)),
        )
        .route(start::PRETEND_PATH, web::get().to(start::pretend))
        .route("/demo.css", web::get().to(start::css))
        .default_service(web::to(answer));
}

async fn forward(request: HttpRequest, payload: web::Payload, sites: web::Data<Sites>) -> HttpResponse {
    proxy::forward(request, payload, &sites.onward).await
}

/// Where browsers look whether the site honors their signal; Avow says it.
async fn gpc(request: HttpRequest, payload: web::Payload, sites: web::Data<Sites>) -> HttpResponse {
    match sites.of(&request) {
        Some(site) => {
            let target = format!("/site/{}/gpc.json", site.id);
            proxy::hand_on(request, payload, &sites.onward, &target).await
        }
        None => proxy::not_found(),
    }
}

async fn answer(request: HttpRequest, body: Bytes, sites: web::Data<Sites>) -> HttpResponse {
    match sites.of(&request) {
        Some(site) => site.answer(&request, &body).await,
        None => start::page(&sites, &request),
    }
}

/// The policy of the sites' pages. Which hosts a page may talk to is Avow's to narrow: this names all that
/// the sites know of.
pub fn content_security_policy(third_party_port: u16) -> String {
    let hosts = third_party::HOSTS.map(|host| format!("http://{host}:{third_party_port}")).join(" ");
    format!(
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' {hosts}; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data: {hosts}; connect-src 'self' {hosts}; \
         frame-src {hosts}; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The headers of every answer that has none of its own.
pub fn security_headers(third_party_port: u16) -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, content_security_policy(third_party_port)))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "strict-origin-when-cross-origin"))
        .add((header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=()"))
        .add(("Cross-Origin-Opener-Policy", "same-origin"))
        .add(("X-Robots-Tag", "noindex"))
}
