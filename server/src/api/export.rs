//! `GET /v1/export`: the records of a site as a download, for a DPO's token.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ContentDisposition, DispositionParam, DispositionType,
};
use actix_web::web::{Bytes, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use avow_shared::id::{RecordId, SiteId};
use serde::Deserialize;

use super::{officer, resource};
use crate::access;
use crate::api::problem::{Kind, Problem, ProblemBody};
use crate::consent::export::{Export, Format, Selection};
use crate::state::AppState;

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config.service(resource("/v1/export").route(web::get().to(get)));
}

/// What may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    site: String,
    format: Format,
    from: Option<String>,
    to: Option<String>,
    version: Option<u32>,
    record: Option<String>,
}

/// The records of a site, all or some, in the order of the log.
#[utoipa::path(
    get, path = "/v1/export", tag = "records",
    params(
        ("site" = String, Query, description = "the site"),
        ("format" = String, Query, description = "csv or ndjson"),
        ("from" = Option<String>, Query, description = "server time of this day or RFC 3339 time and later"),
        ("to" = Option<String>, Query, description = "server time before this day or time"),
        ("version" = Option<u32>, Query, description = "answers to this policy version only"),
        ("record" = Option<String>, Query, description = "one record: its id or its reference code"),
    ),
    responses(
        (status = 200, description = "the records, as a download", content_type = "application/x-ndjson", body = String),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "unauthorized: a DPO token of the site is needed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    wanted: Result<Query<Wanted>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted.map_err(|_| Problem::new(Kind::Malformed).detail("site and format are needed"))?;
    let Wanted { site, format, from, to, version, record } = wanted.into_inner();
    let site = SiteId::parse(&site).ok_or(Kind::Unauthorized)?;
    let officer = officer(&state, &site, request.headers()).await?;
    let filter = Selection { from, to, version, record }.read(&state.store, &site).await?;
    let object = filter.record.map(RecordId::to_text).unwrap_or_default();
    access::audit(&state, &officer, &site, "export", &object).await?;
    let export = Export::start(&state.store, &site, filter, format).await?;
    let stream = futures_util::stream::try_unfold(export, |mut export| async move {
        // An error ends the body short of its last chunk: no client can take the half for the whole.
        let next = export.next().await?;
        Ok::<_, Problem>(next.map(|bytes| (Bytes::from(bytes), export)))
    });
    let name = format!("{}-consents.{}", site.as_str(), format.extension());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        })
        .streaming(stream))
}

#[cfg(test)]
mod tests;
