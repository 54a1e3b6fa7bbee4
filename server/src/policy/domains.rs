//! The hosts that embed a policy, and which origins they stand for.

use url::{Host, Url};

/// Declared hosts: `example.org`, or `*.example.org` for every host below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domains(Vec<String>);

impl Domains {
    /// Takes declared hosts, already checked.
    pub fn new(hosts: Vec<String>) -> Self {
        Self(hosts)
    }

    /// The hosts as declared.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// True if a page of that origin (`https://example.org`) is one of the site's.
    ///
    /// The scheme is https, or http on this machine; any port.
    pub fn allows_origin(&self, origin: &str) -> bool {
        let Ok(url) = Url::parse(origin) else { return false };
        let Some(host) = url.host() else { return false };
        let plain = url.scheme() == "http" && is_local(&host);
        if !(url.scheme() == "https" || plain) {
            return false;
        }
        let host = host.to_string();
        self.0.iter().any(|declared| match declared.strip_prefix("*.") {
            Some(parent) => {
                host.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            None => host == *declared,
        })
    }
}

fn is_local(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_hosts_with_a_safe_scheme_are_ours() {
        let domains = Domains::new(vec!["a.example".into(), "*.b.example".into(), "site.localhost".into()]);
        for ours in [
            "https://a.example",
            "https://a.example:8443",
            "https://x.b.example",
            "https://y.x.b.example",
            "http://site.localhost:8000",
        ] {
            assert!(domains.allows_origin(ours), "{ours}");
        }
        for foreign in [
            "http://a.example",
            "https://x.a.example",
            "https://b.example",
            "https://xb.example",
            "https://.b.example",
            "https://a.example.evil.example",
            "null",
            "",
        ] {
            assert!(!domains.allows_origin(foreign), "{foreign}");
        }
    }
}
