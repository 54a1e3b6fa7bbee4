//! What is observed is a part of what is declared, on each of the demo's sites: before an answer, after a refusal and
//! after "accept all" (the three crawls that regulators make).
//!
//! Declared is what the policy says that the server publishes, by purpose; no list stands in the test. Observed are the
//! cookies of the whole jar and when each of them ends, what the site's origin keeps (local and session storage, IndexedDB, caches), the hosts
//! that requests of the page went to, and what arrived at the demo's third parties, from frames, too. What frames of
//! others keep under their own origin is looked at as far as it is cookies.
//! Whether any of it is tracking by somebody else's word is asked in `silence.rs`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::{Browsers, Suite};
use crate::visit::{SITES, Visit};

pub fn add(suite: &mut Suite) {
    suite.add("what_is_observed_is_declared_on_every_site", observed_is_declared);
    suite.add("no_answer_is_kept_for_longer_than_declared", kept_as_declared);
}

async fn observed_is_declared(browsers: Browsers) -> Result<()> {
    for (site, host) in SITES {
        // Those who accept, and those who do not: two visitors, of whom neither has the other's cookies.
        let refusing = Visit::begin_at(&browsers, site, host).await?;
        let policy = policy_of(&refusing, site).await?;
        walk(&refusing, "").await?;
        let before = Observed::of(&refusing).await?;
        before.are_declared(&policy, site, &allowed(&refusing, &policy).await?, "before an answer")?;
        refusing.tab.click("#avow-reject").await?;
        refusing.sealed().await?;
        walk(&refusing, "").await?;
        let refused = Observed::of(&refusing).await?;
        refused.are_declared(&policy, site, &allowed(&refusing, &policy).await?, "after a refusal")?;
        ensure!(
            refused.items.contains(&("cookie".into(), "avow".into())),
            "{site}: what is kept is seen: {refused:?}"
        );
        refusing.end().await;

        let accepting = Visit::begin_at(&browsers, site, host).await?;
        accepting.go("/b/").await?;
        accepting.tab.click("#avow-accept").await?;
        // A grant may load the page anew; what it allows arrives after that.
        accepting.demo.arrival_for("analytics").await?;
        accepting.sealed().await?;
        accepting.ready().await?;
        let allowed = allowed(&accepting, &policy).await?;
        ensure!(allowed.contains("analytics"), "{site}: {allowed:?}");
        walk(&accepting, UNDECLARED).await?;
        let accepted = Observed::of(&accepting).await?;
        accepted.are_declared(&policy, site, &allowed, "after accept")?;
        before.end_as_declared(&policy, site)?;
        refused.end_as_declared(&policy, site)?;
        accepted.end_as_declared(&policy, site)?;
        // The control: with consent there is more to see than without, and the declared rest is what made it so.
        ensure!(accepted.hosts.len() > refused.hosts.len(), "{site}: {accepted:?}");
        ensure!(accepted.items.len() > refused.items.len(), "{site}: {accepted:?}");
        if site == SITES[0].0 {
            turn_to(&accepting, UNDECLARED).await?;
            let more =
                Observed::of(&accepting).await?.are_declared(&policy, site, &allowed, "with share buttons");
            ensure!(more.is_err(), "{site}: what nobody declared is seen");
        }
        let strict = accepted.are_declared(&policy, site, &BTreeSet::new(), "without any consent");
        ensure!(strict.is_err(), "{site}: what nobody declared under a necessary purpose is seen");
        accepting.end().await;
    }
    Ok(())
}

/// A no of a visitor from California stays for the longest, where a site follows the law of the visitor's place.
async fn kept_as_declared(browsers: Browsers) -> Result<()> {
    for (site, host) in SITES {
        let visit = Visit::begin_at(&browsers, site, host).await?;
        let policy = policy_of(&visit, site).await?;
        visit.go_as("place=US-CA", "/b/").await?;
        visit.ready().await?;
        if visit.tab.eval("!!document.getElementById('avow-banner')").await? == true {
            visit.tab.click("#avow-reject").await?;
        } else {
            visit.tab.click("#avow-reopen").await?;
            visit.tab.shown("#avow-dialog").await?;
            visit.tab.click("#avow-dialog-reject").await?;
        }
        visit.sealed().await?;
        let mut refused = Observed::of(&visit).await?;
        // The pretence is the demonstration's own, which no real site has.
        let pretence = refused.left.remove("demo_as");
        ensure!(pretence == Some(None), "{site}: the pretence ends with the session: {pretence:?}");
        refused.end_as_declared(&policy, site)?;
        // The control: a declaration of a day or two less than it stays is seen, as is one of a session.
        let left = refused.left.get("avow").copied().flatten().context("our cookie has an end")?;
        for less in [format!("{} days", left / DAY - 1), "session".to_owned()] {
            let told = refused.end_as_declared(&declaring(&policy, "avow", &less)?, site);
            ensure!(told.is_err(), "{site}: {left} seconds are more than {less}");
        }
        visit.end().await;
    }
    Ok(())
}

