//! `/v1/consents`: takes decisions and hands out records.

pub(super) mod cookie;

use super::resource;
use crate::api::problem::{Kind, Problem, ProblemBody};
use crate::api::{officer, site_policies, whole};
use crate::cache::SitePolicies;
use crate::consent::decide::{self, Receipt};
use crate::consent::erase::{self, Reason};
use crate::consent::lookup;
use crate::state::AppState;
use crate::store::append::ERASED;
use crate::store::records::StoredRecord;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Data, Path, PayloadConfig, Query, ServiceConfig, delete, get, post};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::id::{RecordId, SiteId, hex};
use avow_shared::reference;
use avow_shared::submission::Submission;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest body, bytes. A submission with 64 purposes has about 4 kB.
pub const MAX_BODY: usize = 16 * 1024;

/// Shows the record's secret.
pub const SECRET_HEADER: &str = "Avow-Secret";

/// Registers the paths.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/consents")
                .app_data(PayloadConfig::new(MAX_BODY))
                .route(post().to(create))
                .route(get().to(find)),
        )
        .service(
            resource("/v1/consents/{id}")
                .app_data(PayloadConfig::new(MAX_BODY))
                .route(get().to(read))
                .route(delete().to(erase)),
        );
}

/// What the visitor gets back for a decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody<'a> {
    /// The record's id.
    id: &'a str,
    /// The code to give to the site's data protection officer.
    #[schema(example = "0TNX-5G7Q-1C4M-8ZRD")]
    reference: &'a str,
    /// What happened: `given`, `partially_given`, `refused`, `objected`, `withdrawn`, `renewed`.
    event: &'a str,
    /// Milliseconds UTC.
    server_time: i64,
    /// The canonical record (JSON in a string, for its bytes are what is committed).
    record: &'a str,
    /// 32 bytes in base64url.
    salt: String,
    /// SHA-256 over tag, salt and record, 64 hexadecimal characters.
    commitment: String,
    /// The seal for the consent cookie.
    seal: &'a str,
    /// Where it is in the site's log; absent where `/v1/receipts/{id}` must be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<LogBody<'a>>,
}

/// The answer to a refusal where the site's policy keeps no record of refusals.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotKeptBody<'a> {
    /// The id that was sent.
    id: &'a str,
    /// `refused`.
    event: &'a str,
    /// Milliseconds UTC.
    server_time: i64,
    /// False: there is no record, and no receipt.
    kept: bool,
    /// The seal for the consent cookie.
    seal: &'a str,
}

/// A record's place in the log, under a signed head: with the record, enough to notice a log that drops it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogBody<'a> {
    /// Which leaf, from 0.
    index: i64,
    /// The head, a signed note (C2SP tlog-checkpoint).
    checkpoint: &'a str,
}

/// A record as handed out.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordBody {
    /// The record's id.
    id: String,
    /// Its reference code.
    reference: String,
    /// What happened.
    event: String,
    /// True if no later decision of the visitor follows it.
    current: bool,
    /// Milliseconds UTC.
    server_time: i64,
    /// The canonical record (JSON in a string).
    record: String,
    /// 32 bytes in base64url.
    salt: String,
    /// 64 hexadecimal characters.
    commitment: String,
    /// Its place in the site's log.
    leaf_index: i64,
}

/// The records that a reference code stands for.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordsBody {
    /// Nearly always one.
    records: Vec<RecordBody>,
}

impl From<StoredRecord> for RecordBody {
    fn from(stored: StoredRecord) -> Self {
        Self {
            id: stored.id.to_text(),
            reference: reference::code(&stored.id),
            event: stored.event,
            current: stored.current,
            server_time: stored.server_time.0,
            record: stored.record,
            salt: URL_SAFE_NO_PAD.encode(stored.salt),
            commitment: hex(&stored.commitment),
            leaf_index: stored.leaf_index,
        }
    }
}

/// The site of a query.
#[derive(Debug, Deserialize)]
pub struct SiteQuery {
    site: String,
}

