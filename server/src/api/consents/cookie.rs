//! The consent cookie by HTTP, beside the one that the widget writes: Safari keeps a cookie that a script has
//! written for seven days at most, one that a server has set for as long as it says.
//!
//! The answer sets it only where the browser has shown that it holds this very decision. So a decision that was
//! delivered late, or from somewhere else, never replaces a newer one.

use crate::consent::Sealed;
use crate::consent::decide::Receipt;
use crate::policy::hosts::cookie_domain;
use actix_web::http::header::{self, HeaderMap};
use avow_shared::cookie::{self, encode};
use avow_shared::id::Millis;
use url::Url;

/// The `Set-Cookie` line that answers a decision, if one does.
pub fn answer(headers: &HeaderMap, receipt: &Receipt, now: Millis) -> Option<String> {
    let page = same_origin(headers)?;
    let lines: Vec<&str> = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok()).collect();
    let held = lines.join("; ");
    let held = cookie::find_in(&held)?;
    let sealed = encode(&receipt.decision, Some(&receipt.seal));
    if held != sealed && held != encode(&receipt.decision, None) {
        return None;
    }
    set(&page, &sealed, receipt.until, now)
}

/// The page that an answer came from without a script that could write the cookie, if the browser keeps for it what this
/// host sets: its own page, or one of a host that shares its cookie domain.
pub fn keeper(headers: &HeaderMap) -> Option<Url> {
    if let Some(page) = same_origin(headers) {
        return Some(page);
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("host")?;
    let at = |scheme: &str| Url::parse(&format!("{scheme}://{host}")).ok();
    match text("origin") {
        // A page that tells nobody where it is: the browser says that it is this host's.
        None | Some("null") if text("sec-fetch-site") == Some("same-origin") => {
            let here = at("https")?;
            if here.host_str().is_some_and(|host| cookie_domain(host).is_none()) {
                at("http")
            } else {
                Some(here)
            }
        }
        Some(origin) => {
            let page = Url::parse(origin).ok()?;
            let (theirs, ours) = (cookie_domain(page.host_str()?)?, cookie_domain(at("https")?.host_str()?)?);
            (theirs == ours).then_some(page)
        }
        None => None,
    }
}

/// The `Set-Cookie` line for an answer of such a page.
pub fn line(page: &Url, sealed: &Sealed, now: Millis) -> Option<String> {
    set(page, &encode(&sealed.decision, Some(&sealed.seal)), sealed.until, now)
}

/// The `Set-Cookie` line that deletes the cookie of such a page.
pub fn forget(page: &Url) -> String {
    format!("{}=; Path=/; Max-Age=0; SameSite=Lax{}", cookie::NAME, attributes(page))
}

fn set(page: &Url, sealed: &str, until: Millis, now: Millis) -> Option<String> {
    let seconds = (until.0 - now.0) / 1000;
    if seconds <= 0 {
        return None;
    }
    Some(format!("{}={sealed}; Path=/; Max-Age={seconds}; SameSite=Lax{}", cookie::NAME, attributes(page)))
}

/// Whether over TLS only, and for which domain.
fn attributes(page: &Url) -> String {
    let secure = if page.scheme() == "https" { "; Secure" } else { "" };
    let domain = page.host_str().and_then(cookie_domain).map(|domain| format!("; Domain={domain}"));
    format!("{secure}{}", domain.unwrap_or_default())
}

/// The page's origin, if it is the one that Avow is served from: only then does the browser keep the cookie for it.
fn same_origin(headers: &HeaderMap) -> Option<Url> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let page = Url::parse(text("origin")?).ok()?;
    let said = text("sec-fetch-site");
    let same = match said {
        Some(site) => site == "same-origin",
        None => {
            text("host").and_then(|host| Url::parse(&format!("{}://{host}", page.scheme())).ok())? == page
        }
    };
    same.then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};
    use avow_shared::decision::{Choice, Decision};
    use avow_shared::id::PurposeId;

    const NOW: Millis = Millis(1_767_225_600_000);

    fn receipt() -> Receipt {
        let decision = Decision {
            version: 1,
            decided: NOW,
            expires: NOW.plus_days(180),
            gpc: false,
            left_on: false,
            choices: vec![Choice { purpose: PurposeId::parse("analytics").expect("an id"), granted: true }],
        };
        Receipt {
            log: None,
            created: true,
            id: String::new(),
            reference: String::new(),
            event: String::new(),
            server_time: NOW,
            record: String::new(),
            salt: [0; 32],
            commitment: [0; 32],
            seal: "s".repeat(22),
            until: decision.expires,
            decision,
        }
    }

    fn answered(pairs: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
        answer(&headers, &receipt(), NOW)
    }

    #[test]
    fn the_cookie_is_set_where_the_browser_holds_this_very_decision() {
        let held = format!("a=1; avow={}", encode(&receipt().decision, None));
        let set = answered(&[
            ("origin", "https://www.shop.example.co.uk"),
            ("sec-fetch-site", "same-origin"),
            ("cookie", &held),
        ]);
        let expected = format!(
            "avow={}; Path=/; Max-Age=15552000; SameSite=Lax; Secure; Domain=example.co.uk",
            encode(&receipt().decision, Some(&receipt().seal))
        );
        assert_eq!(set, Some(expected));
        // An old browser, and a host without a domain.
        let set =
            answered(&[("origin", "http://a.localhost:81"), ("host", "a.localhost:81"), ("cookie", &held)]);
        assert!(set.is_some_and(|set| set.ends_with("SameSite=Lax")));

        let other = Decision { gpc: true, ..receipt().decision };
        let newer = format!("avow={}", encode(&other, None));
        let both = format!("{held}; {newer}");
        let origin = ("origin", "https://a.example");
        let same = ("sec-fetch-site", "same-origin");
        for pairs in [
            vec![origin, same],
            vec![origin, same, ("cookie", newer.as_str())],
            vec![origin, same, ("cookie", both.as_str())],
            vec![origin, ("sec-fetch-site", "same-site"), ("cookie", held.as_str())],
            vec![origin, ("host", "b.example"), ("cookie", held.as_str())],
            vec![same, ("cookie", held.as_str())],
        ] {
            assert_eq!(answered(&pairs), None, "{pairs:?}");
        }
    }
}
