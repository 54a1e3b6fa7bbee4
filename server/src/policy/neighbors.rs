//! Sites of one installation whose pages would take each other's answers, told where a policy is published.
//!
//! The consent cookie has one name and names no site, and only the server can check whose seal is in it. So two
//! sites whose pages see one cookie would each take the other's answer for their own, in the browser at once.
//! What this is not: it knows the policies of this installation alone. Another installation under the same
//! registrable domain is beyond it (`docs/threat-model.md`).

use super::document::Document;
use super::fault::Collector;
use super::file::File;
use super::hosts::cookie_domain;
use avow_shared::id::SiteId;

/// The hosts that see a consent cookie set by a page of one declared domain.
#[derive(Clone, Copy, Debug)]
struct Reach<'a> {
    name: &'a str,
    itself: bool,
    below: bool,
}

impl<'a> Reach<'a> {
    /// Of a declared domain and what the policy says of its cookie's `Domain`.
    fn new(declared: &'a str, domain: Option<&'a str>) -> Self {
        match (domain, declared.strip_prefix("*.")) {
            (Some(name), _) => Self { name, itself: true, below: true },
            // A cookie for its own host alone, on whichever host below `parent` that is.
            (None, Some(parent)) => Self { name: parent, itself: false, below: true },
            (None, None) => Self { name: declared, itself: true, below: false },
        }
    }

    fn meets(self, other: Self) -> bool {
        let is_below = |lower: Self, upper: Self| {
            lower.name.strip_suffix(upper.name).is_some_and(|rest| rest.ends_with('.'))
        };
        if self.name == other.name {
            return (self.itself && other.itself) || (self.below && other.below);
        }
        (self.below && is_below(other, self)) || (other.below && is_below(self, other))
    }
}

/// Notes each domain of `file` whose consent cookie would be seen by pages of another site; `others` are current
/// policies, and may hold that of the site itself.
pub fn check(file: &File, others: &[Document], faults: &mut Collector<'_>) {
    for declared in &file.domains.value {
        let domain = cookie_domain(&declared.value);
        let reach = Reach::new(&declared.value, domain.as_deref());
        let found = others.iter().filter(|other| other.site != file.site.value).find_map(|other| {
            let met = other.cookie_domain.iter().find(|(host, domain)| {
                // A policy of before is judged by the table that its pages go by.
                reach.meets(Reach::new(host, domain.as_deref()))
            });
            met.map(|(host, _)| (&other.site, host))
        });
        if let Some((site, host)) = found {
            let cookie = domain.as_ref().map_or_else(
                || "is that of the host itself".to_owned(),
                |domain| format!("is set for all of {domain}"),
            );
            faults.add(
                &declared.span,
                "domain-taken",
                format!(
                    "`{}` would share its consent cookie, which {cookie}, with site {site} (`{host}`): their pages \
                     would take each other's answers. Name both hosts in one policy, or give the sites \
                     registrable domains of their own; docs/policy.md says how a site lets go of a host",
                    declared.value
                ),
            );
        }
    }
}

/// The other sites among `documents` with which that site shares a cookie already.
pub fn sharing<'a>(site: &SiteId, documents: &'a [Document]) -> Vec<&'a str> {
    let reaches = |document: &'a Document| {
        document.cookie_domain.iter().map(|(host, domain)| Reach::new(host, domain.as_deref()))
    };
    let Some(own) = documents.iter().find(|document| document.site == site.as_str()) else {
        return Vec::new();
    };
    documents
        .iter()
        .filter(|other| other.site != own.site)
        .filter(|other| reaches(own).any(|mine| reaches(other).any(|theirs| mine.meets(theirs))))
        .map(|other| other.site.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(a: &str, b: &str) -> bool {
        let (for_a, for_b) = (cookie_domain(a), cookie_domain(b));
        let (a, b) = (Reach::new(a, for_a.as_deref()), Reach::new(b, for_b.as_deref()));
        assert_eq!(a.meets(b), b.meets(a), "{a:?} and {b:?} meet from either side");
        a.meets(b)
    }

    #[test]
    fn hosts_that_see_one_cookie_meet() {
        for (a, b) in [
            ("www.council.example", "jobs.council.example"),
            ("council.example", "jobs.council.example"),
            ("*.council.example", "council.example"),
            ("www.a.co.uk", "*.jobs.a.co.uk"),
            ("a.localhost", "a.localhost"),
            ("*.localhost", "a.localhost"),
            ("*.localhost", "*.b.localhost"),
            ("192.0.2.7", "192.0.2.7"),
            ("intranet", "intranet"),
            // Below a registrable domain that is no suffix there are suffixes of their own.
            ("www.amazonaws.com", "mine.s3.amazonaws.com"),
        ] {
            assert!(meet(a, b), "{a} {b}");
        }
    }

    #[test]
    fn hosts_that_see_no_cookie_of_each_other_do_not_meet() {
        for (a, b) in [
            ("www.council.example", "www.uncouncil.example"),
            ("council.example", "example.council"),
            ("a.co.uk", "b.co.uk"),
            ("one.github.io", "two.github.io"),
            ("a.localhost", "b.localhost"),
            ("localhost", "a.localhost"),
            ("localhost", "*.localhost"),
            ("b.localhost", "*.b.localhost"),
            ("192.0.2.7", "192.0.2.17"),
            ("intranet", "www.intranet.example"),
            ("mine.s3.amazonaws.com", "yours.s3.amazonaws.com"),
        ] {
            assert!(!meet(a, b), "{a} {b}");
        }
    }
}
