//! `POST /v1/exports`: a bundle as a download, for a DPO's token.

use super::{officer, resource};
use crate::access;
use crate::api::problem::{Kind, Problem, ProblemBody};
use crate::consent::bundle::{self, Plan};
use crate::consent::export::Selection;
use crate::state::AppState;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Data, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::id::{RecordId, SiteId};
use serde::Deserialize;
use std::io::{self, BufWriter, ErrorKind, Write};
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// Largest body, bytes.
const MAX_BODY: usize = 4 * 1024;
/// Bytes in one piece of the answer.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for a slow client.
const AHEAD: usize = 4;

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config.service(
        resource("/v1/exports").app_data(PayloadConfig::new(MAX_BODY)).route(web::post().to(create)),
    );
}

/// Which records; everything if nothing is named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The site.
    site: String,
    /// Server time of this day or RFC 3339 time and later.
    from: Option<String>,
    /// Server time before this day or time.
    to: Option<String>,
    /// Answers to this policy version only.
    version: Option<u32>,
    /// One record: its id or its reference code.
    record: Option<String>,
}

/// Everything that proves the records of a site, in one ZIP.
#[utoipa::path(
    post, path = "/v1/exports", tag = "records",
    request_body = Wanted,
    security(("token" = [])),
    responses(
        (status = 200, description = "a bundle, as a download", content_type = "application/zip", body = Vec<u8>),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "unauthorized: a DPO token of the site is needed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable; log-halted", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    state: Data<AppState>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let body = body.map_err(|_| Problem::new(Kind::Malformed))?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|error| {
        Problem::new(if error.is_data() { Kind::Invalid } else { Kind::Malformed }).detail(format!(
            "line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    let Wanted { site, from, to, version, record } = wanted;
    let site = SiteId::parse(&site).ok_or(Kind::Unauthorized)?;
    let officer = officer(&state, &site, request.headers()).await?;
    let filter = Selection { from, to, version, record }.read(&state.store, &site).await?;
    let object = filter.record.map(RecordId::to_text).unwrap_or_default();
    access::audit(&state, &officer, &site, "export.bundle", &object).await?;
    let plan = Plan::latest(&state, &site, filter).await?;
    let (pieces, taken) = mpsc::channel(AHEAD);
    let store = state.store.clone();
    let name = format!("attachment; filename=\"{}-consents.zip\"", site.as_str());
    tokio::spawn(async move {
        let out = BufWriter::with_capacity(PIECE, Pipe(pieces.clone()));
        let written = match bundle::write(&store, plan, out).await {
            // What is buffered still goes out, on a thread that may wait for the client.
            Ok(mut out) => {
                let flushed = tokio::task::spawn_blocking(move || out.flush()).await;
                flushed.map_err(anyhow::Error::from).and_then(|done| Ok(done?))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(error = format!("{error:#}"), "a bundle was broken off");
            // An error ends the body short of its last chunk: no client can take the half for the whole.
            let _ = pieces.send(Err(Problem::new(Kind::Internal))).await;
        }
    });
    let stream = futures_util::stream::unfold(taken, |mut taken| async move {
        taken.recv().await.map(|piece: Result<Bytes, Problem>| (piece, taken))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(stream))
}

/// Hands what a thread writes to the answer, no faster than the client takes it.
struct Pipe(mpsc::Sender<Result<Bytes, Problem>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
