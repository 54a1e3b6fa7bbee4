//! The site behind all proxies of `avow-bench gate`: a page of 100 kB with what pages have, an asset, a film.

use std::fmt::Write as _;

use actix_web::body::SizedStream;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Result;
use futures_util::stream;

/// The argument that makes this program the site.
pub const ROLE: &str = "--bare-site";
/// 100 kB of markup.
pub const PAGE: &str = "/page";
/// 1 MB.
pub const ASSET: &str = "/asset";
/// 1 GB.
pub const FILM: &str = "/film";
/// Its length.
pub const FILM_BYTES: u64 = 1 << 30;

/// Serves until killed.
pub async fn serve() -> Result<()> {
    let page = web::Bytes::from(page());
    let asset = web::Bytes::from(vec![b'x'; 1_000_000]);
    let server = HttpServer::new(move || {
        let (page, asset) = (page.clone(), asset.clone());
        App::new()
            .route(
                PAGE,
                web::get().to(move || {
                    let page = page.clone();
                    async move { HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page) }
                }),
            )
            .route(
                ASSET,
                web::get().to(move || {
                    let asset = asset.clone();
                    async move { HttpResponse::Ok().content_type("application/octet-stream").body(asset) }
                }),
            )
            .route(FILM, web::get().to(async || film()))
    })
    .bind(("127.0.0.1", 0))?;
    println!("listening on http://{}", server.addrs()[0]);
    server.run().await?;
    Ok(())
}

fn film() -> HttpResponse {
    let piece = web::Bytes::from(vec![b'x'; 1 << 16]);
    let pieces = stream::unfold(FILM_BYTES, move |left| {
        let piece = piece.clone();
        async move { (left > 0).then(|| (Ok::<_, std::io::Error>(piece), left.saturating_sub(1 << 16))) }
    });
    HttpResponse::Ok().content_type("video/mp4").body(SizedStream::new(FILM_BYTES, pieces))
}

/// Text, links, pictures, scripts, some of them a stranger's.
fn page() -> String {
    let mut page =
        String::from("<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>Bench</title>\n");
    page += "<link rel=stylesheet href=/site.css><script src=/site.js defer></script>\n";
    page += "<script async src=https://stats.example/t.js></script></head><body>\n";
    let mut number = 0;
    while page.len() < 100_000 {
        number += 1;
        let _ = write!(
            page,
            "<article class=\"card card-{number}\"><h2><a href=\"/item/{number}?from=list\">Item {number}</a></h2>\
             <img src=\"/img/{number}.webp\" alt=\"\" loading=lazy width=320 height=200>\
             <p>Some words about the item that stand here as words do on pages, with <em>stress</em> and \
             <a href=\"https://elsewhere.example/{number}\">a link</a>.</p></article>\n"
        );
        if number % 40 == 0 {
            page += "<iframe src=\"https://video.example/embed/1\" title=\"A film\"></iframe>\n";
        }
    }
    page + "</body></html>\n"
}