/// The policy with another duration of one item.
fn declaring(policy: &Value, name: &str, duration: &str) -> Result<Value> {
    let mut policy = policy.clone();
    let mut found = 0;
    for purpose in policy["purposes"].as_array_mut().context("a policy has purposes")? {
        for service in purpose["services"].as_array_mut().into_iter().flatten() {
            for item in service["items"].as_array_mut().into_iter().flatten() {
                if item["name"] == name {
                    item["duration"] = duration.into();
                    found += 1;
                }
            }
        }
    }
    ensure!(found == 1, "{name} is declared {found} times");
    Ok(policy)
}

const DAY: i64 = 86_400;

/// How long an item may be on the device, in seconds: nothing where it ends with the session, no end where it says so.
fn span(duration: &str) -> Result<Option<i64>> {
    let (number, unit) = match duration {
        "session" => return Ok(Some(0)),
        "persistent" => return Ok(None),
        span => span.split_once(' ').with_context(|| format!("`{span}` is no span"))?,
    };
    let seconds = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 60,
        "hour" => 3600,
        "day" => DAY,
        "week" => 7 * DAY,
        // Twelve are a year, of which every fourth has a day more.
        "month" => DAY * 1461 / 48,
        "year" => DAY * 1461 / 4,
        other => anyhow::bail!("`{other}` is no unit"),
    };
    Ok(Some(number.parse::<i64>()? * seconds))
}

/// The policy as the server serves it.
async fn policy_of(visit: &Visit, site: &str) -> Result<Value> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/v1/sites/{site}/policy", visit.demo.avow.base());
    Ok(client.get(url).send().await?.error_for_status()?.json().await?)
}

/// A page with share buttons that nobody marked or declared, as sites have them. Without consent the guard holds them;
/// after "accept all" they run, which the docs say and this test uses: it must find them.
const UNDECLARED: &str = "/b/jobs/careers-hub-lead";

/// Looks at every page that the site's own menu leads to, in the form that holds tags that nobody marked, too: where the
/// guard is a file of its own, a browser that looks ahead may ask for them (`docs/embedding.md`).
async fn walk(visit: &Visit, but: &str) -> Result<()> {
    turn_to(visit, "/b/").await?;
    let links = visit
        .tab
        .eval("[...new Set([...document.querySelectorAll('a[href^=\"/b/\"]')].map(a => a.pathname))].slice(0, 12)")
        .await?;
    let links: Vec<String> = serde_json::from_value(links)?;
    ensure!(links.len() >= 3, "the menu leads somewhere: {links:?}");
    for path in links.into_iter().filter(|path| path != but) {
        turn_to(visit, &path).await?;
    }
    Ok(())
}

/// Loads a page and waits until the engine runs there. Firefox calls a navigation aborted that cuts off a frame which
/// was still loading, and goes there all the same: what counts is that another page is there.
async fn turn_to(visit: &Visit, path: &str) -> Result<()> {
    visit.tab.eval("void (window.before = true)").await?;
    visit.tab.leave_for(&format!("{}{path}", visit.demo.site)).await?;
    visit
        .tab
        .wait(&format!(
            "!window.before && location.pathname === '{path}' && document.readyState === 'complete'"
        ))
        .await?;
    visit.ready().await
}

/// The optional purposes that the engine allows now.
async fn allowed(visit: &Visit, policy: &Value) -> Result<BTreeSet<String>> {
    let mut allowed = BTreeSet::new();
    for purpose in policy["purposes"].as_array().context("a policy has purposes")? {
        let id = purpose["id"].as_str().unwrap_or_default();
        if purpose["category"] != "necessary"
            && visit.tab.eval(&format!("avow.allows('{id}')")).await? == true
        {
            allowed.insert(id.to_owned());
        }
    }
    Ok(allowed)
}

/// What a crawl saw.
#[derive(Debug)]
struct Observed {
    /// Kind and name, as a policy's items have them; `stored` is a database or a cache.
    items: BTreeSet<(String, String)>,
    /// Names without port.
    hosts: BTreeSet<String>,
    /// Each cookie by its name, and for how many more seconds it stays; `None` where it ends with the session.
    left: BTreeMap<String, Option<i64>>,
}

