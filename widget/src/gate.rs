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

/// Does a CSP host source cover an origin? Lenient about schemes and ports: a false yes costs one reload,
/// a false no would leave a granted tag dead.
fn covers(source: &str, origin: &str) -> bool {
    let (host, to_host) = (host_of(source), host_of(origin));
    match host.strip_prefix('*') {
        Some(end) => to_host.ends_with(end),
        None => to_host == host,
    }
}

/// The host in `scheme://host:port/path`, of which all but the host may be missing.
fn host_of(text: &str) -> &str {
    let part = text.split('/').find(|part| !part.is_empty() && !part.ends_with(':')).unwrap_or_default();
    part.split(':').next().unwrap_or_default()
}

/// The cookie domain of a host: declared for itself, or for a `*.` above it; empty means this host alone.
pub fn domain_for(host: &str, mut declared: impl FnMut(&str) -> Option<String>) -> String {
    if let Some(domain) = declared(host) {
        return domain;
    }
    let mut rest = host;
    while let Some((_, parent)) = rest.split_once('.') {
        let mut wildcard = String::from("*.");
        wildcard.push_str(parent);
        if let Some(domain) = declared(&wildcard) {
            return domain;
        }
        rest = parent;
    }
    String::new()
}

#[cfg(test)]
mod tests;
