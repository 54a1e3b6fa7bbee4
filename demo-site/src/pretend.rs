//! Who a visitor of the demonstration pretends to be: from where, in which language, with which signal, with or without
//! scripts. It lies in a cookie of the demonstration's own, which no real site has.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use serde::Deserialize;

/// The cookie.
const COOKIE: &str = "demo_as";

/// Tells Avow where the visitor is, as a content delivery network would. Only the demo's own proxy is believed.
pub const PLACE_HEADER: &str = "x-demo-place";

/// What is pretended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Pretend {
    /// A country, or a part of one: `GB`, `US-CA`; empty for nowhere that is known.
    #[serde(default)]
    pub place: String,
    /// A language; empty for the site's own.
    #[serde(default)]
    pub lang: String,
    /// `1` where the browser asks not to be sold (Global Privacy Control).
    #[serde(default)]
    pub gpc: String,
    /// `1` where no script runs.
    #[serde(default)]
    pub nojs: String,
}

impl Pretend {
    /// Out of the request's cookie; nothing is pretended where it does not read.
    pub fn of(request: &HttpRequest) -> Self {
        let value = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
        let mut parts = value.split('~').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let pretend = Self { place: next(), lang: next(), gpc: next(), nojs: next() };
        if pretend.is_sound() { pretend } else { Self::default() }
    }

    /// The cookie that keeps it until the browser is closed.
    pub fn cookie(&self) -> Cookie<'static> {
        let value = [&self.place, &self.lang, &self.gpc, &self.nojs].map(String::as_str).join("~");
        Cookie::build(COOKIE, value).path("/").http_only(true).same_site(SameSite::Lax).finish()
    }

    /// Only letters, digits and hyphens: it goes into headers.
    pub fn is_sound(&self) -> bool {
        [&self.place, &self.lang, &self.gpc, &self.nojs].iter().all(|part| {
            part.len() <= 12 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    }

    /// Says it to Avow: where the visitor is, and the signal if the browser does not send it itself.
    pub fn tell(
        &self,
        mut onward: reqwest::RequestBuilder,
        request: &HttpRequest,
    ) -> reqwest::RequestBuilder {
        if !self.place.is_empty() {
            onward = onward.header(PLACE_HEADER, self.place.as_str());
        }
        if self.gpc() && !request.headers().contains_key("sec-gpc") {
            onward = onward.header("sec-gpc", "1");
        }
        onward
    }

    /// True if the signal is pretended.
    pub fn gpc(&self) -> bool {
        self.gpc == "1"
    }

    /// True if no script runs.
    pub fn no_script(&self) -> bool {
        self.nojs == "1"
    }
}
