//! `/page/{site}/…`: Avow's pages for visitors, and the form that takes an answer without a script.
//!
//! With `part=main` a page comes without its frame, for the site to put into one of its own.

use super::client;
use super::consents::{check_origin, cookie};
use super::problem::{Kind, Problem, ProblemBody};
use super::{get_or_head, resource, site_policies, whole};
use crate::cache::SitePolicies;
use crate::clock::day;
use crate::consent::fill_in::{Button, Filled, Kept, fill_in};
use crate::pages::compare::Version;
use crate::pages::cookies::{Answered, Standing};
use crate::pages::{CSP, Ground, compare, cookies, notice, taken};
use crate::policy::document::Document;
use crate::state::AppState;
use crate::verdict::{self, judge};
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Data, Path, PayloadConfig, Query, ServiceConfig, post};
use actix_web::{HttpRequest, HttpResponse};
use avow_shared::category::Category;
use avow_shared::id::Millis;
use avow_shared::regime::Behaviour;
use avow_shared::signals::Signals;
use maud::Markup;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest form, bytes: 64 purposes, answered.
const MAX_FORM: usize = 16 * 1024;

/// Registers the paths of this module.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(resource("/page/{site}/cookies").route(get_or_head().to(about_cookies)))
        .service(resource("/page/{site}/notice").route(get_or_head().to(privacy_notice)))
        .service(resource("/page/{site}/versions").route(get_or_head().to(versions)))
        .service(
            resource("/page/{site}/answer").app_data(PayloadConfig::new(MAX_FORM)).route(post().to(answer)),
        );
}

/// How a page is wanted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    /// The language.
    lang: Option<String>,
    /// `main`: without the frame.
    part: Option<String>,
    /// The version beside which the current one is shown.
    with: Option<u32>,
}

