//! `GET /site/{site}/{hash}/region.json`: which regime holds for whoever asks, by where they are.
//!
//! The one answer before a choice that is not the same for everyone; it is asked for only where a policy follows its
//! visitors, and takes no identifier and leaves none. The address is looked up and dropped.

use super::client;
use super::problem::{Kind, Problem, ProblemBody};
use super::{resource, site_policies};
use crate::state::AppState;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, http::header};
use avow_shared::regime::Regime;
use serde::Serialize;
use utoipa::ToSchema;

/// Registers the path of this module.
pub fn configure(config: &mut ServiceConfig) {
    config.service(resource("/site/{site}/{hash}/region.json").route(web::get().to(region)));
}

/// How consent works for whoever asked: what takes the place of the policy's own regime.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegionBody {
    regime: RegimeBody,
}

impl RegionBody {
    pub(super) fn of(regime: Regime) -> Self {
        let behaviour = regime.behaviours();
        let Regime { id, exemptions, grant_days, refusal_days, .. } = regime;
        Self { regime: RegimeBody { behaviour, exemptions, grant_days, id, refusal_days } }
    }
}

/// A regime.
#[derive(Debug, Serialize, ToSchema)]
struct RegimeBody {
    /// What happens without an answer: `consent_first` unless the policy has `allow_opt_out`; else also `notice_first`,
    /// `rights_first`, and `notice_first+consent_first` where marketing waits for consent.
    behaviour: String,
    /// Whether statistics and appearance need no consent.
    exemptions: bool,
    /// Days for which a grant is valid.
    grant_days: u16,
    /// What a decision names as its regime.
    id: String,
    /// Days for which a refusal is remembered.
    refusal_days: u16,
}

/// Which regime holds for whoever asks.
#[utoipa::path(
    get, path = "/site/{site}/{hash}/region.json", tag = "site files",
    params(
        ("site" = String, Path, description = "the site"),
        ("hash" = String, Path, description = "the hash of a version that is accepted, 64 hexadecimal characters"),
    ),
    responses(
        (status = 200, description = "the regime; never cached", body = RegionBody),
        (status = 404, description = "unknown-site, not-found", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn region(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (site, hash) = path.into_inner();
    let (_, policies) = site_policies(&state, &site).await?;
    let now = state.clock.now();
    let policy = policies.of_hash(&hash, now).ok_or(Kind::NotFound)?;
    let lines = |name: &str| client::lines(request.headers(), name);
    let place = request.peer_addr().and_then(|peer| state.locator.place(peer.ip(), lines));
    let regime = state.regions.regime(policy, place.as_ref(), now);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        // As the other files that pages fetch, which may lie on another host of the site.
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .json(RegionBody::of(regime)))
}
