//! `GET /v1/export`: the records of a site as a download, for a DPO's token.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ContentDisposition, DispositionParam, DispositionType,
};
use actix_web::web::{Bytes, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use avow_shared::id::{RecordId, SiteId};
use serde::Deserialize;

use super::bearer;
use crate::access::{self, Scope};
use crate::api::problem::{Kind, Problem};
use crate::consent::export::{self, Export, Format};
use crate::state::AppState;
use crate::store::records::Filter;

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config.route("/v1/export", web::get().to(get));
}

/// What may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    site: String,
    format: Format,
    from: Option<String>,
    to: Option<String>,
    version: Option<u32>,
    record: Option<String>,
}

async fn get(
    state: Data<AppState>,
    request: HttpRequest,
    wanted: Result<Query<Wanted>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted.map_err(|_| Problem::new(Kind::Malformed).detail("site and format are needed"))?;
    let site = SiteId::parse(&wanted.site).ok_or_else(|| Problem::new(Kind::Unauthorized))?;
    let token = bearer(request.headers()).ok_or_else(|| Problem::new(Kind::Unauthorized))?;
    let officer = access::authorize(&state.store, &site, token, Scope::Dpo).await?;
    let mut filter = Filter {
        from: wanted.from.as_deref().map(export::moment).transpose()?,
        to: wanted.to.as_deref().map(export::moment).transpose()?,
        version: wanted.version,
        record: None,
    };
    if let Some(text) = &wanted.record {
        let found = export::find(&state.store, &site, text).await?;
        filter.record = Some(found.ok_or_else(|| Problem::new(Kind::NotFound))?);
    }
    let object = filter.record.map(RecordId::to_text).unwrap_or_default();
    access::audit(&state, &officer, &site, "export", &object).await?;
    let export = Export::start(&state.store, &site, filter, wanted.format).await?;
    let stream = futures_util::stream::try_unfold(export, |mut export| async move {
        // An error ends the body short of its last chunk: no client can take the half for the whole.
        let next = export.next().await?;
        Ok::<_, Problem>(next.map(|bytes| (Bytes::from(bytes), export)))
    });
    let name = format!("{}-consents.{}", site.as_str(), wanted.format.extension());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, wanted.format.media_type()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        })
        .streaming(stream))
}
