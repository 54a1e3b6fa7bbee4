//! `GET /v1/processing`: the record of processing activities (GDPR Art 30(1)), for a DPO's token.

use super::problem::{Kind, Problem, ProblemBody};
use super::{officer, resource};
use crate::access;
use crate::policy::document::Document;
use crate::policy::notice::processing::{Format, Processing};
use crate::state::AppState;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::id::SiteId;
use serde::Deserialize;

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config.service(resource("/v1/processing").route(web::get().to(get)));
}

/// What may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    site: String,
    format: Format,
}

/// What the site does with whose data, a row for each activity of its privacy notice.
#[utoipa::path(
    get, path = "/v1/processing", tag = "records",
    params(
        ("site" = String, Query, description = "the site"),
        ("format" = String, Query, description = "csv or json"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "the record of the current version", content_type = "application/json", body = Object),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "unauthorized: a DPO token of the site is needed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found: the policy has no notice", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    wanted: Result<Query<Wanted>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted.map_err(|_| Problem::new(Kind::Malformed).detail("site and format are needed"))?;
    let site = SiteId::parse(&wanted.site).ok_or(Kind::Unauthorized)?;
    let officer = officer(&state, &site, request.headers()).await?;
    let policies = state.policies.site(&site).await?.ok_or(Kind::UnknownSite)?;
    access::audit(&state, &officer, &site, "processing", "").await?;
    let document: Document = serde_json::from_str(&policies.current.document).map_err(|_| Kind::Internal)?;
    let processing = Processing::of(&document).ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, wanted.format.media_type()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(processing.written(wanted.format)))
}