/// The page about cookies, with the state of whoever asks.
#[utoipa::path(
    get, path = "/page/{site}/cookies", tag = "pages",
    params(
        ("site" = String, Path, description = "the site"),
        ("lang" = Option<String>, Query, description = "one of the policy's languages; else the browser's"),
        ("part" = Option<String>, Query, description = "`main`: the part alone, for a page of the site's own"),
    ),
    responses(
        (status = 200, description = "the page; never kept by a cache that others share", content_type = "text/html", body = String),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn about_cookies(
    state: Data<AppState>,
    request: HttpRequest,
    site: Path<String>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let (_, policies) = site_policies(&state, &site).await?;
    let document = document_of(&policies)?;
    let ground = ground(&document, &wanted, &request)?;
    let standing = standing(&state, &request, &policies);
    Ok(page(&ground, &wanted, "cookies_title", &cookies::part(&ground, &standing)))
}

/// The privacy notice of the current version.
#[utoipa::path(
    get, path = "/page/{site}/notice", tag = "pages",
    params(
        ("site" = String, Path, description = "the site"),
        ("lang" = Option<String>, Query, description = "one of the policy's languages; else the browser's"),
        ("part" = Option<String>, Query, description = "`main`: the part alone, for a page of the site's own"),
    ),
    responses(
        (status = 200, description = "the page", content_type = "text/html", body = String),
        (status = 404, description = "unknown-site; not-found: the policy has no notice", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn privacy_notice(
    state: Data<AppState>,
    request: HttpRequest,
    site: Path<String>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let (_, policies) = site_policies(&state, &site).await?;
    let document = document_of(&policies)?;
    let said = document.privacy_notice.as_ref().ok_or(Kind::NotFound)?;
    let ground = ground(&document, &wanted, &request)?;
    Ok(page(&ground, &wanted, "page_title", &notice::part(&ground, said, document.version > 1)))
}

/// The versions of the privacy notice, and one of them beside the current.
#[utoipa::path(
    get, path = "/page/{site}/versions", tag = "pages",
    params(
        ("site" = String, Path, description = "the site"),
        ("with" = Option<u32>, Query, description = "the number of the version to compare the current one with"),
        ("lang" = Option<String>, Query, description = "one of the policy's languages; else the browser's"),
        ("part" = Option<String>, Query, description = "`main`: the part alone, for a page of the site's own"),
    ),
    responses(
        (status = 200, description = "the page", content_type = "text/html", body = String),
        (status = 404, description = "unknown-site, not-found", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "unavailable", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn versions(
    state: Data<AppState>,
    request: HttpRequest,
    site: Path<String>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let (site, policies) = site_policies(&state, &site).await?;
    let document = document_of(&policies)?;
    let mut ground = ground(&document, &wanted, &request)?;
    let rows = state.store.policy_versions(&site).await?;
    let published = rows.iter().filter_map(|row| {
        Some(Version { number: u32::try_from(row.version).ok()?, published: day(Millis(row.published_at)) })
    });
    let older = match wanted.with {
        None => None,
        Some(number) => {
            let row = rows.iter().find(|row| row.version == i64::from(number)).ok_or(Kind::NotFound)?;
            ground.with = Some(number);
            Some(serde_json::from_str::<Document>(&row.document).map_err(|_| Kind::Internal)?)
        }
    };
    let published: Vec<Version> = published.collect();
    Ok(page(&ground, &wanted, "page_versions", &compare::part(&ground, &published, older.as_ref())))
}

/// What the server of a site is told that hands a form of its visitor on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TakenBody<'a> {
    /// What happened, as in the record; empty where nothing was answered, but left on that was on.
    event: &'a str,
    /// The code of the record; empty where there is none.
    reference: &'a str,
    /// The purposes that are allowed by answers, as the cookie that is set says; empty where none is set.
    granted: Vec<&'a str>,
}

/// Takes a form. Fields: `policy`, `regime`, `language`, `button` (`accept`, `reject`, `save`), for each purpose that it
/// asks about `purpose.ID` (`on` or `off`), and `back`, a path to go to afterwards.
#[utoipa::path(
    post, path = "/page/{site}/answer", tag = "pages",
    params(("site" = String, Path, description = "the site")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
                 description = "the form, at most 16 kB; see docs/embedding.md"),
    responses(
        (status = 200, description = "taken: a page that says so, or JSON where that is accepted; with the consent cookie", content_type = "text/html", body = String),
        (status = 303, description = "taken, and there is a path to go back to; with the consent cookie"),
        (status = 400, description = "malformed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "foreign-origin", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "unknown-site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "too-large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "invalid, unknown-version, undeclared-purpose, missing-purpose, grant-without-gesture", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, with Retry-After", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 503, description = "unavailable, with Retry-After; log-halted", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 507, description = "storage-full", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn answer(
    state: Data<AppState>,
    request: HttpRequest,
    site: Path<String>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let body = whole(body)?;
    let (_, policies) = site_policies(&state, &site).await?;
    let headers = request.headers();
    check_origin(headers, &policies)?;
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let field =
        |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let purposes =
        || fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("purpose.")?, value.as_str())));
    let asked: Vec<&str> = {
        let mut asked: Vec<&str> = purposes().map(|(id, _)| id).collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    };
    // A box that is ticked sends its own field beside the hidden one that says it was asked.
    let ticked: Vec<&str> = asked
        .iter()
        .copied()
        .filter(|id| purposes().any(|(known, value)| known == *id && value == "on"))
        .collect();
    let document = document_of(&policies)?;
    let ground = Ground::new(&document, Some(field("language")), "").ok_or(Kind::Internal)?;
    // Before anything is recorded: an answer that the device cannot keep must not be announced.
    let keeper = cookie::keeper(headers).ok_or_else(|| {
        Problem::new(Kind::Invalid).detail("the browser would not keep the answer's cookie for that page")
    })?;
    let held = held(headers);
    let filled = Filled {
        button: match field("button") {
            "accept" => Button::Accept,
            "reject" => Button::Reject,
            "save" => Button::Save,
            _ => return Err(Problem::new(Kind::Invalid).detail("button is accept, reject or save")),
        },
        policy_sha256: field("policy"),
        regime: field("regime"),
        language: field("language"),
        asked: &asked,
        ticked: &ticked,
        cookies: &held,
        signals: signals(headers),
        by_person: by_person(headers),
    };
    let taken = fill_in(&state, &policies, &filled).await?;
    let receipt = taken.receipt.as_ref();
    let (event, reference) =
        receipt.map_or(("", ""), |receipt| (receipt.event.as_str(), receipt.reference.as_str()));
    let (line, choices) = match &taken.cookie {
        Kept::Answer(sealed) => {
            (cookie::line(&keeper, sealed, state.clock.now()), sealed.decision.choices.as_slice())
        }
        Kept::AsItWas => (None, &[][..]),
        Kept::Nothing => (Some(cookie::forget(&keeper)), &[][..]),
    };
    let granted: Vec<&str> =
        choices.iter().filter(|choice| choice.granted).map(|choice| choice.purpose.as_str()).collect();
    let mut response = HttpResponse::Ok();
    let back = field("back");
    let wants_json = headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json");
    if !wants_json && is_path(back) {
        response = HttpResponse::SeeOther();
        response.insert_header((header::LOCATION, back));
    }
    if let Some(line) = line {
        response.insert_header((header::SET_COOKIE, line));
    }
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if wants_json {
        return Ok(response.json(TakenBody { event, reference, granted }));
    }
    if is_path(back) {
        return Ok(response.finish());
    }
    let said = match (event, filled.button) {
        ("withdrawn", _) => "withdrawn",
        ("objected", _) => "objected",
        (_, Button::Accept) => "accepted",
        (_, Button::Reject) => "rejected",
        (_, Button::Save) => "saved",
    };
    let title = ground.say("cookies_title");
    let text = ground.whole_alone(&title, &taken::part(&ground, said, reference));
    Ok(html(&mut response, text))
}

/// True for a path on the site: never an address that leads elsewhere.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Browsers say that somebody acted (`Sec-Fetch-User`) and that a page is opened, not fetched by a script
/// (`Sec-Fetch-Mode`): W3C Fetch Metadata. One that says neither can refuse here and not agree.
fn by_person(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    is("sec-fetch-user", "?1") && is("sec-fetch-mode", "navigate")
}

fn document_of(policies: &SitePolicies) -> Result<Document, Problem> {
    serde_json::from_str(&policies.current.document).map_err(|_| Problem::new(Kind::Internal))
}

fn ground<'a>(document: &'a Document, wanted: &Wanted, request: &HttpRequest) -> Result<Ground<'a>, Problem> {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Ground::new(document, wanted.lang.as_deref(), accepted.unwrap_or_default())
        .ok_or_else(|| Problem::new(Kind::Internal))
}

fn held(headers: &HeaderMap) -> String {
    client::lines(headers, header::COOKIE.as_str()).join("; ")
}

fn signals(headers: &HeaderMap) -> Signals {
    let is_sent = |name: &str| verdict::is_sent(client::lines(headers, name));
    Signals { gpc: is_sent("sec-gpc"), dnt: is_sent("dnt") }
}

fn standing(state: &AppState, request: &HttpRequest, policies: &SitePolicies) -> Standing {
    let (headers, now) = (request.headers(), state.clock.now());
    let policy = &policies.current;
    let lines = |name: &str| client::lines(headers, name);
    let place = request.peer_addr().and_then(|peer| state.locator.place(peer.ip(), lines));
    let regime = state.regions.regime(policy, place.as_ref(), now);
    let engine = policy.engine.in_regime(regime);
    let held = held(headers);
    let verdict = judge(&engine, &state.seal, &held, signals(headers), now);
    let decision = avow_shared::cookie::find_in(&held).and_then(avow_shared::cookie::parse);
    let answers = engine.purposes().iter().enumerate().map(|(at, purpose)| {
        let said = decision.as_ref().and_then(|stored| stored.decision.find(&purpose.id));
        let runs = purpose.category != Category::Necessary && verdict.allowed.contains(at);
        match said {
            Some(true) if runs => Answered::Allowed,
            _ if runs => Answered::On,
            Some(false) => Answered::Refused,
            _ => Answered::Not,
        }
    });
    Standing {
        policy_sha256: policy.engine.hash.clone(),
        answers: answers.collect(),
        gpc: signals(headers).gpc,
        opt_out: engine.regime.behaviour == Behaviour::RightsFirst,
        regime: engine.regime.id.clone(),
    }
}

fn page(ground: &Ground<'_>, wanted: &Wanted, title: &str, part: &Markup) -> HttpResponse {
    let is_part = wanted.part.as_deref() == Some("main");
    let text = if is_part { part.clone().into_string() } else { ground.whole(&ground.say(title), part) };
    html(&mut HttpResponse::Ok(), text)
}

fn html(response: &mut actix_web::HttpResponseBuilder, text: String) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP.as_str()))
        // Its form must say where it comes from.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(text)
}

#[cfg(test)]
mod tests;
