//! Which addresses a policy's host sources let through, found without walking the whole list: a policy may name
//! thousands.
//!
//! The content security policy is what holds; this only says which tags to make inert before a browser looks
//! ahead. So it is a little wider than a browser: `http` and `https` are taken as one.

use std::collections::HashMap;
use url::Url;

/// The port of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    /// The scheme's own.
    Own,
    /// `*`.
    Any,
    Number(u16),
}

/// Host sources, checked at publish (`policy::hosts`), by host name.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    exact: HashMap<String, Vec<Port>>,
    /// Under `example.org`: what `*.example.org` says.
    below: HashMap<String, Vec<Port>>,
}

impl Sources {
    /// Of these sources, as a policy has them: `https://a.example:8443`, `*.a.example`, `http://a.localhost:*`.
    pub fn new<'a>(sources: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for source in sources {
            let rest = source.split_once("://").map_or(source, |(_, rest)| rest);
            let (host, port) = match rest.rsplit_once(':') {
                // A colon inside brackets belongs to an IPv6 address.
                Some((host, port)) if !port.contains(']') => (host, parse_port(port)),
                _ => (rest, Some(Port::Own)),
            };
            let Some(port) = port else { continue };
            match host.strip_prefix("*.") {
                Some(parent) => all.below.entry(parent.to_owned()).or_default().push(port),
                None => all.exact.entry(host.to_owned()).or_default().push(port),
            }
        }
        all
    }

    /// True if one of them stands for this address.
    pub fn cover(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let fits = |ports: &Vec<Port>| ports.iter().any(|port| port.fits(url));
        if self.exact.get(host).is_some_and(fits) {
            return true;
        }
        let mut rest = host;
        while let Some((_, parent)) = rest.split_once('.') {
            if self.below.get(parent).is_some_and(fits) {
                return true;
            }
            rest = parent;
        }
        false
    }
}

impl Port {
    fn fits(self, url: &Url) -> bool {
        match self {
            Self::Any => true,
            // `None` is the default of the address's scheme; the schemes are taken as one.
            Self::Own => matches!(url.port(), None | Some(80 | 443)),
            Self::Number(number) => url.port_or_known_default() == Some(number),
        }
    }
}

fn parse_port(text: &str) -> Option<Port> {
    if text == "*" { Some(Port::Any) } else { text.parse().ok().map(Port::Number) }
}

/// The page that addresses are read from: who it is itself, and what they are relative to.
#[derive(Clone, Debug)]
pub struct Origin {
    base: Url,
}

/// What an address is to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing that goes out: `data:`, `blob:`, `mailto:`, a fragment, or no address at all.
    Inside,
    /// The page's own host.
    Own,
    /// Another host.
    Other(Url),
}

impl Origin {
    /// Of a request's `Host` and path; `None` if the host is none.
    pub fn new(host: &str, path: &str) -> Option<Self> {
        let mut base = Url::parse(&format!("https://{host}/")).ok()?;
        let plain = base.username().is_empty() && base.password().is_none() && base.path() == "/";
        if !plain || base.query().is_some() || base.fragment().is_some() {
            return None;
        }
        base.set_path(path);
        Some(Self { base })
    }

    /// Of a request that names no host: every address with a host is another's.
    pub fn nowhere() -> Self {
        Self { base: Url::parse("https://nowhere.invalid/").expect("an address") }
    }

    /// Takes in a `<base href>`: relative addresses are relative to it from here on.
    pub fn with_base(&self, href: &str) -> Option<Url> {
        self.base.join(href).ok()
    }

    /// What this address is. `base` is the document's base, if it has one.
    pub fn target(&self, address: &str, base: Option<&Url>) -> Target {
        let Ok(url) = base.unwrap_or(&self.base).join(address) else { return Target::Inside };
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
            return Target::Inside;
        }
        let own = url.host_str() == self.base.host_str() && port(&url) == port(&self.base);
        if own { Target::Own } else { Target::Other(url) }
    }
}

/// The port, where it is not one that goes without saying.
fn port(url: &Url) -> Option<u16> {
    url.port().filter(|port| !matches!(port, 80 | 443))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    #[test]
    fn a_source_stands_for_its_host_and_port() {
        let sources = Sources::new([
            "https://a.example",
            "*.b.example",
            "http://c.localhost:*",
            "https://d.example:8443",
            "https://[2001:db8::1]:8443",
        ]);
        for inside in [
            "https://a.example/x",
            "wss://a.example/x",
            "https://x.b.example",
            "https://y.x.b.example",
            "http://c.localhost:81",
            "https://d.example:8443/",
            "https://[2001:db8::1]:8443/",
        ] {
            assert!(sources.cover(&url(inside)), "{inside}");
        }
        for outside in [
            "https://b.example",
            "https://xb.example",
            "https://a.example:8443",
            "https://d.example",
            "https://a.example.evil.example",
            "https://[2001:db8::2]:8443/",
        ] {
            assert!(!sources.cover(&url(outside)), "{outside}");
        }
    }

    #[test]
    fn an_address_is_read_as_a_browser_reads_it() {
        let page = Origin::new("www.shop.example", "/a/b").expect("a host");
        for own in ["x.js", "/x", "//www.shop.example/x", "https://WWW.shop.example:443/x", " /x\n", "\\x"] {
            assert_eq!(page.target(own, None), Target::Own, "{own}");
        }
        for inside in
            ["data:,x", "blob:https://t.example/1", "mailto:a@b.example", "javascript:1", "http://["]
        {
            assert_eq!(page.target(inside, None), Target::Inside, "{inside}");
        }
        for other in
            ["//t.example/x", "https:\\\\t.example", "ht\ntps://t.example", "https://www.shop.example:8443/"]
        {
            assert!(matches!(page.target(other, None), Target::Other(_)), "{other}");
        }
        let base = page.with_base("//t.example/y/").expect("an address");
        assert!(matches!(page.target("x.js", Some(&base)), Target::Other(_)));
        assert_eq!(page.target("https://www.shop.example/x", Some(&base)), Target::Own);
        assert!(Origin::new("t.example/x?", "/").is_none());
        assert!(Origin::new("a@t.example", "/").is_none());
    }
}