/// A search by reference code.
#[derive(Debug, Deserialize)]
pub struct FindQuery {
    site: String,
    reference: String,
}

/// Stores a decision: answered when the record is durable. A repeat of the same body is answered again.
#[utoipa::path(
    post, path = "/v1/consents", tag = "consents",
    request_body(content = Object, description = "the decision, at most 16 kB; see docs/api.md"),
    responses(
        (status = 201, description = "stored", body = ReceiptBody<'static>),
        (status = 200, description = "stored before, by the very same body", body = ReceiptBody<'static>),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 403, description = "foreign-origin", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 409, description = "id-conflict", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 410, description = "erased: the record of this id was erased", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 413, description = "too-large", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 422, description = "invalid, unknown-version, undeclared-purpose, missing-purpose, necessary-refused, grant-without-gesture, clock-skew", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After; log-halted", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 507, description = "storage-full", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(
    state: Data<AppState>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let body = whole(body)?;
    let submission: Submission = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
    let (_, policies) = site_policies(&state, &submission.site).await?;
    check_origin(request.headers(), &policies)?;
    let receipt = decide::decide(&state, &policies, &submission).await?;
    let mut response = if receipt.created { HttpResponse::Created() } else { HttpResponse::Ok() };
    if let Some(line) = cookie::answer(request.headers(), &receipt, state.clock.now()) {
        response.insert_header((header::SET_COOKIE, line));
    }
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if receipt.is_kept() {
        return Ok(response.json(body_of(&receipt)));
    }
    Ok(response.json(NotKeptBody {
        id: &receipt.id,
        event: &receipt.event,
        server_time: receipt.server_time.0,
        kept: false,
        seal: &receipt.seal,
    }))
}

fn body_of(receipt: &Receipt) -> ReceiptBody<'_> {
    ReceiptBody {
        id: &receipt.id,
        reference: &receipt.reference,
        event: &receipt.event,
        server_time: receipt.server_time.0,
        record: &receipt.record,
        salt: URL_SAFE_NO_PAD.encode(receipt.salt),
        commitment: hex(&receipt.commitment),
        seal: &receipt.seal,
        log: receipt.log.as_ref().map(|place| LogBody { index: place.index, checkpoint: &place.head.note }),
    }
}

/// A record, for who has its secret or a DPO's token. Unknown id and wrong secret get one and the same answer.
#[utoipa::path(
    get, path = "/v1/consents/{id}", tag = "consents",
    params(
        ("id" = String, Path, description = "the record's id"),
        ("site" = String, Query, description = "the site"),
        ("Avow-Secret" = Option<String>, Header, description = "the record's secret, 22 characters"),
    ),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "the record", body = RecordBody),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found, unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 410, description = "erased", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    query: Result<Query<SiteQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|_| Problem::new(Kind::Malformed).detail("site is missing"))?;
    let (site, _) = site_policies(&state, &query.site).await?;
    let stored = reader(&state, &site, request.headers(), &id).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(RecordBody::from(stored)))
}

/// An officer's ground.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureBody {
    /// `not_needed`, `withdrawn`, `objection`, `unlawful`, `obligation`, `child` (GDPR Article 17(1)(a) to (f)),
    /// or `retention`.
    reason: Reason,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasedBody {
    /// The leaf of the log that stood for the record. It stays, and says nothing any more.
    index: i64,
    /// Milliseconds UTC.
    erased_at: i64,
    /// True if a grant was in force by it: the visitor's device goes on by that until it is asked again.
    was_live: bool,
}

