//! One request through the gate: what it may have, what the site is asked, and what of the answer goes on.

use super::body::Rewritten;
use super::class::Class;
use super::coding::{Coding, UnknownCoding};
use super::cookies;
use super::headers::{Judged, append_policies};
use super::hosts::Origin;
use super::html::{self, Page, Scene, Work};
use super::rules::Rules;
use super::{Gate, Learn, statement, validators};
use crate::policy::Published;
use crate::verdict::{self, Verdict};
use actix_web::Error;
use actix_web::body::{self, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use avow_shared::policy::Policy;
use avow_shared::signals::Signals;
use std::borrow::Cow;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

const GPC: HeaderName = HeaderName::from_static("sec-gpc");
const DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What a browser wants to do with an answer, as far as it says so (`Sec-Fetch-Dest`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dest {
    /// Show it as a page.
    Page,
    /// Run it as a worker.
    Worker,
    /// A script fetches it.
    Fetch,
    /// Anything else: a picture, a style sheet, a script of a page.
    Part,
    /// It does not say: an old browser, or none.
    Unsaid,
}

impl Dest {
    fn of(headers: &HeaderMap) -> Self {
        match headers.get(&DEST).map(HeaderValue::as_bytes) {
            None => Self::Unsaid,
            Some(b"document" | b"iframe" | b"frame" | b"embed" | b"object" | b"fencedframe") => Self::Page,
            Some(b"worker" | b"sharedworker" | b"serviceworker") => Self::Worker,
            Some(b"empty") => Self::Fetch,
            Some(_) => Self::Part,
        }
    }
}

/// The gate as a layer of an application.
pub struct GateService<S> {
    gate: Gate,
    inner: Rc<S>,
}

impl<S, B> Transform<S, ServiceRequest> for Gate
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = GateService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(GateService { gate: self.clone(), inner: Rc::new(inner) }))
    }
}

impl<S, B> Service<ServiceRequest> for GateService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (gate, inner) = (self.gate.clone(), self.inner.clone());
        Box::pin(async move {
            let rules = gate.rules().await;
            if rules.is_own(request.path()) {
                return Ok(inner.call(request).await?.map_into_boxed_body());
            }
            let statement = statement::of(&gate, &request).await;
            let asked = Asked::new(&gate, rules, &mut request);
            let answer = inner.call(request).await?.map_into_boxed_body();
            let answer = asked.answer(answer);
            Ok(match statement {
                Some(statement) if !statement::is_said(&answer) => answer.into_response(statement),
                _ => answer,
            })
        })
    }
}

/// A request on its way, and what its answer will be judged by.
struct Asked {
    gate: Gate,
    rules: Arc<Rules>,
    class: Arc<Class>,
    verdict: Verdict,
    page: Origin,
    dest: Dest,
    wants_page: bool,
    method: Method,
    /// The cookies to end.
    endings: Vec<String>,
    takes_gzip: bool,
}

impl Asked {
    /// Judges the request, and makes it one that the site can answer for everybody of its class.
    fn new(gate: &Gate, rules: Arc<Rules>, request: &mut ServiceRequest) -> Self {
        let cookies = joined(request.headers(), &header::COOKIE);
        let gpc = verdict::is_sent(request.headers().get_all(&GPC).filter_map(|line| line.to_str().ok()));
        // Do Not Track is recorded with an answer, and decides nothing.
        let signals = Signals { gpc, ..Signals::default() };
        let now = gate.0.clock.now();
        let verdict = match &rules.policy {
            Some(policy) => {
                let engine = engine_for(gate, policy, request);
                verdict::judge(&engine, &gate.0.seal, &cookies, signals, now)
            }
            None => Verdict::nothing(),
        };
        let class = rules.class(verdict.allowed);
        let (host, path) = (joined(request.headers(), &header::HOST), request.path().to_owned());
        let page = Origin::new(&host, &path).unwrap_or_else(Origin::nowhere);
        let dest = Dest::of(request.headers());
        let wants_page = wants_page(dest, request.headers());
        let takes_gzip = accepts(request.headers(), "gzip");
        let mut endings = Vec::new();
        if gate.0.learn == Learn::On {
            if wants_page {
                // A page that is compressed could not be looked at.
                request.headers_mut().remove(header::ACCEPT_ENCODING);
            }
        } else {
            let keep = |at| verdict.allowed.contains(at) || verdict.pending.contains(at);
            let names = cookies::leftover(&rules.cookies, keep, &cookies);
            hide(request.headers_mut(), &cookies, &names);
            if wants_page {
                let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
                endings = cookies::endings(&names, name, &path);
                validators::restore(request.headers_mut(), &class.tag);
            }
            if wants_page || dest == Dest::Fetch {
                narrow_codings(request.headers_mut());
            }
        }
        let method = request.method().clone();
        Self {
            gate: gate.clone(),
            rules,
            class,
            verdict,
            page,
            dest,
            wants_page,
            method,
            endings,
            takes_gzip,
        }
    }

