//! Where a request comes from: by the header of a trusted proxy, or by the address and the operator's file.

use super::{Found, Geo, Place};
use crate::config::HeaderName;
use crate::limits::TrustedProxies;
use std::net::IpAddr;

/// The header in which proxies name addresses.
const FORWARDED: &str = "x-forwarded-for";

/// All that is needed to place a visitor. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Locator {
    /// The file.
    pub geo: Geo,
    /// The header in which a trusted proxy says it, in place of the file.
    pub header: Option<HeaderName>,
    /// Whose headers are believed.
    pub proxies: TrustedProxies,
}

impl Locator {
    /// Where the visitor is for whom `peer` asks; `lines` gives the lines of a header.
    pub fn place<'a>(&self, peer: IpAddr, lines: impl Fn(&str) -> Vec<&'a str>) -> Option<Place> {
        if let Some(name) = &self.header
            && self.proxies.trusts(peer)
        {
            // Two values are none: one of them was written by the visitor.
            return match lines(name.as_str())[..] {
                [one] => Place::parse(one, Found::Header),
                _ => None,
            };
        }
        let forwarded = lines(FORWARDED);
        let client = self.proxies.client(peer, forwarded.iter().copied());
        // Of a proxy that nobody named, or that does not say for whom it asks, the place would be the proxy's own.
        let is_proxy =
            if self.proxies.trusts(peer) { self.proxies.trusts(client) } else { !forwarded.is_empty() };
        if is_proxy { None } else { self.geo.place(client) }
    }
}
