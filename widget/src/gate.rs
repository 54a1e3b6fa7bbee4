//! What an answer does to the page: which purposes start, which items are cleared, whether to load it anew.
//!
//! Pure. A Content-Security-Policy cannot be loosened in a living page, and a script cannot be unloaded:
//! those are the only two reasons to reload. A refusal of what never ran changes nothing, so it never
//! reloads.

/// A purpose as the gate sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Hosts that it needs, as CSP host sources.
    pub hosts: Vec<String>,
    /// What it stores.
    pub items: Vec<Item>,
}

/// One thing on the visitor's device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `cookie`, `local`, `session`, `indexeddb`, `cache` or `pixel`.
    pub kind: String,
    /// Its name, or how its name starts.
    pub name: String,
    /// Whether `name` is only the start.
    pub prefix: bool,
}

/// What is known of the page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Hosts that the policy in force lets through; `None` if no policy is in force.
    pub hosts: Option<Vec<String>>,
    /// How often that policy has blocked something.
    pub blocked: u32,
    /// Origins that it has blocked.
    pub origins: Vec<String>,
    /// For each purpose, whether the page has a tag that is marked with it.
    pub marked: Vec<bool>,
    /// Whether the answer was given on this page and not in another tab.
    pub own: bool,
    /// Whether the device kept the answer: without that, loading anew would only ask again.
    pub kept: bool,
}

/// Should the page be loaded anew, now that `after` may run where `before` might?
pub fn reloads(units: &[Unit], before: &[bool], after: &[bool], page: &Page) -> bool {
    if !page.kept {
        return false;
    }
    if before.iter().zip(after).any(|(before, after)| *before && !*after) {
        return true;
    }
    let Some(in_force) = &page.hosts else { return false };
    if !page.own || before == after {
        return false;
    }
    // With every grant given there is no policy on the next load, whatever it was that this one blocked.
    if page.blocked > 0 && after.iter().all(|allowed| *allowed) {
        return true;
    }
    units.iter().enumerate().filter(|(at, _)| after[*at] && !before[*at]).any(|(at, unit)| {
        let mut missing = unit.hosts.iter().filter(|host| !in_force.contains(host)).peekable();
        missing.peek().is_some()
            && (page.marked[at] || missing.any(|host| page.origins.iter().any(|origin| covers(host, origin))))
    })
}

/// The items of every purpose that may not run, without those that one that may run uses too.
pub fn to_clear<'a>(units: &'a [Unit], allowed: &[bool]) -> Vec<&'a Item> {
    let mut clear = Vec::new();
    for (unit, _) in units.iter().zip(allowed).filter(|(_, allowed)| !**allowed) {
        for item in &unit.items {
            let shared =
                units.iter().zip(allowed).any(|(unit, allowed)| *allowed && unit.items.contains(item));
            if !shared {
                clear.push(item);
            }
        }
    }
    clear
}

/// Does a CSP host source cover an origin? Lenient about schemes and default ports: a false yes costs one
/// reload, a false no would leave a granted tag dead.
fn covers(source: &str, origin: &str) -> bool {
    let authority = |text: &str| -> (String, String) {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let text = text.split('/').next().unwrap_or_default();
        let (host, port) = text.rsplit_once(':').unwrap_or((text, "*"));
        (host.to_ascii_lowercase(), port.to_owned())
    };
    let (host, port) = authority(source);
    let (to_host, to_port) = authority(origin);
    let host_fits = match host.strip_prefix('*') {
        Some(end) => to_host.ends_with(end),
        None => to_host == host,
    };
    host_fits && (port == "*" || to_port == "*" || port == to_port)
}

/// Every domain that a cookie readable here may have been set for: none (this host alone), then this host
/// and its parents.
pub fn domains(host: &str) -> Vec<&str> {
    let mut domains = vec![""];
    let mut rest = host;
    loop {
        domains.push(rest);
        match rest.split_once('.') {
            // A single label has no parents and an address is not made of domains.
            Some((_, parent)) if !rest.ends_with(|c: char| c.is_ascii_digit()) => rest = parent,
            _ => return domains,
        }
    }
}

/// Every path that a cookie readable here may have been set for.
pub fn paths(path: &str) -> Vec<&str> {
    let mut paths = vec!["/"];
    for (at, _) in path.match_indices('/').skip(1) {
        paths.push(&path[..at]);
        paths.push(&path[..=at]);
    }
    if path.len() > 1 && !path.ends_with('/') {
        paths.push(path);
    }
    paths
}

/// The names among `cookies` (`document.cookie`) that an item stands for, and its own if it is a whole name.
pub fn cookie_names<'a>(item: &'a Item, cookies: &'a str) -> Vec<&'a str> {
    if !item.prefix {
        return vec![&item.name];
    }
    cookies
        .split(';')
        .map(|pair| pair.trim().split('=').next().unwrap_or_default())
        .filter(|name| !name.is_empty() && name.starts_with(item.name.as_str()))
        .collect()
}

#[cfg(test)]
mod tests;
