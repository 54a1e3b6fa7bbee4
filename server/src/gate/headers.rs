//! The headers of an answer: drops what would make a browser call a host that is not allowed, filters cookies,
//! and adds the policies.
//!
//! What a browser loads ahead of a page's markup (`Link`, `Refresh`, `Speculation-Rules`) or reports behind its
//! back (`Report-To`, `NEL`, `Reporting-Endpoints`) is in no page, so only a server can hold it back.

use super::class::{Class, Policies};
use super::cookies::{self, Fate};
use super::csp;
use super::hosts::{Origin, Target};
use super::rules::Rules;
use crate::seen::{Kind, Seen};
use crate::verdict::{Purposes, Verdict};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use avow_shared::id::Millis;

const CLASS: HeaderName = HeaderName::from_static("avow-class");
const LINK: HeaderName = HeaderName::from_static("link");
const REPORTING: [HeaderName; 4] = [
    HeaderName::from_static("report-to"),
    HeaderName::from_static("nel"),
    HeaderName::from_static("reporting-endpoints"),
    HeaderName::from_static("reporting-endpoint"),
];
const SPECULATION: HeaderName = HeaderName::from_static("speculation-rules");
/// Relations by which a browser fetches, or opens a connection, at once.
const FETCHING: [&str; 8] = [
    "preload",
    "preconnect",
    "dns-prefetch",
    "modulepreload",
    "prefetch",
    "prerender",
    "stylesheet",
    "compression-dictionary",
];

/// What the headers of one answer are judged by.
pub struct Judged<'a> {
    /// The policy.
    pub rules: &'a Rules,
    /// The visitor's class.
    pub class: &'a Class,
    /// What the visitor may have.
    pub verdict: Verdict,
    /// The page, or the place of the file.
    pub page: &'a Origin,
    /// The time.
    pub now: Millis,
    /// Where dropped cookies are counted.
    pub seen: &'a Seen,
}

impl Judged<'_> {
    /// Filters `Set-Cookie`, whatever kind of answer it is.
    pub fn filter_cookies(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(header::SET_COOKIE) {
            return;
        }
        let allowed: Purposes = self.verdict.allowed;
        let mut keep = Vec::new();
        for line in headers.remove(header::SET_COOKIE) {
            // A line that is not ASCII is judged by its name, which must be.
            let text = String::from_utf8_lossy(line.as_bytes());
            let fate = cookies::judge(&self.rules.cookies, allowed, &text, self.now);
            if fate == Fate::Unknown
                && let Some(name) = cookies::name_of(&text)
            {
                self.seen.note(Kind::Cookie, name, "set-cookie");
            }
            match fate {
                Fate::Passes => keep.push(line),
                Fate::Unknown if self.class.everything => keep.push(line),
                Fate::Dropped | Fate::Unknown => {
                    metrics::counter!("avow_gate_cookies_dropped_total").increment(1);
                }
            }
        }
        for line in keep {
            headers.append(header::SET_COOKIE, line);
        }
    }

    /// Notes the cookies that no policy names, and drops none.
    pub fn note_cookies(&self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let text = String::from_utf8_lossy(line.as_bytes());
            if let Some(name) = cookies::name_of(&text)
                && cookies::judge(&self.rules.cookies, self.verdict.allowed, &text, self.now) == Fate::Unknown
            {
                self.seen.note(Kind::Cookie, name, "set-cookie");
            }
        }
    }

    /// Drops headers that call hosts which are not allowed.
    pub fn drop_calls(&self, headers: &mut HeaderMap) {
        if self.class.everything {
            return;
        }
        if headers.contains_key(&LINK) {
            for line in headers.remove(&LINK) {
                if let Some(kept) = line.to_str().ok().and_then(|line| self.links(line)) {
                    headers.append(LINK, kept);
                }
            }
        }
        let away = |line: &HeaderValue| line.to_str().map_or(true, |line| self.refreshes_away(line));
        if headers.get_all(header::REFRESH).any(away) {
            headers.remove(header::REFRESH);
        }
        // The rules are in a file that nobody has looked at.
        headers.remove(&SPECULATION);
        for name in &REPORTING {
            if headers.get_all(name).any(|line| line.to_str().map_or(true, |line| self.names_stranger(line)))
            {
                headers.remove(name);
            }
        }
    }

    /// Amends the site's own policies, and adds ours.
    pub fn add_policies(&self, headers: &mut HeaderMap, policies: Option<&Policies>, report: Option<&str>) {
        for name in [header::CONTENT_SECURITY_POLICY, header::CONTENT_SECURITY_POLICY_REPORT_ONLY] {
            for line in headers.remove(&name) {
                // One line may hold several policies, divided by commas.
                let amended = line.to_str().ok().map(|line| {
                    let all = line.split(',');
                    let all: Vec<String> = all
                        .map(|policy| csp::amend(policy, &self.class.guard, self.page, &self.class.hosts))
                        .collect();
                    all.join(", ")
                });
                let value = amended.and_then(|line| HeaderValue::from_str(&line).ok()).unwrap_or(line);
                headers.append(name.clone(), value);
            }
        }
        let Some(policies) = policies else { return };
        append_policies(headers, &header::CONTENT_SECURITY_POLICY, policies, report);
        // Browsers look up the names in a page's links ahead of a click.
        headers.insert(header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off"));
    }

    /// What a file that may become a worker gets: its own policy, for it does not take over the page's.
    pub fn add_worker_policy(&self, headers: &mut HeaderMap) {
        if let Some(policies) = &self.class.policies {
            push(headers, &header::CONTENT_SECURITY_POLICY, policies.hosts.clone());
        }
    }

    /// Names the class, for tests and for caches that can key on it.
    pub fn add_class(&self, headers: &mut HeaderMap) {
        headers.insert(CLASS, self.class.name.clone());
    }

    /// A `Link` line without the entries that fetch from hosts which are not allowed.
    fn links(&self, line: &str) -> Option<HeaderValue> {
        let kept: Vec<&str> = entries(line)
            .into_iter()
            .map(str::trim)
            .filter(|entry| !entry.is_empty() && !self.is_call(entry))
            .collect();
        (!kept.is_empty()).then(|| HeaderValue::from_str(&kept.join(", ")).ok()).flatten()
    }

    fn is_call(&self, entry: &str) -> bool {
        let Some((address, rest)) = entry.strip_prefix('<').and_then(|entry| entry.split_once('>')) else {
            return true;
        };
        let rest = rest.to_ascii_lowercase();
        // Image sets are other addresses inside a parameter.
        let fetches = FETCHING.iter().any(|relation| rest.contains(relation));
        fetches && (self.is_stranger(address) || rest.contains("imagesrcset"))
    }

    /// Whether a `Refresh` goes to a host that is not allowed (`5; url=https://…`).
    pub fn refreshes_away(&self, text: &str) -> bool {
        refresh_address(text).is_some_and(|address| self.is_stranger(address))
    }

    fn is_stranger(&self, address: &str) -> bool {
        match self.page.target(address, None) {
            Target::Other(url) => !self.class.hosts.cover(&url),
            Target::Own | Target::Inside => false,
        }
    }

    /// Whether any quoted address in the text is a stranger's. `NEL` names a group, not an address, so it stands
    /// or falls with `Report-To`.
    fn names_stranger(&self, text: &str) -> bool {
        text.split('"').any(|word| word.contains("//") && self.is_stranger(&word.replace("\\/", "/")))
    }
}

