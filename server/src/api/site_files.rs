//! `GET /site/{site}.js`, `GET /site/{site}/{hash}/{lang}.json` and `…/{lang}/banner.json`: what a site's pages load beside the assets.

use actix_web::http::header;
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::id::{SiteId, is_hex};

use super::problem::{Kind, Problem, ProblemBody};
use super::{get_or_head, resource, site_policies};
use crate::assets::{IMMUTABLE, Static};
use crate::site_files::{Extent, File, GpcBody};
use crate::state::AppState;

/// The site script changes with a publish: asked for again after five minutes, used meanwhile for a day.
const MINUTES: &str = "public, max-age=300, stale-while-revalidate=86400";

/// Registers the paths of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/site/{site}.js").route(get_or_head().to(script)))
        .service(resource("/site/{site}/gpc.json").route(get_or_head().to(gpc)))
        .service(resource("/site/{site}/{hash}/{lang}.json").route(get_or_head().to(policy)))
        .service(resource("/site/{site}/{hash}/{lang}/banner.json").route(get_or_head().to(banner)));
}

/// The site's script: the guard with the site's configuration, and the boot script.
#[utoipa::path(
    get, path = "/site/{site}.js", tag = "site files",
    params(("site" = String, Path, description = "the site")),
    responses(
        (status = 200, description = "the script; the same bytes for every visitor",
         content_type = "text/javascript", body = String),
        (status = 304, description = "the client has it"),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn script(
    state: Data<AppState>,
    request: HttpRequest,
    site: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (_, policies) = site_policies(&state, &site).await?;
    let file = state.site_files.script(&policies.current)?;
    Ok(answer(&file, "text/javascript; charset=utf-8", MINUTES, &request))
}

/// What the site says of Global Privacy Control.
#[utoipa::path(
    get, path = "/site/{site}/gpc.json", tag = "site files",
    params(("site" = String, Path, description = "the site")),
    responses(
        (status = 200, description = "the signal is honored", body = GpcBody),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn gpc(state: Data<AppState>, site: Path<String>) -> Result<HttpResponse, Problem> {
    let (_, policies) = site_policies(&state, &site).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, MINUTES))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .json(GpcBody::since(policies.published)))
}

/// The texts and purposes of one published version, in one language.
#[utoipa::path(
    get, path = "/site/{site}/{hash}/{lang}.json", tag = "site files",
    params(
        ("site" = String, Path, description = "the site"),
        ("hash" = String, Path, description = "the version's hash, 64 hexadecimal characters"),
        ("lang" = String, Path, description = "one of the version's languages"),
    ),
    responses(
        (status = 200, description = "the compiled policy; immutable", content_type = "application/json", body = String),
        (status = 304, description = "the client has it"),
        (status = 404, description = "not-found", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn policy(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    text(&state, &request, path.into_inner(), Extent::Whole).await
}

/// What the first layer needs of one published version, in one language; the second layer reads the whole.
#[utoipa::path(
    get, path = "/site/{site}/{hash}/{lang}/banner.json", tag = "site files",
    params(
        ("site" = String, Path, description = "the site"),
        ("hash" = String, Path, description = "the version's hash, 64 hexadecimal characters"),
        ("lang" = String, Path, description = "one of the version's languages"),
    ),
    responses(
        (status = 200, description = "the first layer's part; immutable", content_type = "application/json", body = String),
        (status = 304, description = "the client has it"),
        (status = 404, description = "not-found", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn banner(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    text(&state, &request, path.into_inner(), Extent::Banner).await
}

async fn text(
    state: &AppState,
    request: &HttpRequest,
    (site, hash, lang): (String, String, String),
    extent: Extent,
) -> Result<HttpResponse, Problem> {
    let site = SiteId::parse(&site).ok_or(Kind::NotFound)?;
    if !is_hex(&hash, 64) {
        return Err(Kind::NotFound.into());
    }
    let files = &state.site_files;
    let file = files.policy(&state.policies, &state.store, &site, &hash, &lang, extent).await?;
    Ok(answer(&*file.ok_or(Kind::NotFound)?, "application/json", IMMUTABLE, request))
}

fn answer(file: &File, media_type: &'static str, cache: &'static str, request: &HttpRequest) -> HttpResponse {
    let File { tag, plain, brotli, gzip } = file;
    let (br, gz) = (Some(brotli.clone()), Some(gzip.clone()));
    Static { media_type, cache, tag, raw: plain.clone(), br, gz }.respond(request)
}
