//! Who is asking: the client's address out of the peer and, behind a trusted proxy only, `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses, such as `10.0.0.0/8` or `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    network: IpAddr,
    prefix: u8,
}

/// Whose word about the client's address is believed. The default is nobody's: a header that anyone may
/// send must not choose the bucket it is counted in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Block>);

/// What is wrong with a `--trusted-proxy` value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address, a block such as 10.0.0.0/8, `loopback` or `private`")]
pub struct BadProxy(String);

impl FromStr for TrustedProxies {
    type Err = BadProxy;

    /// A comma-separated list of addresses, blocks, `loopback` and `private`; empty trusts nobody.
    fn from_str(text: &str) -> Result<Self, BadProxy> {
        let mut blocks = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "loopback" => blocks.extend(named(&["127.0.0.0/8", "::1"])),
                "private" => blocks.extend(named(&[
                    "127.0.0.0/8",
                    "::1",
                    "10.0.0.0/8",
                    "172.16.0.0/12",
                    "192.168.0.0/16",
                    "fc00::/7",
                    "fe80::/10",
                ])),
                other => blocks.push(Block::parse(other).ok_or_else(|| BadProxy(other.to_owned()))?),
            }
        }
        Ok(Self(blocks))
    }
}

fn named<'a>(blocks: &'a [&'a str]) -> impl Iterator<Item = Block> + 'a {
    blocks.iter().filter_map(|text| Block::parse(text))
}

impl Block {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().ok()?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { network, prefix })
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

impl TrustedProxies {
    /// Whether this peer's forwarding header is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|block| block.contains(peer))
    }

    /// The client's address: the peer, or, where the peer is trusted, the last address in the
    /// `X-Forwarded-For` values (first header line first) that no trusted proxy has.
    ///
    /// The list is read from its end, because a proxy appends: what stands before the first address that
    /// is not trusted was written by the client itself. An entry that is no address ends the search.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        for entry in forwarded.rev().flat_map(|line| line.rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            match parse_entry(entry.trim()) {
                Some(address) => client = address.to_canonical(),
                None => break,
            }
        }
        client
    }
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    if let Ok(address) = entry.parse() {
        return Some(address);
    }
    if let Some(rest) = entry.strip_prefix('[') {
        let (address, after) = rest.split_once(']')?;
        let port_is_fine = after.is_empty() || after.strip_prefix(':')?.parse::<u16>().is_ok();
        return port_is_fine.then_some(()).and_then(|()| address.parse::<Ipv6Addr>().ok()).map(IpAddr::V6);
    }
    let (address, port) = entry.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// The bytes that stand for whose network a client is in: an IPv4 address, or the /64 of an IPv6 address,
/// because a single household or machine has all of it and changes within it by the hour.
pub fn network(client: IpAddr) -> [u8; 9] {
    let mut bytes = [0; 9];
    match client.to_canonical() {
        IpAddr::V4(address) => {
            bytes[0] = 4;
            bytes[1..5].copy_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            bytes[0] = 6;
            bytes[1..9].copy_from_slice(&address.octets()[..8]);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("a test address parses")
    }

    fn trusted(text: &str) -> TrustedProxies {
        text.parse().expect("a test list parses")
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        let nobody = TrustedProxies::default();
        assert_eq!(nobody.client(ip("127.0.0.1"), ["203.0.113.9"].into_iter()), ip("127.0.0.1"));
        assert_eq!(trusted(""), nobody);
    }

    #[test]
    fn only_what_the_trusted_proxy_appended_counts() {
        let proxies = trusted("loopback, 10.0.0.0/8");
        let spoofed = ["198.51.100.7, 203.0.113.9, 10.1.2.3"];
        assert_eq!(proxies.client(ip("127.0.0.1"), spoofed.into_iter()), ip("203.0.113.9"));
        let two_lines = ["198.51.100.7", "203.0.113.9"];
        assert_eq!(proxies.client(ip("::1"), two_lines.into_iter()), ip("203.0.113.9"));
        assert_eq!(proxies.client(ip("192.0.2.1"), spoofed.into_iter()), ip("192.0.2.1"));
    }

    #[test]
    fn rubbish_in_the_header_falls_back_to_the_nearest_known_address() {
        let proxies = trusted("loopback,10.0.0.0/8");
        assert_eq!(proxies.client(ip("127.0.0.1"), ["unknown"].into_iter()), ip("127.0.0.1"));
        assert_eq!(proxies.client(ip("127.0.0.1"), ["x, 10.0.0.1"].into_iter()), ip("10.0.0.1"));
        assert_eq!(proxies.client(ip("127.0.0.1"), std::iter::empty()), ip("127.0.0.1"));
    }

    #[test]
    fn entries_may_carry_ports_and_brackets() {
        for (entry, address) in [
            ("192.0.2.1:443", "192.0.2.1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(parse_entry(entry), Some(ip(address)), "{entry}");
        }
        for bad in ["", "[::1", "[::1]x", "host:80", "192.0.2.1:", "1.2.3"] {
            assert_eq!(parse_entry(bad), None, "{bad}");
        }
    }

    #[test]
    fn blocks_match_by_prefix_and_family() {
        let proxies = trusted("10.0.0.0/8, 2001:db8::/32, 0.0.0.0/0");
        assert!(proxies.trusts(ip("10.255.0.1")));
        assert!(proxies.trusts(ip("::ffff:10.0.0.1")), "a mapped address is the IPv4 address");
        assert!(proxies.trusts(ip("2001:db8:1::1")));
        assert!(!proxies.trusts(ip("2001:db9::1")));
        assert!(proxies.trusts(ip("8.8.8.8")));
        for bad in ["10.0.0.0/33", "::/129", "hello", "10.0.0/8"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_household_is_one_key() {
        assert_eq!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:2:ffff::9")));
        assert_ne!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:3::1")));
        assert_ne!(network(ip("192.0.2.1")), network(ip("192.0.2.2")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), network(ip("192.0.2.1")));
    }
}