/// Adds both policies under that name.
pub fn append_policies(
    headers: &mut HeaderMap,
    name: &HeaderName,
    policies: &Policies,
    report: Option<&str>,
) {
    for policy in [&policies.code, &policies.hosts] {
        let text = match report {
            Some(address) => format!("{policy}; report-uri {address}"),
            None => policy.clone(),
        };
        push(headers, name, text);
    }
}

fn push(headers: &mut HeaderMap, name: &HeaderName, policy: String) {
    let value = HeaderValue::try_from(policy).expect("hashes and checked hosts are plain ASCII");
    headers.append(name.clone(), value);
}

/// The address in the text of a refresh; `None` if it is to the page itself.
pub fn refresh_address(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once([';', ','])?;
    let rest = rest.trim_start();
    let rest = match rest.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => {
            rest[3..].trim_start().strip_prefix('=').map_or(rest, str::trim_start)
        }
        _ => rest,
    };
    let address = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next().unwrap_or_default(),
        _ => rest,
    };
    Some(address.trim_end())
}

/// The entries of a list header: divided by commas outside `<…>` and quotes.
fn entries(line: &str) -> Vec<&str> {
    let (mut all, mut start, mut address, mut quoted) = (Vec::new(), 0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' if !address => quoted = !quoted,
            b'<' if !quoted => address = true,
            b'>' if !quoted => address = false,
            b',' if !address && !quoted => {
                all.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(&line[start..]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_read_as_browsers_read_it() {
        for (text, address) in [
            ("5", None),
            ("0; url=https://t.example/", Some("https://t.example/")),
            ("0;URL='https://t.example/'x", Some("https://t.example/")),
            ("0, https://t.example/", Some("https://t.example/")),
            ("0; url = \"//t.example\"", Some("//t.example")),
        ] {
            assert_eq!(refresh_address(text), address, "{text}");
        }
    }

    #[test]
    fn entries_are_divided_by_commas_outside_addresses_and_quotes() {
        assert_eq!(
            entries("<https://a.example/x,y>; rel=preload, </b>; title=\"c, d\""),
            ["<https://a.example/x,y>; rel=preload", " </b>; title=\"c, d\""]
        );
    }
}
