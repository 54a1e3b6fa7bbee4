//! Cookies that pass the gate: what a policy says of a name, which `Set-Cookie` may go on, and how one that may
//! not stay is ended.
//!
//! Cookies are deleted one by one, by name, path and domain. `Clear-Site-Data` would log visitors out.

use crate::verdict::Purposes;
use avow_shared::cookie;
use avow_shared::id::Millis;
use chrono::DateTime;

/// Whose cookie a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A necessary purpose's, or the consent cookie itself.
    Necessary,
    /// Declared under the optional purpose at that place of the policy.
    Optional(usize),
    /// In no policy.
    Unknown,
}

/// The cookies that a policy declares.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    items: Vec<Item>,
}

#[derive(Clone, Debug)]
struct Item {
    name: String,
    prefix: bool,
    owner: Owner,
}

impl Declared {
    /// Adds a declared cookie.
    pub fn add(&mut self, name: &str, prefix: bool, owner: Owner) {
        self.items.push(Item { name: name.to_owned(), prefix, owner });
    }

    /// Whose a name is: an exact item before a prefix, a longer prefix before a shorter one.
    pub fn owner(&self, name: &str) -> Owner {
        if name == cookie::NAME {
            return Owner::Necessary;
        }
        let fits = |item: &&Item| if item.prefix { name.starts_with(&item.name) } else { name == item.name };
        let best = self.items.iter().filter(fits).max_by_key(|item| (!item.prefix, item.name.len()));
        best.map_or(Owner::Unknown, |item| item.owner)
    }
}

/// What becomes of one `Set-Cookie` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Passes,
    /// It is dropped: its purpose is not allowed.
    Dropped,
    /// It is in no policy, so it passes only for those who allowed everything.
    Unknown,
}

/// Judges a `Set-Cookie` line (RFC 6265 section 5.2). A line that ends a cookie always passes.
pub fn judge(declared: &Declared, allowed: Purposes, line: &str, now: Millis) -> Fate {
    let Some(name) = name_of(line) else { return Fate::Dropped };
    if ends(line, now) {
        return Fate::Passes;
    }
    match declared.owner(name) {
        Owner::Necessary => Fate::Passes,
        Owner::Optional(at) if allowed.contains(at) => Fate::Passes,
        Owner::Optional(_) => Fate::Dropped,
        Owner::Unknown => Fate::Unknown,
    }
}

/// The name that a `Set-Cookie` line sets; `None` where a browser would see none.
pub fn name_of(line: &str) -> Option<&str> {
    let pair = line.split(';').next()?;
    let name = pair.split_once('=')?.0.trim_matches([' ', '\t']);
    (!name.is_empty()).then_some(name)
}

/// Whether the line deletes: `Max-Age` of nought or less, else `Expires` in the past. A line of which a browser may
/// think otherwise does not: browsers take the last of several attributes, pass over what they cannot read, and
/// read more than we do.
fn ends(line: &str, now: Millis) -> bool {
    let (mut age, mut expires) = (None, None);
    for attribute in line.split(';').skip(1) {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("max-age") {
            age = Some(age.unwrap_or(true) && is_nought_or_less(value));
        } else if name.eq_ignore_ascii_case("expires") {
            expires = Some(expires.unwrap_or(true) && is_past(value, now));
        }
    }
    age.or(expires).unwrap_or(false)
}

/// A date that is over by every reading. Browsers take the zone for UTC whatever it says, and years of two digits
/// below 70 for this century (RFC 6265 section 5.1.1).
fn is_past(value: &str, now: Millis) -> bool {
    // Some write the date with hyphens, and UTC.
    let value = value.replace('-', " ");
    let Some(local) = value.strip_suffix("GMT").or_else(|| value.strip_suffix("UTC")) else { return false };
    let year = local.split_ascii_whitespace().rev().nth(1).unwrap_or_default();
    let is_plain = match year.len() {
        // Of `0060` a browser makes 2060, too.
        4 => year.starts_with("19") || year.starts_with("20"),
        2 => year >= "70",
        _ => false,
    };
    let date = DateTime::parse_from_rfc2822(&format!("{local}GMT"));
    is_plain && date.is_ok_and(|date| date.timestamp_millis() <= now.0)
}

/// A whole number as every browser reads it: digits with at most a minus before them (RFC 6265 section 5.2.2).
fn is_nought_or_less(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (value.starts_with('-') || digits.bytes().all(|byte| byte == b'0'))
}

/// Most names that one answer ends, and most folders of a path that a cookie may have been set for.
const MOST_NAMES: usize = 12;
const MOST_FOLDERS: usize = 4;

/// The `Set-Cookie` lines that end what a request still sends and may not keep: every path and domain that such
/// a cookie may have been set for, since a request does not say.
pub fn endings(names: &[&str], host: &str, path: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for name in names.iter().take(MOST_NAMES) {
        if name.starts_with("__Host-") {
            lines.push(format!("{name}=; Max-Age=0; Path=/; Secure"));
            continue;
        }
        let secure = if name.starts_with("__Secure-") { "; Secure" } else { "" };
        for path in folders(path) {
            lines.push(format!("{name}=; Max-Age=0; Path={path}{secure}"));
            for domain in domains(host) {
                lines.push(format!("{name}=; Max-Age=0; Path={path}; Domain={domain}{secure}"));
            }
        }
    }
    lines
}

