//! The live view of what arrives: a page for people, a stream for the page, JSON for tests.

use actix_web::http::header;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{Error, HttpResponse};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;

use crate::third_party::ThirdParty;
use crate::third_party::log::News;

/// The live view's routes; none of them is logged.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(to_page))
        .route("/live", web::get().to(page))
        .route("/live.css", web::get().to(css))
        .route("/live.js", web::get().to(script))
        .route("/live.json", web::get().to(json))
        .route("/live/events", web::get().to(events))
        .route("/live/reset", web::post().to(reset))
        .route("/favicon.ico", web::get().to(|| async { HttpResponse::NoContent().finish() }));
}

async fn to_page() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/live")).finish()
}

async fn page() -> HttpResponse {
    file("text/html; charset=utf-8", include_str!("../../third-party/live.html"))
}

async fn css() -> HttpResponse {
    file("text/css; charset=utf-8", include_str!("../../third-party/live.css"))
}

async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", include_str!("../../third-party/live.js"))
}

fn file(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ))
        .body(text)
}

async fn json(third_party: web::Data<ThirdParty>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(third_party.log.all())
}

async fn reset(third_party: web::Data<ThirdParty>) -> HttpResponse {
    third_party.log.reset();
    HttpResponse::NoContent().finish()
}

/// Server-sent events: `arrival` with one arrival, `reset`, and `behind` when the page must read all anew.
async fn events(third_party: web::Data<ThirdParty>) -> HttpResponse {
    let watch = third_party.log.watch();
    let pieces = stream::unfold(watch, |mut watch| async move {
        let text = match watch.recv().await {
            Ok(News::Arrival(arrival)) => {
                let arrival = serde_json::to_string(&arrival).unwrap_or_default();
                format!("event: arrival\ndata: {arrival}\n\n")
            }
            Ok(News::Reset) => "event: reset\ndata: {}\n\n".to_owned(),
            Err(RecvError::Lagged(_)) => "event: behind\ndata: {}\n\n".to_owned(),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok::<_, Error>(Bytes::from(text)), watch))
    });
    // A first comment opens the stream, so that the page knows it is listening.
    let opened = stream::iter([Ok(Bytes::from_static(b": listening\n\n"))]);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(futures_util::StreamExt::chain(opened, pieces))
}