    /// What of the answer goes on.
    fn answer(self, mut answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.judged().filter_cookies(answer.headers_mut());
            return answer;
        }
        let kind = Kind::of(answer.headers());
        if self.gate.0.learn == Learn::On {
            return self.learn(answer, kind);
        }
        let status = answer.status();
        let headers = answer.headers_mut();
        let is_page = self.is_page(kind, status, headers);
        let judged = self.judged();
        judged.filter_cookies(headers);
        judged.drop_calls(headers);
        for line in &self.endings {
            if let Ok(line) = HeaderValue::from_str(line) {
                headers.append(header::SET_COOKIE, line);
            }
        }
        if kind == Kind::Script {
            self.answer_script(headers);
        } else if is_page {
            let report = self.gate.asks_for_reports().then(|| self.report()).flatten();
            judged.add_policies(headers, self.class.policies.as_ref(), report.as_deref());
            judged.add_class(headers);
            validators::vary(headers, self.is_personal());
            if self.is_personal() && self.follows() {
                // A browser that travels asks again.
                headers.append(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            }
        } else if self.dest == Dest::Worker {
            self.answer_script(headers);
        }
        if !is_page || !self.is_rewritten(kind, status) {
            let is_short = status == StatusCode::NOT_MODIFIED || self.method == Method::HEAD;
            if !is_page || !is_short {
                return answer;
            }
            // What is said of the page is said of the rewritten one.
            validators::renew(answer.headers_mut(), &self.class.tag);
            return answer.map_body(|_, _| BoxBody::new(body::None::new()));
        }
        self.rewrite(answer)
    }

    /// Whether a browser may show the answer as a page.
    fn is_page(&self, kind: Kind, status: StatusCode, headers: &HeaderMap) -> bool {
        if status == StatusCode::NOT_MODIFIED {
            // It speaks of what the browser has: whether that is a page, only the request can tell.
            return self.wants_page;
        }
        let leads_away = status.is_redirection() && headers.contains_key(header::LOCATION);
        let is_shown = !leads_away && status != StatusCode::NO_CONTENT;
        is_shown && matches!(kind, Kind::Html | Kind::Document)
    }

    /// Only looks: the policies are reported, not enforced, and the page is read as it passes.
    fn learn(self, mut answer: ServiceResponse<BoxBody>, kind: Kind) -> ServiceResponse<BoxBody> {
        self.judged().note_cookies(answer.headers());
        if kind != Kind::Html {
            return answer;
        }
        let report = self.report();
        append_policies(
            answer.headers_mut(),
            &header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
            &self.class.learned,
            report.as_deref(),
        );
        let coding = coding(answer.headers());
        if !self.is_rewritten(kind, answer.status()) || coding != Ok(None) {
            return answer;
        }
        let page = self.page(Work::Learn, answer.headers());
        answer.map_body(|_, body| BoxBody::new(Rewritten::new(body, page, None, false)))
    }

    /// A file that a worker may be made of has a policy of its own, and caches keep it apart from the same file
    /// as a page's script.
    fn answer_script(&self, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("Sec-Fetch-Dest"));
        if matches!(self.dest, Dest::Worker | Dest::Unsaid) && self.class.policies.is_some() {
            self.judged().add_worker_policy(headers);
            validators::vary(headers, self.is_personal());
        }
    }

    /// Whether the answer's body is rewritten: a page, whole, that can be taken apart.
    fn is_rewritten(&self, kind: Kind, status: StatusCode) -> bool {
        let has_body = self.method != Method::HEAD
            && status != StatusCode::NO_CONTENT
            && status != StatusCode::NOT_MODIFIED
            && !status.is_informational();
        kind == Kind::Html
            && has_body
            && status != StatusCode::PARTIAL_CONTENT
            && self.dest != Dest::Part
            && self.dest != Dest::Worker
    }

    fn rewrite(self, mut answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let Ok(coding) = coding(answer.headers()) else {
            // In a coding that nobody asked for: the policies hold, the guard is missing.
            metrics::counter!("avow_gate_unreadable_total").increment(1);
            return answer;
        };
        let folds = coding.is_some() && self.takes_gzip;
        let work = if self.dest == Dest::Fetch { Work::GateIfWhole } else { Work::Gate };
        let page = self.page(work, answer.headers());
        let headers = answer.headers_mut();
        validators::renew(headers, &self.class.tag);
        headers.remove(header::CONTENT_ENCODING);
        if folds {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        answer.map_body(|_, body| BoxBody::new(Rewritten::new(body, page, coding, folds)))
    }

    fn page(&self, work: Work, headers: &HeaderMap) -> Page {
        let declared =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(html::of_header);
        let scene =
            Scene::new(self.page.clone(), self.rules.clone(), self.class.clone(), self.gate.0.seen.clone());
        Page::new(work, scene, declared)
    }

    fn judged(&self) -> Judged<'_> {
        Judged {
            rules: &self.rules,
            class: &self.class,
            verdict: self.verdict,
            page: &self.page,
            now: self.gate.0.clock.now(),
            seen: &self.gate.0.seen,
        }
    }

    /// Whether where the visitor is may make a difference.
    fn follows(&self) -> bool {
        self.rules.policy.as_ref().is_some_and(|policy| !policy.regimes.is_empty())
    }

    /// Whether the answer shows what somebody allowed.
    fn is_personal(&self) -> bool {
        self.class.name != "none"
    }

    /// Where browsers report to.
    fn report(&self) -> Option<String> {
        self.rules
            .base
            .starts_with('/')
            .then(|| format!("{}/v1/reports?site={}", self.rules.base, self.gate.site().as_str()))
    }
}