/// The names in a `Cookie` header that belong to an optional purpose which is neither allowed nor pending.
pub fn leftover<'a>(declared: &Declared, keep: impl Fn(usize) -> bool, cookies: &'a str) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for pair in cookies.split(';') {
        let name = pair.split_once('=').map_or("", |(name, _)| name.trim());
        if let Owner::Optional(at) = declared.owner(name)
            && !keep(at)
            && is_token(name)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// A `Cookie` header without those names; `None` if nothing is left.
pub fn without(cookies: &str, names: &[&str]) -> Option<String> {
    let kept: Vec<&str> = cookies
        .split(';')
        .map(str::trim)
        .filter(|pair| !names.contains(&pair.split_once('=').map_or("", |(name, _)| name.trim())))
        .filter(|pair| !pair.is_empty())
        .collect();
    (!kept.is_empty()).then(|| kept.join("; "))
}

/// Only what cannot break out of a header goes into one.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b))
}

/// `/`, and each folder of the path, with and without its slash.
fn folders(path: &str) -> Vec<&str> {
    let mut all = vec!["/"];
    let plain = |b: u8| b.is_ascii_graphic() && b != b';';
    if !path.bytes().all(plain) {
        return all;
    }
    for (at, _) in path.match_indices('/').skip(1).take(MOST_FOLDERS) {
        all.push(&path[..at]);
        all.push(&path[..=at]);
    }
    if !path.ends_with('/') {
        all.push(path);
    }
    all
}

/// The host and the domains above it, up to the registrable one (by the public suffix list).
fn domains(host: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let Some(top) = psl::domain_str(host) else { return all };
    if host.parse::<std::net::IpAddr>().is_ok() {
        return all;
    }
    let mut rest = host;
    loop {
        all.push(rest);
        match rest.split_once('.') {
            Some((_, parent)) if rest.len() > top.len() => rest = parent,
            _ => return all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_767_225_600_000);

    fn declared() -> Declared {
        let mut declared = Declared::default();
        declared.add("basket", false, Owner::Necessary);
        declared.add("_count_login", false, Owner::Necessary);
        declared.add("_count", true, Owner::Optional(1));
        declared.add("ad", false, Owner::Optional(2));
        declared
    }

    fn fate(line: &str) -> Fate {
        judge(&declared(), Purposes::of([true, true, false]), line, NOW)
    }

    #[test]
    fn a_cookie_passes_with_its_purpose() {
        assert_eq!(fate("basket=1; HttpOnly"), Fate::Passes);
        assert_eq!(fate("_count_login=1"), Fate::Passes);
        assert_eq!(fate("_count.x=1; HttpOnly; Secure"), Fate::Passes);
        assert_eq!(fate("ad=1; HttpOnly"), Fate::Dropped);
        assert_eq!(fate(" ad =1"), Fate::Dropped, "a browser trims");
        assert_eq!(fate("avow=1"), Fate::Passes);
        assert_eq!(fate("other=1"), Fate::Unknown);
        assert_eq!(fate("=1"), Fate::Dropped);
        assert_eq!(fate("nameless"), Fate::Dropped);
    }

    #[test]
    fn what_ends_a_cookie_passes() {
        for ending in [
            "ad=; Max-Age=0",
            "ad=; max-age=-1; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
            "ad=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "ad=; expires=Thu, 01-Jan-1970 00:00:00 GMT",
            "ad=; expires=Thu, 01-Jan-70 00:00:00 UTC",
        ] {
            assert_eq!(fate(ending), Fate::Passes, "{ending}");
        }
        for setting in [
            "ad=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "ad=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
            "ad=1; Max-Age=x",
            "ad=Max-Age=0",
            "ad=1; Max-Age=+0",
            "ad=1; Expires=Fri, 01 Jan 60 00:00:00 GMT",
            "ad=1; Expires=Thu, 01 Jan 0060 00:00:00 GMT",
            "ad=1; Expires=Thu, 01 Jan 2026 05:00:00 +1400",
            "ad=1; Expires=1970-01-01",
            "ad=1; Max-Age=0; Max-Age=99999999999999999999",
            "ad=1; Max-Age=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "ad=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=Wed 01 Jan 2031 00:00:00",
            "ad=1; Max-Age=0000000000000000000000000000000000000",
        ] {
            assert_eq!(fate(setting), Fate::Dropped, "{setting}");
        }
    }

    #[test]
    fn every_path_and_domain_is_ended() {
        let lines = endings(&["ad"], "www.shop.example.co.uk", "/a/b");
        for expected in [
            "ad=; Max-Age=0; Path=/",
            "ad=; Max-Age=0; Path=/a; Domain=example.co.uk",
            "ad=; Max-Age=0; Path=/a/; Domain=shop.example.co.uk",
            "ad=; Max-Age=0; Path=/a/b; Domain=www.shop.example.co.uk",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected}: {lines:?}");
        }
        assert!(!lines.iter().any(|line| line.ends_with("Domain=co.uk")));
        assert!(endings(&["ad"], "127.0.0.1", "/").iter().all(|line| !line.contains("Domain")));
        assert_eq!(endings(&["__Host-ad"], "a.example", "/x"), ["__Host-ad=; Max-Age=0; Path=/; Secure"]);
    }

    #[test]
    fn only_what_is_optional_and_unwanted_is_left_over() {
        let keep = |at| at == 1;
        let cookies = "basket=1; _count.a=2; ad=3; ad=4; other=5; avow=6";
        assert_eq!(leftover(&declared(), keep, cookies), ["ad"]);
        assert_eq!(without(cookies, &["ad"]).as_deref(), Some("basket=1; _count.a=2; other=5; avow=6"));
        assert_eq!(without("ad=1", &["ad"]), None);
        assert_eq!(leftover(&declared(), |_| false, cookies), ["_count.a", "ad"]);
    }
}
