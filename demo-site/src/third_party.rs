//! The third party: the hosts that a page's tags talk to, and the log of all that reaches them.
//!
//! One listener answers for several host names, as an advertising network does. Every request but those of
//! the live view is logged, so that a person, or a test, can watch that nothing arrives before consent.

mod live;
mod log;

use std::path::Path;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use anyhow::Context;

use crate::source::Source;
pub use crate::third_party::log::Log;
use crate::third_party::log::{Arrival, Kind};

/// Serves the analytics library and collects what it measures.
pub const COLLECTOR: &str = "collector.localhost";
/// Serves the film player.
pub const VIDEO: &str = "video.localhost";
/// Serves the campaign tag and its pixel.
pub const ADS: &str = "ads.localhost";
/// Serves the tag that nobody marked or declared.
pub const SOCIAL: &str = "social.localhost";

/// Serves the site search's suggestions.
pub const SEARCH: &str = "search.localhost";
/// Hears whether an e-mail was opened.
pub const MAIL: &str = "mail.localhost";

/// All of them.
pub const HOSTS: [&str; 6] = [COLLECTOR, VIDEO, ADS, SOCIAL, SEARCH, MAIL];

/// Where npm puts the analytics library, below the folder that holds the site's.
const TRACKER: &str = "node_modules/@snowplow/browser-tracker/dist/index.umd.min.js";

const YEAR: Duration = Duration::from_hours(365 * 24);
const HALF_A_YEAR: Duration = Duration::from_hours(180 * 24);

/// One transparent dot.
const DOT: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// What the third party serves and remembers.
pub struct ThirdParty {
    pub log: Log,
    /// The analytics library, as it came from npm.
    pub tracker: String,
    pub source: Source,
}

/// Reads the analytics library; `sites` is the folder of all sites.
pub fn read_tracker(sites: &Path) -> anyhow::Result<String> {
    let path = sites.join(TRACKER);
    std::fs::read_to_string(&path).with_context(|| {
        format!("read {}: run `npm ci --ignore-scripts` in demo-site, or `cargo xtask setup`", path.display())
    })
}

/// Every route of the third party.
pub fn routes(config: &mut ServiceConfig) {
    live::routes(config);
    config
        .app_data(web::PayloadConfig::new(256 * 1024))
        .route("/tracker.js", web::get().to(tracker))
        .route("/com.snowplowanalytics.snowplow/tp2", web::post().to(measurement))
        .route("/com.snowplowanalytics.snowplow/tp2", web::method(Method::OPTIONS).to(preflight))
        .route("/tag.js", web::get().to(tag))
        .route("/pixel.gif", web::get().to(pixel))
        .route("/embed", web::get().to(embed))
        .route("/embed.js", web::get().to(embed_script))
        .route("/share.js", web::get().to(share))
        .route("/search.js", web::get().to(search))
        .route("/open.gif", web::get().to(opened))
        .default_service(web::to(other));
}

async fn tracker(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Library, "analytics library".to_owned());
    javascript().body(third_party.tracker.clone())
}

async fn measurement(request: HttpRequest, body: Bytes, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Measurement, log::describe_measurement(&body));
    let mut response = HttpResponse::Ok();
    cross_origin(&request, &mut response);
    third_party.know_again(&request, &mut response, "nuid", YEAR);
    response.content_type("text/plain; charset=utf-8").body("ok")
}

async fn preflight(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Preflight, "asks whether it may send".to_owned());
    let mut response = HttpResponse::NoContent();
    cross_origin(&request, &mut response);
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, sp-anonymous"))
        .finish()
}

async fn tag(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Tag, "campaign tag".to_owned());
    let mut response = javascript();
    third_party.know_again(&request, &mut response, "cm_viewer", HALF_A_YEAR);
    response.body(include_str!("../third-party/tag.js"))
}

async fn pixel(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Pixel, "campaign pixel".to_owned());
    let mut response = HttpResponse::Ok();
    third_party.know_again(&request, &mut response, "cm_viewer", HALF_A_YEAR);
    response.content_type("image/gif").insert_header((header::CACHE_CONTROL, "no-store")).body(DOT)
}

async fn embed(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Embed, "film player".to_owned());
    let mut response = HttpResponse::Ok();
    third_party.know_again(&request, &mut response, "film_viewer", HALF_A_YEAR);
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; frame-ancestors http://*.localhost:*",
        ))
        .body(include_str!("../third-party/embed.html"))
}

async fn embed_script(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Embed, "film player's script".to_owned());
    javascript().body(include_str!("../third-party/embed.js"))
}

async fn share(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Unmarked, "share buttons, never marked".to_owned());
    javascript().body(include_str!("../third-party/share.js"))
}

async fn search(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Tag, "site search".to_owned());
    let mut response = javascript();
    third_party.know_again(&request, &mut response, "se_visitor", YEAR);
    response.body(include_str!("../third-party/search.js"))
}

async fn opened(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Pixel, "an e-mail was opened".to_owned());
    let mut response = HttpResponse::Ok();
    third_party.know_again(&request, &mut response, "mail_reader", YEAR);
    response.content_type("image/gif").insert_header((header::CACHE_CONTROL, "no-store")).body(DOT)
}

async fn other(request: HttpRequest, third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.arrived(&request, Kind::Other, "nothing here".to_owned());
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("not found\n")
}

impl ThirdParty {
    fn arrived(&self, request: &HttpRequest, kind: Kind, detail: String) {
        self.log.push(Arrival::of(request, kind, detail, self.source.now()));
    }

    /// Sets the cookie by which a third party knows a browser again, if it does not have it yet.
    fn know_again(
        &self,
        request: &HttpRequest,
        response: &mut HttpResponseBuilder,
        name: &str,
        age: Duration,
    ) {
        if request.cookie(name).is_none() {
            // Browsers take `Secure` on `localhost` names without TLS, and `None` only with it; those that
            // refuse other third-party cookies still take a `Partitioned` one.
            let cookie = format!(
                "{name}={}; Path=/; Max-Age={}; SameSite=None; Secure; HttpOnly; Partitioned",
                self.source.identifier(),
                age.as_secs()
            );
            response.append_header((header::SET_COOKIE, cookie));
        }
    }
}

fn javascript() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/javascript; charset=utf-8")
        // Not cached, so that every use shows in the log.
        .insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

fn cross_origin(request: &HttpRequest, response: &mut HttpResponseBuilder) {
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        response
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()))
            .insert_header((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"))
            .insert_header((header::VARY, "Origin"));
    }
}
