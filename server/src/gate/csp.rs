//! The two content security policies of a class of visitors, and what the site's own policies need so that the
//! guard can run.
//!
//! Two at once, since a browser lets through only what both allow: one names the inline code that may run, the
//! other the hosts. A single policy would let approved inline code `import()` from anywhere.

use super::hosts::{Origin, Sources, Target};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Longest text of both together. Browsers take 256 kB of headers, servers in front of us often much less.
pub const MOST_BYTES: usize = 48 * 1024;

/// `'sha256-…'` of a text, as a policy names it.
pub fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Which code may run: what is approved, the site's own files, and files of these hosts. `handlers` says that
/// one of the hashes is of an event handler.
pub fn code(hashes: &[String], handlers: bool, hosts: &[String]) -> String {
    let mut policy = String::from("script-src ");
    for hash in hashes {
        policy.push_str(hash);
        policy.push(' ');
    }
    if handlers {
        policy.push_str("'unsafe-hashes' ");
    }
    policy.push_str("'self' 'unsafe-eval' 'wasm-unsafe-eval'");
    push(&mut policy, hosts);
    // Workers made from a blob inherit both policies; without this they would need `blob:` for every script.
    policy.push_str("; worker-src 'self' blob:");
    push(&mut policy, hosts);
    policy.push_str("; object-src 'none'");
    policy
}

/// Which hosts may be reached: the same words as the guard's own policy.
pub fn hosts(hosts: &[String]) -> String {
    let mut policy = String::from("default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:");
    push(&mut policy, hosts);
    policy.push_str("; form-action 'self'");
    push(&mut policy, hosts);
    policy.push_str("; object-src 'none'");
    policy
}

fn push(policy: &mut String, hosts: &[String]) {
    for host in hosts {
        policy.push(' ');
        policy.push_str(host);
    }
}

/// One of the site's own policies, so changed that the guard can run and no report goes to a host that is not
/// allowed. `guard` is the hash of the guard.
///
/// A hash is added only where inline code is restricted: beside a plain `'unsafe-inline'` it would switch that
/// off and break the site.
pub fn amend(policy: &str, guard: &str, page: &Origin, allowed: &Sources) -> String {
    let mut directives: Vec<(String, Vec<String>)> = Vec::new();
    for directive in policy.split(';') {
        let mut words = directive.split_ascii_whitespace().map(str::to_owned);
        let Some(name) = words.next() else { continue };
        let name = name.to_ascii_lowercase();
        // The first of a name counts, later ones are ignored (CSP 3, section 2.2.1).
        if directives.iter().all(|(earlier, _)| *earlier != name) {
            directives.push((name, words.collect()));
        }
    }
    for (name, words) in &mut directives {
        if name == "report-uri" {
            words.retain(|address| match page.target(address, None) {
                Target::Other(url) => allowed.cover(&url),
                Target::Own | Target::Inside => true,
            });
        }
    }
    directives.retain(|(name, words)| name != "report-uri" || !words.is_empty());
    let place = ["script-src-elem", "script-src", "default-src"]
        .iter()
        .find_map(|wanted| directives.iter().position(|(name, _)| name == wanted));
    if let Some(at) = place
        && restricts_inline(&directives[at].1)
    {
        let mut sources: Vec<String> =
            directives[at].1.iter().filter(|word| !word.eq_ignore_ascii_case("'none'")).cloned().collect();
        sources.push(guard.to_owned());
        if directives[at].0 == "default-src" {
            directives.push(("script-src".to_owned(), sources));
        } else {
            directives[at].1 = sources;
        }
    }
    let directives: Vec<String> = directives
        .into_iter()
        .map(|(name, words)| if words.is_empty() { name } else { format!("{name} {}", words.join(" ")) })
        .collect();
    directives.join("; ")
}

/// Whether inline code needs a nonce or a hash under these sources (CSP 3, section 6.7.3.2).
fn restricts_inline(sources: &[String]) -> bool {
    let lower: Vec<String> = sources.iter().map(|source| source.to_ascii_lowercase()).collect();
    let named = ["'nonce-", "'sha256-", "'sha384-", "'sha512-", "'strict-dynamic'"];
    let strict = lower.iter().any(|source| named.iter().any(|start| source.starts_with(start)));
    strict || lower.iter().all(|source| source != "'unsafe-inline'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amended(policy: &str) -> String {
        let page = Origin::new("www.shop.example", "/").expect("a host");
        amend(policy, "'sha256-G='", &page, &Sources::new(["https://ok.example"]))
    }

    #[test]
    fn a_sites_own_policy_lets_the_guard_run_and_nothing_else() {
        for (own, expected) in [
            ("script-src 'self'", "script-src 'self' 'sha256-G='"),
            ("script-src 'none'", "script-src 'sha256-G='"),
            ("SCRIPT-SRC 'nonce-x' 'unsafe-inline'", "script-src 'nonce-x' 'unsafe-inline' 'sha256-G='"),
            ("script-src 'strict-dynamic' 'nonce-x'", "script-src 'strict-dynamic' 'nonce-x' 'sha256-G='"),
            ("default-src 'self'; img-src *", "default-src 'self'; img-src *; script-src 'self' 'sha256-G='"),
            (
                "script-src 'unsafe-inline'; script-src-elem 'self'",
                "script-src 'unsafe-inline'; script-src-elem 'self' 'sha256-G='",
            ),
            ("script-src", "script-src 'sha256-G='"),
        ] {
            assert_eq!(amended(own), expected, "{own}");
        }
    }

    #[test]
    fn where_inline_code_is_free_a_hash_would_forbid_it() {
        for own in ["script-src 'self' 'unsafe-inline'", "img-src 'self'", "frame-ancestors 'none'"] {
            assert_eq!(amended(own), own);
        }
    }

    #[test]
    fn reports_do_not_leave_for_a_host_that_is_not_allowed() {
        assert_eq!(amended("img-src *; report-uri https://t.example/r"), "img-src *");
        assert_eq!(
            amended("img-src *; report-uri /r https://ok.example/r //t.example"),
            "img-src *; report-uri /r https://ok.example/r"
        );
    }

    #[test]
    fn the_hosts_policy_has_the_words_of_the_guards() {
        let guard = include_str!("../../../widget/js/guard.js");
        let policy = hosts(&["https://a.example".to_owned()]);
        for part in ["default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:", "; form-action 'self'"] {
            assert!(policy.contains(part) && guard.contains(part), "{part}");
        }
        assert!(code(&["'sha256-x='".to_owned()], true, &[]).contains("'unsafe-hashes'"));
    }
}
