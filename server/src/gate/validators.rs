//! Validators and cache keys: a page differs by class, so its `ETag` does, and no cache may mix two classes up.
//!
//! `"abc"` of the site becomes `W/"abc~s.<tag>"`, `W/"abc"` becomes `W/"abc~w.<tag>"`; the tag names class and
//! policy version. A browser that shows it again gets 304 only while both are the same; any other validator of
//! a page is not handed on, for it may be of a page from before the gate.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What no longer fits a body that was rewritten.
const OF_THE_BODY: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::ACCEPT_RANGES,
    header::LAST_MODIFIED,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
];

/// Makes the request ask the site about its own version of the page.
pub fn restore(headers: &mut HeaderMap, tag: &str) {
    headers.remove(header::IF_MODIFIED_SINCE);
    headers.remove(header::IF_RANGE);
    headers.remove(header::RANGE);
    let known: Vec<String> = headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|shown| original(shown.trim(), tag))
        .collect();
    headers.remove(header::IF_NONE_MATCH);
    if let Ok(value) = HeaderValue::from_str(&known.join(", "))
        && !known.is_empty()
    {
        headers.insert(header::IF_NONE_MATCH, value);
    }
}

/// Gives the answer the validator of this class, and takes away what was said of the site's own bytes.
pub fn renew(headers: &mut HeaderMap, tag: &str) {
    for name in &OF_THE_BODY {
        headers.remove(name);
    }
    if let Some(renewed) = headers.get(header::ETAG).and_then(|own| suffixed(own.to_str().ok()?, tag)) {
        headers.insert(header::ETAG, renewed);
    } else {
        headers.remove(header::ETAG);
    }
}

/// Says by what the answer differs. `personal`: it shows what somebody allowed, so that only their own browser
/// may keep it; many shared caches do not look at `Vary`.
pub fn vary(headers: &mut HeaderMap, personal: bool) {
    headers.append(header::VARY, HeaderValue::from_static("Cookie, Sec-GPC"));
    if !personal {
        return;
    }
    let own: Vec<String> = headers
        .get_all(header::CACHE_CONTROL)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|directive| directive.trim().to_owned())
        .filter(|directive| {
            let name = directive.split('=').next().unwrap_or_default().to_ascii_lowercase();
            !matches!(name.as_str(), "" | "public" | "private" | "s-maxage" | "proxy-revalidate")
        })
        .collect();
    let all: Vec<String> = std::iter::once("private".to_owned()).chain(own).collect();
    if let Ok(value) = HeaderValue::from_str(&all.join(", ")) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    for name in ["surrogate-control", "cdn-cache-control"] {
        headers.remove(name);
    }
}

fn suffixed(own: &str, tag: &str) -> Option<HeaderValue> {
    let (kind, rest) = match own.strip_prefix("W/") {
        Some(rest) => ('w', rest),
        None => ('s', own),
    };
    let inside = rest.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::from_str(&format!("W/\"{inside}~{kind}.{tag}\"")).ok()
}

fn original(shown: &str, tag: &str) -> Option<String> {
    let inside = shown.strip_prefix("W/").unwrap_or(shown).strip_prefix('"')?.strip_suffix('"')?;
    let rest = inside.strip_suffix(tag)?;
    if let Some(own) = rest.strip_suffix("~s.") {
        Some(format!("\"{own}\""))
    } else {
        rest.strip_suffix("~w.").map(|own| format!("W/\"{own}\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_validator_comes_back_for_the_same_class_only() {
        for own in ["\"abc\"", "W/\"abc\"", "\"\""] {
            let renewed = suffixed(own, "c1").expect("a tag");
            let shown = renewed.to_str().expect("text");
            assert_eq!(original(shown, "c1").as_deref(), Some(own));
            assert_eq!(original(shown, "c2"), None);
            assert_eq!(original(own, "c1"), None, "a page from before the gate");
        }
        let mut headers = map(&[
            ("if-none-match", "W/\"abc~s.c1\", \"old\", W/\"x~w.c2\""),
            ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("range", "bytes=0-1"),
        ]);
        restore(&mut headers, "c1");
        assert_eq!(headers.get("if-none-match").map(HeaderValue::as_bytes), Some(&b"\"abc\""[..]));
        assert_eq!(headers.len(), 1);
        restore(&mut headers, "c1");
        assert!(headers.is_empty());
    }

    #[test]
    fn what_somebody_allowed_stays_with_them() {
        let mut headers = map(&[("cache-control", "public, max-age=60, s-maxage=600"), ("vary", "Accept")]);
        vary(&mut headers, true);
        assert_eq!(
            headers.get("cache-control").map(HeaderValue::as_bytes),
            Some(&b"private, max-age=60"[..])
        );
        assert_eq!(headers.get_all("vary").count(), 2);
        let mut headers = map(&[("cache-control", "public, max-age=60")]);
        vary(&mut headers, false);
        assert_eq!(headers.get("cache-control").map(HeaderValue::as_bytes), Some(&b"public, max-age=60"[..]));
    }
}
