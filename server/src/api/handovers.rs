//! `/v1/handovers`: takes an answer along from one domain of a site to another, on a click.

use super::consents::{check_origin, cookie};
use super::problem::{Kind, Problem, ProblemBody};
use super::{client, resource, site_policies, whole};
use crate::consent::hand_over;
use crate::limits::network;
use crate::state::AppState;
use crate::verdict::has_ours;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, PayloadConfig, ServiceConfig, post};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::cookie::encode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A cookie has at most 4 kB.
const MAX_BODY: usize = 8 * 1024;

/// Registers the paths of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/handovers").app_data(PayloadConfig::new(MAX_BODY)).route(post().to(offer)))
        .service(
            resource("/v1/handovers/taken").app_data(PayloadConfig::new(MAX_BODY)).route(post().to(take)),
        );
}

/// What is to go along.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferBody {
    /// The site.
    site: String,
    /// The value of the consent cookie, under its seal.
    cookie: String,
}

/// What has come along.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TakeBody {
    /// The site.
    site: String,
    /// What `POST /v1/handovers` answered on the other domain.
    token: String,
}

/// A token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenBody {
    /// For the fragment of the address that the link leads to, after `#avow=`; good for two minutes.
    token: String,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CookieBody {
    /// The value of the consent cookie, which is set by HTTP as well where the browser keeps it.
    cookie: String,
}

/// Makes a token of an answer that this server has sealed.
#[utoipa::path(
    post, path = "/v1/handovers", tag = "consents",
    request_body(content = OfferBody),
    responses(
        (status = 201, description = "the token", body = TokenBody),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "foreign-origin", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "too-large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid: no seal of this server, or its time is over", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn offer(
    state: Data<AppState>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let OfferBody { site, cookie } = read(body)?;
    let (site, policies) = site_policies(&state, &site).await?;
    check_origin(request.headers(), &policies)?;
    let token = hand_over::offer(&state, &site, &visitor(&state, &request), &cookie)?;
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(TokenBody { token }))
}

/// Takes the answer of a token over.
#[utoipa::path(
    post, path = "/v1/handovers/taken", tag = "consents",
    request_body(content = TakeBody),
    responses(
        (status = 200, description = "the answer, with the consent cookie", body = CookieBody),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "foreign-origin", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "too-large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid: no token of this site, or its time is over", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn take(
    state: Data<AppState>,
    request: HttpRequest,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let TakeBody { site, token } = read(body)?;
    let (site, policies) = site_policies(&state, &site).await?;
    check_origin(request.headers(), &policies)?;
    let held = client::lines(request.headers(), header::COOKIE.as_str()).join("; ");
    // Two that differ, or one that cannot be read, are an answer, too: one of them may be a no.
    if has_ours(&held) {
        return Err(Problem::new(Kind::Invalid).detail("this visitor has an answer of their own here"));
    }
    let taken = hand_over::take(
        &state,
        &site,
        &visitor(&state, &request),
        &token,
        policies.current.engine.regime.refusal_days,
    )?;
    let mut response = HttpResponse::Ok();
    let keeper = cookie::keeper(request.headers());
    if let Some(line) = keeper.and_then(|page| cookie::line(&page, &taken, state.clock.now())) {
        response.insert_header((header::SET_COOKIE, line));
    }
    let cookie = encode(&taken.decision, Some(&taken.seal));
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(CookieBody { cookie }))
}

/// Where the visitor asks from, for the token's code alone: kept, logged and sent nowhere.
fn visitor(state: &AppState, request: &HttpRequest) -> String {
    let address = request.peer_addr().map(|peer| client::address(state, peer.ip(), request.headers()));
    address.map(|address| format!("{:x?}", network(address))).unwrap_or_default()
}

fn read<T: for<'de> Deserialize<'de>>(body: Result<Bytes, actix_web::Error>) -> Result<T, Problem> {
    serde_json::from_slice(&whole(body)?).map_err(|error| super::consents::unreadable(&error))
}
