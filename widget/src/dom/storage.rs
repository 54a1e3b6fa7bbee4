//! The visitor's device: our cookie, and clearing what a policy declares.

use super::js::{Page, document, get, moment, set_text, text, window};
use crate::gate::{Item, cookie_names, domains, paths};
use avow_shared::cookie::{NAME, find_in};
use avow_shared::id::Millis;
use wasm_bindgen::JsValue;

/// `document.cookie`; empty where cookies are off.
pub fn cookies() -> String {
    text(&document(), "cookie")
}

/// Keeps our cookie until `expires`; true if it can be read back.
///
/// `by_host` is the policy's table of cookie domains. Former cookies of other domains and paths go first:
/// two of them with different values would be no decision.
pub fn keep(value: &str, expires: Millis, by_host: &JsValue) -> bool {
    let location = get(&window(), "location");
    expire(NAME);
    let mut line = String::from(NAME);
    line.push('=');
    line.push_str(value);
    line.push_str(";path=/;samesite=lax;max-age=");
    let mut seconds = avow_shared::json::Writer::new();
    seconds.int(expires.seconds() - moment().seconds());
    line.push_str(&seconds.finish());
    if text(&location, "protocol") == "https:" {
        line.push_str(";secure");
    }
    let host = text(&location, "hostname");
    let domain = domain_for(&host, by_host);
    if !domain.is_empty() {
        set_cookie(&[&line, ";domain=", &domain]);
        if find_in(&cookies()) == Some(value) {
            return true;
        }
    }
    set_cookie(&[&line]);
    find_in(&cookies()) == Some(value)
}

/// The declared cookie domain of a host, by its own name or a `*.` above it; empty means this host alone.
fn domain_for(host: &str, by_host: &JsValue) -> String {
    let own = get(by_host, host);
    if !own.is_undefined() {
        return own.as_string().unwrap_or_default();
    }
    for parent in domains(host).into_iter().skip(2) {
        let mut wildcard = String::from("*.");
        wildcard.push_str(parent);
        let found = text(by_host, &wildcard);
        if !found.is_empty() {
            return found;
        }
    }
    String::new()
}

/// Clears items wherever this page may have put them.
pub fn clear(items: &[&Item], page: &Page) {
    let cookies = cookies();
    for item in items {
        if item.kind == "cookie" {
            cookie_names(item, &cookies).into_iter().for_each(expire);
        } else {
            page.clear(&item.kind, &item.name, item.prefix);
        }
    }
}

fn expire(name: &str) {
    let location = get(&window(), "location");
    let (host, path) = (text(&location, "hostname"), text(&location, "pathname"));
    for domain in domains(&host) {
        for path in paths(&path) {
            let tail = if domain.is_empty() { "" } else { ";domain=" };
            set_cookie(&[name, "=;max-age=0;path=", path, tail, domain]);
        }
    }
}

fn set_cookie(parts: &[&str]) {
    set_text(&document(), "cookie", &parts.concat());
}
