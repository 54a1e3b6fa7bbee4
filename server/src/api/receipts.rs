//! `GET /v1/receipts/{id}`: what a visitor keeps, and a data protection officer hands over.

use super::consents::reader;
use super::{get_or_head, resource, site_policies};
use crate::api::problem::{Kind, Problem, ProblemBody};
use crate::consent::receipt::{self, Head, Receipt};
use crate::consent::{iso27560, kantara, letter};
use crate::error::Error;
use crate::log::signer::{Purpose, Signer};
use crate::state::AppState;
use actix_web::http::header;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::id::{SiteId, hex};
use avow_shared::reference;
use avow_shared::{jcs, jws};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The version of [`Body`].
const SCHEMA: u32 = 1;

/// Registers the path.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/receipts/{id}").route(web::get().to(read)))
        .service(resource("/.well-known/jwks.json").route(get_or_head().to(jwks)));
}

/// What may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    site: String,
    #[serde(default)]
    format: Format,
    #[serde(default)]
    head: Head,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// Everything that is needed to check it.
    #[default]
    Json,
    /// The proof alone.
    Proof,
    /// The server's own statement about it: a JWS over its canonical JSON, under the key of receipts.
    Jws,
    /// A Kantara consent receipt, of a grant.
    Kantara,
    /// ISO/IEC TS 27560 as JSON-LD.
    Iso27560,
    /// A letter (PDF) with the receipt inside.
    Pdf,
}

/// A receipt: everything that `avow verify receipt` needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Body {
    /// 1.
    schema: u32,
    /// The site.
    site: String,
    /// The record's id.
    id: String,
    /// Its reference code.
    reference: String,
    /// What happened.
    event: String,
    /// Milliseconds UTC.
    server_time: i64,
    /// The canonical record (JSON in a string, for its bytes are what is committed).
    record: String,
    /// 32 bytes in base64url.
    salt: String,
    /// SHA-256 over tag, salt and record, 64 hexadecimal characters.
    commitment: String,
    /// Which leaf of the log, from 0. Its entry is the byte 01 and the commitment.
    index: i64,
    /// What the log is called.
    origin: String,
    /// The log's public keys, `name+id+key` (C2SP signed-note).
    keys: Vec<String>,
    /// The proof with the signed head (C2SP tlog-proof).
    proof: String,
}

impl From<Receipt> for Body {
    fn from(Receipt { stored, origin, keys, proof }: Receipt) -> Self {
        Self {
            schema: SCHEMA,
            site: String::new(),
            id: stored.id.to_text(),
            reference: reference::code(&stored.id),
            event: stored.event,
            server_time: stored.server_time.0,
            record: stored.record,
            salt: URL_SAFE_NO_PAD.encode(stored.salt),
            commitment: hex(&stored.commitment),
            index: stored.leaf_index,
            origin,
            keys,
            proof,
        }
    }
}

fn body_of(site: &SiteId, receipt: Receipt) -> Body {
    Body { site: site.as_str().to_owned(), ..Body::from(receipt) }
}

/// Signs a receipt's canonical JSON (RFC 8785).
fn statement(signer: &Signer, body: &Body) -> Result<String, Problem> {
    let json = serde_json::to_string(body).map_err(Error::internal)?;
    let payload = jcs::canonical(&json).map_err(Error::internal)?;
    let input = jws::signing_input(&jws::thumbprint(&signer.receipt_key()), payload.as_bytes());
    Ok(jws::compact(&input, &signer.sign_receipt(input.as_bytes())))
}

/// The keys of signed receipts, retired ones too.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "consents",
    responses(
        (status = 200, description = "a JWKS (RFC 7517)", content_type = "application/jwk-set+json", body = String),
        (status = 503, description = "unavailable, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn jwks(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let keys = state.store.keys(Purpose::Receipt.as_str()).await?;
    let keys: Vec<String> = keys.iter().map(|key| jws::jwk(&key.public)).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(format!("{{\"keys\":[{}]}}", keys.join(","))))
}

/// The receipt of a record, for who has its secret or a DPO's token.
#[utoipa::path(
    get, path = "/v1/receipts/{id}", tag = "consents",
    params(
        ("id" = String, Path, description = "the record's id"),
        ("site" = String, Query, description = "the site"),
        ("format" = Option<String>, Query, description = "json (default); proof: the C2SP tlog-proof alone; jws: the server's signed statement, \
             with another key than the log's; kantara: a Kantara v1.1 receipt of a grant; iso27560: after ISO/IEC TS 27560, as JSON-LD; pdf: a letter with the receipt inside"),
        ("head" = Option<String>, Query,
         description = "latest (default): the head signed last; public: the one published last, with its witnesses"),
        ("Avow-Secret" = Option<String>, Header, description = "the record's secret, 22 characters"),
    ),
    security((), ("token" = [])),
    responses(
        (status = 200, description = "the receipt; of another format its own media type, such as application/pdf", body = Body),
        (status = 400, description = "malformed", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 401, description = "unauthorized", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "not-found, unknown-site", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 410, description = "erased", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 422, description = "invalid: a Kantara receipt of a refusal; iso27560 of a record without an answer of consent", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 500, description = "internal", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After: no such head yet; log-halted",
         body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    wanted: Result<Query<Wanted>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let wanted = wanted
        .map_err(|_| Problem::new(Kind::Malformed).detail("site is missing, or a word is not known"))?
        .into_inner();
    let (site, _) = site_policies(&state, &wanted.site).await?;
    let stored = reader(&state, &site, request.headers(), &id).await?;
    let receipt = receipt::receipt(&state, &site, stored, wanted.head).await?;
    let view = match wanted.format {
        Format::Kantara => Some(kantara::view(&state, &site, &receipt).await?),
        Format::Iso27560 => Some(iso27560::view(&state, &site, &receipt).await?),
        _ => None,
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(match wanted.format {
        Format::Json => answer.json(body_of(&site, receipt)),
        Format::Kantara => answer.json(view),
        Format::Iso27560 => answer.insert_header((header::CONTENT_TYPE, "application/ld+json")).json(view),
        Format::Pdf => {
            let name = format!("attachment; filename=\"{}.pdf\"", reference::code(&receipt.stored.id));
            let json = serde_json::to_vec(&body_of(&site, receipt.clone())).map_err(Error::internal)?;
            answer
                .insert_header((header::CONTENT_TYPE, "application/pdf"))
                .insert_header((header::CONTENT_DISPOSITION, name))
                .body(letter::letter(&state, &site, &receipt, json).await?)
        }
        Format::Jws => answer
            .insert_header((header::CONTENT_TYPE, "application/jose"))
            .body(statement(&state.signer, &body_of(&site, receipt))?),
        Format::Proof => {
            let name = format!("attachment; filename=\"{}.tlog-proof\"", receipt.stored.id.to_text());
            answer
                .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
                .insert_header((header::CONTENT_DISPOSITION, name))
                .body(receipt.proof)
        }
    })
}
