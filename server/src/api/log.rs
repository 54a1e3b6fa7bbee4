//! `/log/{site}/…`: a site's log as C2SP tlog-tiles v0.1.0, if its owner has turned that on or a DPO's token is shown.

use super::{get_or_head, officer, resource, site_policies};
use crate::api::problem::{Kind, Problem, ProblemBody};
use crate::assets::IMMUTABLE;
use crate::cache::SitePolicies;
use crate::consent::receipt::{epoch, public};
use crate::log::nodes;
use crate::state::AppState;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry::LEN;
use avow_shared::id::SiteId;
use avow_shared::tile::{Tile, WIDTH};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A head changes every few seconds at most.
const SHORT: &str = "public, max-age=5";
/// What only a token opens is for nobody's cache.
const PRIVATE: &str = "no-store";

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/sites/{site}/log").route(get_or_head().to(about)))
        .service(resource("/v1/sites/{site}/log/consistency").route(get_or_head().to(consistency)))
        .service(resource("/log/{site}/checkpoint").route(get_or_head().to(checkpoint)))
        .service(resource("/log/{site}/tile/{tile:.*}").route(get_or_head().to(tile)));
}

/// What a verifier must know of a site's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogBody {
    /// What it is called.
    origin: String,
    /// Its public keys, `name+id+key`; the first signs, a second while a key is being replaced.
    keys: Vec<String>,
    /// Whether anybody may fetch `/log/{site}/`.
    public: bool,
    /// Witnesses of its published heads.
    witnesses: Vec<String>,
}

/// Name, keys and witnesses of a site's log.
#[utoipa::path(
    get, path = "/v1/sites/{site}/log", tag = "log",
    params(("site" = String, Path, description = "the site")),
    responses(
        (status = 200, description = "the log", body = LogBody),
        (status = 404, description = "unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn about(state: Data<AppState>, site: Path<String>) -> Result<HttpResponse, Problem> {
    let (site, policies) = site_policies(&state, &site).await?;
    let epoch = epoch(&state, &site).await?.ok_or(Kind::UnknownSite)?;
    let log = &policies.current.log;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, SHORT)).json(LogBody {
        keys: state.signer.verifiers(&epoch.origin).iter().map(ToString::to_string).collect(),
        origin: epoch.origin,
        public: log.public,
        witnesses: log.witnesses.iter().map(|witness| witness.key.clone()).collect(),
    }))
}

/// Two sizes of a log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sizes {
    old: u64,
    new: u64,
}

/// A proof that the log of the larger size begins with that of the smaller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyBody {
    /// Hashes in base64, the lowest node first (RFC 6962 section 2.1.2).
    proof: Vec<String>,
}

/// Proves to who remembers an older head that a newer one extends it. Both sizes must have been signed.
#[utoipa::path(
    get, path = "/v1/sites/{site}/log/consistency", tag = "log",
    params(
        ("site" = String, Path, description = "the site"),
        ("old" = u64, Query, description = "leaves of the older head"),
        ("new" = u64, Query, description = "leaves of the newer head"),
    ),
    responses(
        (status = 200, description = "the proof", body = ConsistencyBody),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found: larger than the log; unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn consistency(
    state: Data<AppState>,
    site: Path<String>,
    sizes: Result<Query<Sizes>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let sizes = sizes.map_err(|_| Problem::new(Kind::Malformed).detail("old and new are two numbers"))?;
    let (site, _) = site_policies(&state, &site).await?;
    let signed = state.signer.head(site.as_str()).map_or(0, |head| head.checkpoint.size);
    if sizes.old > sizes.new || sizes.new > signed {
        return Err(Kind::NotFound.into());
    }
    let proof = nodes::consistency(&state.store, &site, sizes.old, sizes.new).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .json(ConsistencyBody { proof: proof.iter().map(|hash| STANDARD.encode(hash)).collect() }))
}

/// The head that was published last, with every signature.
#[utoipa::path(
    get, path = "/log/{site}/checkpoint", tag = "log",
    params(("site" = String, Path, description = "the site")),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "a signed note", content_type = "text/plain", body = String),
        (status = 404, description = "not-found: not public, or nothing published yet; unknown-site",
         body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn checkpoint(
    state: Data<AppState>,
    request: HttpRequest,
    site: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (site, policies) = site_policies(&state, &site).await?;
    let cache = may_read(&state, &site, &policies, request.headers(), SHORT).await?;
    let (_, note) = published(&state, &site).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, cache))
        .body(note))
}

/// A tile of hashes, or of entries: `0/x001/234`, `0/000.p/17`, `entries/000`.
#[utoipa::path(
    get, path = "/log/{site}/tile/{tile}", tag = "log",
    params(
        ("site" = String, Path, description = "the site"),
        ("tile" = String, Path, description = "level or `entries`, index, and `.p/` with the width if it is not full"),
    ),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "hashes of 32 bytes, or entries with their lengths",
         content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "not-found: not public, or beyond the published head; unknown-site",
         body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn tile(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (site, path) = path.into_inner();
    let (site, policies) = site_policies(&state, &site).await?;
    let cache = may_read(&state, &site, &policies, request.headers(), IMMUTABLE).await?;
    let (tile, entries) = Tile::parse(&path).ok_or(Kind::NotFound)?;
    let (head, _) = published(&state, &site).await?;
    // Nothing beyond the published head: that would tell when somebody chose.
    let there = Tile::at(tile.level, tile.index, head.size).is_some_and(|whole| tile.width <= whole.width);
    if !there {
        return Err(Kind::NotFound.into());
    }
    let body =
        if entries { entries_of(&state, &site, tile).await? } else { hashes_of(&state, &site, tile).await? };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::CACHE_CONTROL, cache))
        .body(body))
}

async fn hashes_of(state: &AppState, site: &SiteId, tile: Tile) -> Result<Vec<u8>, Problem> {
    Ok(nodes::tile(&state.store, site, tile).await?.concat())
}

/// Each with its length as a big-endian number of two bytes.
async fn entries_of(state: &AppState, site: &SiteId, tile: Tile) -> Result<Vec<u8>, Problem> {
    let entries = nodes::entries(&state.store, site, tile.index * WIDTH, u64::from(tile.width)).await?;
    let mut body = Vec::with_capacity(entries.len() * (LEN + 2));
    for entry in entries {
        body.extend([0, 33]);
        body.extend(entry);
    }
    Ok(body)
}

/// How long what is asked for may be cached; a log that is not public is not there, but for a DPO.
async fn may_read(
    state: &AppState,
    site: &SiteId,
    policies: &SitePolicies,
    headers: &HeaderMap,
    cache: &'static str,
) -> Result<&'static str, Problem> {
    if policies.current.log.public {
        return Ok(cache);
    }
    if headers.contains_key(header::AUTHORIZATION) {
        officer(state, site, headers).await?;
        return Ok(PRIVATE);
    }
    Err(Kind::NotFound.into())
}

async fn published(state: &AppState, site: &SiteId) -> Result<(Checkpoint, String), Problem> {
    Ok(public(state, site).await?.ok_or(Kind::NotFound)?)
}
