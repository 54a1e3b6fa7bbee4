//! `avow site learn` and `avow site unknown`: what pages have that the site's policy does not name, and pasted snippets
//! that are older than it.

use crate::clock::day;
use crate::gate::cookies::Owner;
use crate::gate::rules::Rules;
use crate::policy::Published;
use crate::store::Store;
use crate::store::seen::SeenRow;
use anyhow::Context as _;
use avow_shared::id::{DAY_MS, Millis, SiteId};
use std::fmt::Write as _;
use std::sync::Arc;
use url::Url;

/// A table for reading, one line each.
pub async fn table(store: &Store, site: &SiteId) -> anyhow::Result<String> {
    let rows = unknown(store, site).await?;
    let mut text = String::from("kind\tvalue\tplace\tcount\tfirst\tlast\tbegins with\n");
    for row in rows {
        let SeenRow { kind, value, place, sample, count, first_day, last_day } = row;
        let (first, last) = (day(Millis(first_day * DAY_MS)), day(Millis(last_day * DAY_MS)));
        writeln!(text, "{kind}\t{value}\t{place}\t{count}\t{first}\t{last}\t{sample}")?;
    }
    Ok(text)
}

/// A draft in TOML. Inline code has no purpose in it yet, so that the file is not valid before somebody has
/// looked; hosts and cookies are comments, for they belong under services.
pub async fn draft(store: &Store, site: &SiteId) -> anyhow::Result<String> {
    let rows = unknown(store, site).await?;
    let of = |kind: &'static str| rows.iter().filter(move |row| row.kind == kind);
    let mut text = format!(
        "# What pages of site {} have that its policy does not name. Look at each; leave out what should not run.\n",
        site.as_str()
    );
    writeln!(text, "\n# Hosts: into `hosts` of the service that needs them.")?;
    for row in of("host") {
        writeln!(
            text,
            "#   \"{}\",  # {}, {} times, last {}",
            row.value,
            row.place,
            row.count,
            day(Millis(row.last_day * DAY_MS))
        )?;
    }
    writeln!(text, "\n# Cookies: as items of the service that sets them.")?;
    for row in of("cookie") {
        let toml = toml_string(&row.value);
        writeln!(
            text,
            "# [[purpose.service.item]]  # {} times, last {}\n# name = {toml}\n# kind = \"cookie\"\n# match = \"exact\"\n# duration = \"\"",
            row.count,
            day(Millis(row.last_day * DAY_MS))
        )?;
    }
    writeln!(
        text,
        "\n# Inline code: with the id of its purpose, or \"necessary\"; better moved into a file."
    )?;
    for row in of("script").chain(of("handler")) {
        let note =
            if row.kind == "handler" { format!("{}: {}", row.place, row.sample) } else { row.sample.clone() };
        writeln!(
            text,
            "[[inline]]  # {} times, last {}\nsha256 = {}\nkind = {}\npurpose = \"\"\nnote = {}",
            row.count,
            day(Millis(row.last_day * DAY_MS)),
            toml_string(&row.value),
            toml_string(&row.kind),
            toml_string(&note)
        )?;
    }
    Ok(text)
}

/// What was seen and is not in the policy by now.
async fn unknown(store: &Store, site: &SiteId) -> anyhow::Result<Vec<SeenRow>> {
    let version = store.current_policy(site).await?;
    let version = version.with_context(|| format!("site {} has no published policy", site.as_str()))?;
    let policy = Published::from_document(&version.document, &version.hash).map_err(anyhow::Error::msg)?;
    let rules = Rules::of(Arc::new(policy))?;
    let mut rows = store.list_seen(site).await?;
    rows.retain(|row| match row.kind.as_str() {
        "host" => Url::parse(&row.value).is_ok_and(|url| !rules.hosts.cover(&url)),
        "cookie" => rules.cookies.owner(&row.value) == Owner::Unknown,
        "snippet" => true,
        kind => {
            let source = format!("'sha256-{}'", row.value);
            let same = |handler: bool| handler == (kind == "handler");
            rules.inline.iter().all(|approval| approval.source != source || !same(approval.handler))
        }
    });
    Ok(rows)
}

fn toml_string(text: &str) -> String {
    toml::Value::from(text).to_string()
}