/// Erases a record, for who has its secret or a DPO's token; an officer states the ground.
#[utoipa::path(
    delete, path = "/v1/consents/{id}", tag = "consents",
    params(
        ("id" = String, Path, description = "the record's id"),
        ("site" = String, Query, description = "the site"),
        ("Avow-Secret" = Option<String>, Header, description = "the record's secret, 22 characters"),
    ),
    request_body(content = Option<ErasureBody>, description = "an officer's ground; not read from a visitor"),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "record and salt are gone", body = ErasedBody),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found, unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 409, description = "grant-in-force: a visitor withdraws first; held: a legal hold", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 410, description = "erased: it was already", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 422, description = "invalid: not a ground", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After; log-halted", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn erase(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    query: Result<Query<SiteQuery>, actix_web::Error>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|_| Problem::new(Kind::Malformed).detail("site is missing"))?;
    let (site, _) = site_policies(&state, &query.site).await?;
    let id = RecordId::parse(&id);
    let headers = request.headers();
    let erased = if headers.contains_key(header::AUTHORIZATION) {
        let officer = officer(&state, &site, headers).await?;
        let body = body.map_err(|_| Problem::new(Kind::Malformed))?;
        let ErasureBody { reason } = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
        erase::by_officer(&state, &officer, &site, id, reason).await?
    } else if let Some(secret) = headers.get(SECRET_HEADER) {
        erase::by_visitor(&state, &site, id, secret.to_str().unwrap_or_default()).await?
    } else {
        return Err(Problem::new(Kind::Unauthorized));
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(ErasedBody {
        index: erased.leaf,
        erased_at: erased.at.0,
        was_live: erased.was_live,
    }))
}

/// The record of that id, if the request shows its secret or a DPO's token.
pub(super) async fn reader(
    state: &AppState,
    site: &SiteId,
    headers: &HeaderMap,
    id: &str,
) -> Result<StoredRecord, Problem> {
    let id = RecordId::parse(id);
    let stored = if headers.contains_key(header::AUTHORIZATION) {
        let officer = officer(state, site, headers).await?;
        lookup::by_officer(state, &officer, site, id).await?
    } else if let Some(secret) = headers.get(SECRET_HEADER) {
        lookup::by_secret(state, site, id, secret.to_str().unwrap_or_default()).await?
    } else {
        return Err(Problem::new(Kind::Unauthorized));
    };
    if stored.event == ERASED { Err(Kind::Erased.into()) } else { Ok(stored) }
}

/// The records that a reference code stands for, for a DPO.
#[utoipa::path(
    get, path = "/v1/consents", tag = "consents",
    params(
        ("site" = String, Query, description = "the site"),
        ("reference" = String, Query, description = "the code that the visitor gave"),
    ),
    security(("token" = [])),
    responses(
        (status = 200, description = "nearly always one record", body = RecordsBody),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found, unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn find(
    state: Data<AppState>,
    request: HttpRequest,
    query: Result<Query<FindQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|_| Problem::new(Kind::Malformed).detail("site and reference are needed"))?;
    let (site, _) = site_policies(&state, &query.site).await?;
    let officer = officer(&state, &site, request.headers()).await?;
    let records = lookup::by_reference(&state, &officer, &site, &query.reference).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(RecordsBody { records: records.into_iter().map(Into::into).collect() }))
}

/// The parser's own message may quote the body, so only the place is passed on.
pub(super) fn unreadable(error: &serde_json::Error) -> Problem {
    let kind = if error.is_data() { Kind::Invalid } else { Kind::Malformed };
    Problem::new(kind).detail(format!("line {}, column {}", error.line(), error.column()))
}

/// The page must be one of the site's. Browsers send `Origin` with every POST; one that does not must say
/// that the request is same-origin.
pub(super) fn check_origin(headers: &HeaderMap, policies: &SitePolicies) -> Result<(), Problem> {
    let is_own = || headers.get("Sec-Fetch-Site").is_some_and(|site| site == "same-origin");
    let ours = match headers.get(header::ORIGIN) {
        // A page that tells nobody where it is (`Referrer-Policy: no-referrer`): the browser says that it is this host's.
        Some(origin) if origin == "null" => is_own(),
        Some(origin) => origin.to_str().is_ok_and(|origin| policies.current.domains.allows_origin(origin)),
        None => is_own(),
    };
    if ours { Ok(()) } else { Err(Problem::new(Kind::ForeignOrigin)) }
}

#[cfg(test)]
mod tests;
