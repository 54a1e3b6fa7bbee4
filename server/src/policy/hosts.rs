//! Host names in a policy: the site's own domains, the hosts of services, and the domain of the cookie.
//!
//! Hosts end up in a Content-Security-Policy, so nothing that could end a directive or widen it unseen may
//! pass: no space, `;`, `,`, quotes, keywords, bare schemes or wildcards over everybody's names.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Why a text is no host here; the reason completes "`x` …".
type Reason = &'static str;

/// Checks a domain of the site: `www.example.org` or `*.example.org`.
pub fn check_domain(text: &str) -> Result<(), Reason> {
    if text.contains("://") || text.contains('/') {
        return Err("is an address: write the host alone, without scheme or path");
    }
    let (wildcard, name) = match text.strip_prefix("*.") {
        Some(parent) => (true, parent),
        None => (false, text),
    };
    if is_ip(name) {
        return if wildcard { Err("puts a wildcard before an IP address") } else { Ok(()) };
    }
    check_name(name)?;
    if wildcard && covers_strangers(name) {
        return Err("would stand for sites of other people: names end in a public suffix there");
    }
    if !wildcard && name.contains('.') && psl::suffix_str(name) == Some(name) && is_known_suffix(name) {
        return Err("is a public suffix: sites of other people end in it");
    }
    Ok(())
}

/// Checks a host of a service: `https://a.example:8443`, `a.example`, `*.a.example`, `http://a.localhost:*`.
pub fn check_source(text: &str) -> Result<(), Reason> {
    if text == "*" {
        return Err("stands for every host: name those that the service uses");
    }
    if text.starts_with('\'') {
        return Err("is a keyword of the Content-Security-Policy, not a host");
    }
    if text.bytes().any(|b| b.is_ascii_whitespace() || matches!(b, b';' | b',' | b'"' | b'\'')) {
        return Err("could end the directive of a Content-Security-Policy");
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    if rest.contains('/') {
        return Err("has a path: write the host alone");
    }
    if rest.is_empty() || (scheme.is_none() && rest.ends_with(':')) {
        return Err("names a scheme and no host");
    }
    let (host, port) = split_port(rest);
    if !port.is_none_or(|port| {
        port == "*" || (port.parse::<u16>().is_ok_and(|port| port > 0) && !port.starts_with('+'))
    }) {
        return Err("has no port number after the colon");
    }
    let (wildcard, name) = match host.strip_prefix("*.") {
        Some(parent) => (true, parent),
        None => (false, host),
    };
    if is_ip(name.trim_matches(['[', ']'])) {
        if wildcard {
            return Err("puts a wildcard before an IP address");
        }
    } else {
        check_name(name)?;
        if wildcard && covers_strangers(name) {
            return Err("would let through hosts of other people: names end in a public suffix there");
        }
    }
    match scheme {
        None | Some("https" | "wss") => Ok(()),
        Some("http" | "ws") if is_local(name) => Ok(()),
        Some("http" | "ws") => Err("is not encrypted: use https"),
        Some(_) => Err("has a scheme other than https"),
    }
}

/// Checks where Avow is served from for those domains: `/.avow`, or `https://avow.example.org` on the same site.
pub fn check_base(text: &str, domains: &[&str]) -> Result<(), Reason> {
    let path = if text.starts_with('/') {
        text
    } else {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("is neither a path such as `/.avow` nor an https address");
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (host, _) = split_port(authority);
        check_source(&format!("{scheme}://{authority}"))?;
        if authority.contains('*') {
            return Err("has a wildcard: it must be one address");
        }
        let owner = registrable(host).unwrap_or_else(|| host.to_owned());
        let foreign = |domain: &&str| {
            let domain = domain.strip_prefix("*.").unwrap_or(domain);
            registrable(domain).unwrap_or_else(|| domain.to_owned()) != owner
        };
        if domains.iter().any(foreign) {
            return Err(
                "is a third party to some of the domains: serve Avow from a path or a host of the site itself, \
                so that nobody else hears of a visit",
            );
        }
        path
    };
    if path.is_empty() {
        return Ok(());
    }
    let tidy = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    };
    if path[1..].split('/').all(tidy) {
        Ok(())
    } else {
        Err("is no tidy path: letters, digits, `-._~`, single slashes, none at the end")
    }
}

/// The `Domain` attribute for the consent cookie on a declared domain, or `None` for a host-only cookie.
///
/// The registrable domain by the public suffix list, so that `www.` and `jobs.` share one answer; nothing for
/// IP addresses, single labels and `*.localhost`, where browsers take no domain.
pub fn cookie_domain(declared: &str) -> Option<String> {
    registrable(declared.strip_prefix("*.").unwrap_or(declared))
}

/// The registrable domain of a host, or `None` if it has none.
fn registrable(host: &str) -> Option<String> {
    if is_ip(host.trim_matches(['[', ']'])) || is_local(host) || !host.contains('.') {
        return None;
    }
    psl::domain_str(host).map(str::to_owned)
}