impl Observed {
    async fn of(visit: &Visit) -> Result<Self> {
        let mut items = BTreeSet::new();
        let mut see = |kind: &str, name: &str| items.insert((kind.to_owned(), name.to_owned()));
        let mut left = BTreeMap::new();
        let jar = visit.tab.cookies().await?;
        let now = visit.tab.eval("Math.floor(Date.now() / 1000)").await?.as_i64().context("a time")?;
        for cookie in jar {
            see("cookie", &cookie.name);
            let ends = cookie.expires.map(|ends| ends - now);
            let known = left.entry(cookie.name).or_insert(ends);
            *known = (*known).max(ends);
        }
        let kept = visit.tab.contents().await?;
        for (name, _) in &kept.local {
            see("local", name);
        }
        for (name, _) in &kept.session {
            see("session", name);
        }
        for name in &kept.databases {
            see("stored", name);
        }
        let mut hosts = BTreeSet::new();
        for url in visit.tab.sent() {
            // `data:` and `blob:` reach nobody.
            if let Some(host) = reqwest::Url::parse(&url)?.host_str() {
                hosts.insert(host.to_owned());
            }
        }
        for arrival in visit.demo.arrivals().await? {
            hosts.insert(arrival.0["host"].as_str().context("an arrival has a host")?.to_owned());
        }
        Ok(Self { items, hosts, left })
    }

    /// Each cookie ends when it is declared to, or before. Browsers cut some of them short, so only what is longer than
    /// declared is a fault.
    fn end_as_declared(&self, policy: &Value, site: &str) -> Result<()> {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let items: Vec<Value> = list(&policy["purposes"])
            .iter()
            .flat_map(|one| list(&one["services"]))
            .flat_map(|service| list(&service["items"]))
            .filter(|item| item["kind"] == "cookie")
            .collect();
        for (name, left) in &self.left {
            // Where more than one fits, the closest does.
            let item = items
                .iter()
                .filter(|item| {
                    let known = item["name"].as_str().unwrap_or_default();
                    if item["prefix"] == true { name.starts_with(known) } else { name == known }
                })
                .max_by_key(|item| item["name"].as_str().map(str::len))
                .with_context(|| format!("{site}: `{name}` is not declared"))?;
            let declared = item["duration"].as_str().context("an item has a duration")?;
            let most = span(declared)?;
            // Two clocks, each cut to its second.
            let fits = match (left, most) {
                (None, _) | (_, None) => true,
                (Some(_), Some(0)) => false,
                (Some(left), Some(most)) => *left <= most + 2,
            };
            ensure!(fits, "{site}: `{name}` stays for {left:?} seconds more, declared are {declared}");
        }
        Ok(())
    }

    /// Each is declared under a purpose that is necessary or in `allowed`.
    fn are_declared(&self, policy: &Value, site: &str, allowed: &BTreeSet<String>, when: &str) -> Result<()> {
        let purposes = policy["purposes"].as_array().context("a policy has purposes")?;
        let purposes: Vec<&Value> = purposes
            .iter()
            .filter(|one| {
                one["category"] == "necessary" || one["id"].as_str().is_some_and(|id| allowed.contains(id))
            })
            .collect();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let items: Vec<Value> = purposes
            .iter()
            .flat_map(|one| list(&one["services"]))
            .flat_map(|service| list(&service["items"]))
            .collect();
        for (kind, name) in &self.items {
            let declared = items.iter().any(|item| {
                let known = item["name"].as_str().unwrap_or_default();
                let of_kind = item["kind"] == *kind
                    || kind == "stored" && (item["kind"] == "indexeddb" || item["kind"] == "cache");
                of_kind && if item["prefix"] == true { name.starts_with(known) } else { name == known }
            });
            ensure!(declared, "{site}, {when}: {kind} `{name}` is declared nowhere in {allowed:?}");
        }
        let own = list(&policy["domains"]);
        let sources: Vec<Value> = purposes.iter().flat_map(|one| list(&one["hosts"])).chain(own).collect();
        for host in &self.hosts {
            let declared = sources.iter().filter_map(Value::as_str).any(|source| names(source, host));
            ensure!(declared, "{site}, {when}: {host} is declared nowhere in {allowed:?}");
        }
        Ok(())
    }
}

/// A host source of CSP names this host.
fn names(source: &str, host: &str) -> bool {
    let source = source.split_once("://").map_or(source, |(_, rest)| rest);
    let source = source.split([':', '/']).next().unwrap_or_default();
    source == host
        || source.strip_prefix('*').is_some_and(|rest| rest.starts_with('.') && host.ends_with(rest))
}