/// The policy as it holds for whoever asks: by the law of where they are, if the site follows that.
fn engine_for<'a>(gate: &Gate, policy: &'a Published, request: &ServiceRequest) -> Cow<'a, Policy> {
    let place = || {
        let (locator, peer) = (gate.0.locator.as_ref()?, request.peer_addr()?);
        locator.place(peer.ip(), |name| {
            request.headers().get_all(name).map(|line| line.to_str().unwrap_or_default()).collect()
        })
    };
    // Most sites treat all alike, and look nobody up.
    let place = if policy.regimes.is_empty() { None } else { place() };
    match place.and_then(|place| policy.regime_at(&place.country, place.part.as_deref()).cloned()) {
        Some(regime) => Cow::Owned(policy.engine.in_regime(regime)),
        None => Cow::Borrowed(&policy.engine),
    }
}

/// What an answer is, by its `Content-Type`; the later ones can do more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Anything else.
    Other,
    /// JavaScript.
    Script,
    /// Shown as a page by browsers, or perhaps: gets the policies.
    Document,
    /// Rewritten.
    Html,
}

impl Kind {
    /// Browsers take the last of several types that they can read (Fetch, "extract a MIME type"); here the one that
    /// can do most counts.
    fn of(headers: &HeaderMap) -> Self {
        let types = headers.get_all(header::CONTENT_TYPE);
        let types = types.flat_map(|value| value.to_str().unwrap_or_default().split(','));
        types.map(Self::of_type).max().unwrap_or(Self::Document)
    }

    fn of_type(value: &str) -> Self {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/html" => Self::Html,
            ""
            | "image/svg+xml"
            | "multipart/x-mixed-replace"
            | "unknown/unknown"
            | "application/unknown" => Self::Document,
            kind if kind.contains("xml") => Self::Document,
            kind if kind.contains("javascript") || kind.contains("ecmascript") => Self::Script,
            _ => Self::Other,
        }
    }
}

/// Whether the browser asks for a page; one that does not say is believed by what it accepts.
fn wants_page(dest: Dest, headers: &HeaderMap) -> bool {
    match dest {
        Dest::Page => true,
        Dest::Unsaid => joined(headers, &header::ACCEPT).contains("text/html"),
        Dest::Worker | Dest::Fetch | Dest::Part => false,
    }
}

/// What may not be kept may not be read either: the site is not sent it.
fn hide(headers: &mut HeaderMap, cookies: &str, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    headers.remove(header::COOKIE);
    let rest = cookies::without(cookies, names).and_then(|rest| HeaderValue::from_str(&rest).ok());
    if let Some(rest) = rest {
        headers.insert(header::COOKIE, rest);
    }
}

/// The site must not answer a page in a coding that the gate cannot take apart.
fn narrow_codings(headers: &mut HeaderMap) {
    let known: Vec<&str> =
        ["gzip", "br", "deflate"].into_iter().filter(|coding| accepts(headers, coding)).collect();
    headers.remove(header::ACCEPT_ENCODING);
    if let Ok(value) = HeaderValue::from_str(&known.join(", "))
        && !known.is_empty()
    {
        headers.insert(header::ACCEPT_ENCODING, value);
    }
}

/// Whether `Accept-Encoding` names that coding and does not rule it out (RFC 9110 section 12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    joined(headers, &header::ACCEPT_ENCODING).split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|part| {
            part.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0)
            })
        });
        named && !refused
    })
}

fn coding(headers: &HeaderMap) -> Result<Option<Coding>, UnknownCoding> {
    Coding::parse(&joined(headers, &header::CONTENT_ENCODING))
}

/// All lines of a header as one. What is no text becomes what fits nothing, and hides nothing beside it.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let divider = if name == header::COOKIE { "; " } else { ", " };
    let lines: Vec<_> =
        headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    lines.join(divider)
}