/// True if `host` (of a page, without port) is covered by the declared host of a service.
pub fn covers(source: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, port) = split_port(rest);
        (host.to_owned(), port.map(str::to_owned))
    };
    let ((host, port), (other_host, other_port)) = (bare(source), bare(other));
    let ports = port == other_port || port.as_deref() == Some("*") || other_port.as_deref() == Some("*");
    let hosts = host == other_host
        || host.strip_prefix('*').is_some_and(|dotted| other_host.ends_with(dotted))
        || other_host.strip_prefix('*').is_some_and(|dotted| host.ends_with(dotted));
    ports && hosts
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn check_name(name: &str) -> Result<(), Reason> {
    if !name.is_ascii() {
        return Err("is not ASCII: write its `xn--` form");
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("has capital letters: write it in lower case");
    }
    if name.contains(':') {
        return Err("has a port: write the host alone");
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if name.len() <= 253 && name.split('.').all(label) { Ok(()) } else { Err("is no host name") }
}

/// Hosts below that name belong to more than one owner.
fn covers_strangers(name: &str) -> bool {
    if is_local(name) {
        return false;
    }
    !name.contains('.') || psl::suffix_str(name) == Some(name)
}

fn is_known_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

fn is_ip(name: &str) -> bool {
    name.parse::<Ipv4Addr>().is_ok() || name.parse::<Ipv6Addr>().is_ok()
}

fn is_local(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || name.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_shared_by_the_site_and_nobody_else() {
        for (declared, domain) in [
            ("www.example.org", Some("example.org")),
            ("example.org", Some("example.org")),
            ("*.jobs.example.co.uk", Some("example.co.uk")),
            ("careers.service.gov.uk", Some("careers.service.gov.uk")),
            ("someone.github.io", Some("someone.github.io")),
            ("xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            ("careers.localhost", None),
            ("*.localhost", None),
            ("localhost", None),
            ("intranet", None),
            ("192.0.2.7", None),
            ("2001:db8::1", None),
        ] {
            assert_eq!(cookie_domain(declared).as_deref(), domain, "{declared}");
        }
    }

    #[test]
    fn domains_are_hosts_of_the_site() {
        for right in
            ["www.example.org", "*.example.org", "localhost", "a.localhost", "*.localhost", "192.0.2.7"]
        {
            assert_eq!(check_domain(right), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "https://a.example",
            "a.example/x",
            "a.example:80",
            "*",
            "*.org",
            "*.co.uk",
            "co.uk",
            "A.example",
            "*.192.0.2.7",
            "a..b",
            "-a.example",
            "bücher.example",
            "a_b.example",
            "*.*.a.example",
            "a.*.example",
        ] {
            assert!(check_domain(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_cannot_break_or_widen_the_policy() {
        for right in [
            "a.example",
            "*.a.example",
            "https://a.example",
            "https://a.example:8443",
            "http://a.localhost:*",
            "wss://a.example",
            "https://192.0.2.7",
            "http://127.0.0.1:9",
            "https://[2001:db8::1]:8443",
        ] {
            assert_eq!(check_source(right), Ok(()), "{right}");
            // The guard leaves out every host with another character.
            assert!(right.chars().all(|c| c.is_ascii_alphanumeric() || "_:/.*[]-".contains(c)), "{right}");
        }
        for wrong in [
            "",
            "*",
            "https:",
            "https://",
            "data:",
            "'unsafe-eval'",
            "a.example; script-src *",
            "a.example b.example",
            "a.example,b.example",
            "\"a.example",
            "*.com",
            "*.co.uk",
            "*.github.io",
            "http://a.example",
            "ftp://a.example",
            "https://a.example/path",
            "a.example:",
            "a.example:0",
            "a.example:x",
            "a.example:+8",
            "https://*",
            "https://a.example?x",
            "a.example#x",
            "A.example",
            "javascript://a.example",
        ] {
            assert!(check_source(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_base_is_on_the_site() {
        for right in ["/.avow", "/a/b", "https://consent.example.org", "https://consent.example.org/x"] {
            assert_eq!(check_base(right, &["www.example.org", "*.example.org"]), Ok(()), "{right}");
        }
        for wrong in [
            "",
            "avow",
            "/",
            "/a/",
            "//a",
            "/../a",
            "/a b",
            "/a?b",
            "https://avow.example",
            "http://x.example.org",
        ] {
            assert!(check_base(wrong, &["www.example.org"]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wildcard_covers_hosts_below_it() {
        assert!(covers("https://*.a.example", "x.a.example"));
        assert!(covers("x.a.example", "*.a.example"));
        assert!(covers("http://a.localhost:*", "http://a.localhost:81"));
        assert!(!covers("https://a.example:1", "https://a.example:2"));
        assert!(!covers("*.a.example", "xa.example"));
    }
}
