//! `GET /v1/consents/{id}/shown` gives an address at which the banner of a record is shown again; `/shown/{ticket}/`
//! is that page, with the files of its version and its build.

use super::consents::reader;
use super::problem::{Kind, Problem, ProblemBody};
use super::region::RegionBody;
use super::{get_or_head, resource, site_policies};
use crate::assets::media_type;
use crate::error::Error;
use crate::policy::{Published, banner, localize};
use crate::shown::build::KeptBuild;
use crate::shown::scene::{Layer, Scene};
use crate::shown::stage;
use crate::state::AppState;
use crate::store::policies::PolicyVersion;
use actix_web::http::header;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::id::{Millis, SiteId};
use avow_shared::record::Record;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const HTML: &str = "text/html; charset=utf-8";

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/consents/{id}/shown").route(web::get().to(shown)))
        .service(resource("/shown/{ticket}/{file:.*}").route(get_or_head().to(file)));
}

/// Of which site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    site: String,
}

/// Where what was shown is shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownBody {
    /// A path below the one at which Avow is served. Who has it may look; it names no visitor and no record but by its
    /// reference code.
    path: String,
    /// Milliseconds UTC; after that it leads nowhere.
    expires_at: i64,
    /// The policy version's hash.
    policy_sha256: String,
    /// The language.
    language: String,
    /// The layer on which the answer was given.
    layer: Layer,
    /// The widget build.
    widget: String,
    /// The guard build.
    guard: String,
}

/// An address for a short time at which the banner of a record is shown again, for who has its secret or a DPO's token.
#[utoipa::path(
    get, path = "/v1/consents/{id}/shown", tag = "consents",
    params(
        ("id" = String, Path, description = "the record's id"),
        ("site" = String, Query, description = "the site"),
        ("Avow-Secret" = Option<String>, Header, description = "the record's secret, 22 characters"),
    ),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "where to look", body = ShownBody),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found: also if the widget build was not kept, or the answer was given through \
         the page's own controls; unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "erased", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn shown(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    wanted: Result<Query<Wanted>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted.map_err(|_| Problem::new(Kind::Malformed).detail("site is missing"))?.into_inner();
    let (site, _) = site_policies(&state, &wanted.site).await?;
    let stored = reader(&state, &site, request.headers(), &id).await?;
    let scene =
        Scene::of(&Record::from_canonical(&stored.record).map_err(Error::internal)?, stored.leaf_index)?;
    // An address that leads nowhere is none.
    kept(&state, &scene).await?;
    let (ticket, end) = state.tickets.issue(&scene, state.clock.now());
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(ShownBody {
        path: format!("/shown/{ticket}/"),
        expires_at: end.0,
        policy_sha256: scene.policy,
        language: scene.language,
        layer: scene.layer,
        widget: scene.widget,
        guard: scene.guard,
    }))
}

/// What was shown, shown again: the page, and all that it is made of.
#[utoipa::path(
    get, path = "/shown/{ticket}/{file}", tag = "consents",
    params(
        ("ticket" = String, Path, description = "out of the path that `/v1/consents/{id}/shown` gave"),
        ("file" = String, Path, description = "nothing for the page with the facts around it; the files that it asks for"),
    ),
    responses(
        (status = 200, description = "the page, or a file of it", content_type = "text/html", body = String),
        (status = 404, description = "not-found: none of ours, or its time is over", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn file(
    state: Data<AppState>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (ticket, file) = path.into_inner();
    let scene = state.tickets.scene(&ticket, state.clock.now()).ok_or(Kind::NotFound)?;
    let parts: Vec<&str> = file.split('/').collect();
    let body: web::Bytes = match parts[..] {
        [""] => {
            let (row, published) = version(&state, &scene).await?;
            let page = stage::frame(&scene, &published, Millis(row.published_at));
            return Ok(answer(HTML, stage::FRAME_POLICY, page));
        }
        ["stage"] => return Ok(answer(HTML, stage::POLICY, stage::stage(&scene))),
        ["stage.js"] => stage::SCRIPT.into(),
        ["stage.css"] => stage::STYLE.into(),
        ["frame.css"] => stage::FRAME_STYLE.into(),
        ["site.js"] => {
            let (_, published) = version(&state, &scene).await?;
            let kept = kept(&state, &scene).await?;
            stage::script(&published, &kept.build().ok_or(Kind::NotFound)?)?.into()
        }
        ["assets", name] => {
            kept(&state, &scene).await?.file(&state.store, name).await?.ok_or(Kind::NotFound)?.into()
        }
        ["site", site, hash, ref texts @ ..] if site == scene.site && hash == scene.policy => {
            let (row, published) = version(&state, &scene).await?;
            let text = match texts {
                ["region.json"] => region(&published, &scene),
                [language, "banner.json"] => banner(&row.document, language),
                [whole] => whole
                    .strip_suffix(".json")
                    .and_then(|language| localize(&row.document, language, &row.hash)),
                _ => None,
            };
            text.ok_or(Kind::NotFound)?.into()
        }
        _ => return Err(Kind::NotFound.into()),
    };
    Ok(answer(media_type(&file), stage::POLICY, body))
}

/// The regime of the record, as its page was told; none where the policy's own held.
fn region(published: &Published, scene: &Scene) -> Option<String> {
    let regime = published.regimes.iter().find(|regime| regime.id == scene.regime)?;
    serde_json::to_string(&RegionBody::of(regime.clone())).ok()
}

async fn version(state: &AppState, scene: &Scene) -> Result<(PolicyVersion, Published), Problem> {
    let site = SiteId::parse(&scene.site).ok_or(Kind::NotFound)?;
    let row = state.store.policy_by_hash(&site, &scene.policy).await?.ok_or(Kind::NotFound)?;
    let published = Published::from_document(&row.document, &row.hash)
        .map_err(|part| Error::internal(format!("a published policy: {part}")))?;
    Ok((row, published))
}

async fn kept(state: &AppState, scene: &Scene) -> Result<Arc<KeptBuild>, Problem> {
    let found = state.builds.of(&state.store, scene).await?;
    found.ok_or_else(|| Problem::new(Kind::NotFound).detail("the widget build of this record was not kept"))
}

fn answer(media_type: &'static str, policy: &'static str, body: impl Into<web::Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("X-Robots-Tag", "noindex"))
        // The stage's origin is nobody's, not even the one that it came from.
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .body(body.into())
}
