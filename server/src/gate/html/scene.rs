//! What the handlers of one page share: who the page is, and which addresses are strangers to it.

use crate::gate::class::Class;
use crate::gate::hosts::{Origin, Target};
use crate::gate::rules::Rules;
use crate::seen::{Kind, Seen};
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use url::Url;

/// One page on its way through.
#[derive(Debug)]
pub struct Scene {
    page: Origin,
    rules: Arc<Rules>,
    class: Arc<Class>,
    seen: Seen,
    base: RefCell<Option<Url>>,
}

impl Scene {
    /// A page for a class.
    pub fn new(page: Origin, rules: Arc<Rules>, class: Arc<Class>, seen: Seen) -> Self {
        Self { page, rules, class, seen, base: RefCell::new(None) }
    }

    /// The class.
    pub fn class(&self) -> &Class {
        &self.class
    }

    /// What is seen.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Takes in a `<base href>`; only the first one of a page counts.
    pub fn set_base(&self, href: &str) {
        let mut base = self.base.borrow_mut();
        if base.is_none() {
            *base = self.page.with_base(&decoded(href));
        }
    }

    /// Whether the address (as it stands in the markup) is of a host that the class may not reach. A host that no
    /// purpose names is counted as seen at `place`.
    pub fn is_stranger(&self, raw: &str, place: &str) -> bool {
        if is_plainly_own(raw) && self.base.borrow().is_none() {
            return false;
        }
        let Target::Other(url) = self.page.target(&decoded(raw), self.base.borrow().as_ref()) else {
            return false;
        };
        if !self.rules.hosts.cover(&url) {
            self.seen.note(Kind::Host, &url.origin().ascii_serialization(), place);
        }
        !self.class.hosts.cover(&url)
    }

    /// Whether any of several addresses, divided by space, is a stranger's.
    pub fn any_stranger(&self, raw: &str, place: &str) -> bool {
        let mut found = false;
        // Every one is looked at, so that each is counted.
        for word in raw.split_ascii_whitespace().map(|word| word.trim_matches(',')) {
            found |= !word.is_empty() && self.is_stranger(word, place);
        }
        found
    }

    /// Whether markup inside an attribute names a stranger's host.
    pub fn names_stranger(&self, raw: &str, place: &str) -> bool {
        let markup = decoded(raw);
        let in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let mut found = false;
        for (at, _) in markup.match_indices("//") {
            let rest = &markup[at + 2..];
            let host = &rest[..rest.find(|c| !in_host(c)).unwrap_or(rest.len())];
            found |= !host.is_empty() && self.is_stranger(&format!("//{host}"), place);
        }
        found
    }
}

/// A path or a name that is relative to the page, told without reading it as an address: most are.
fn is_plainly_own(raw: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-~%?=+,".contains(&b);
    !raw.starts_with("//") && raw.bytes().all(plain)
}

/// An attribute's value as a browser reads it: without character references.
pub fn decoded(raw: &str) -> Cow<'_, str> {
    if raw.contains('&') { html_escape::decode_html_entities(raw) } else { Cow::Borrowed(raw) }
}
