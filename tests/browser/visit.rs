//! A visitor on the demo site, and what "nothing optional" means there.

use anyhow::{Context, Result, ensure};
use avow_tests::browser::{Habit, Tab};
use avow_tests::database::Kind;
use avow_tests::demo::DemoSite;
use serde_json::Value;

use crate::harness::Browsers;

/// The demo's sites, each with its main host.
pub const SITES: [(&str, &str); 5] = [
    ("careers-enterprise", "careers.localhost"),
    ("southend-connexions", "connexions.localhost"),
    ("kent-learning", "kent.localhost"),
    ("cambridge-education", "ceg.localhost"),
    ("seetec", "seetec.localhost"),
];

/// The install forms, by the path under which the demo shows them.
pub const FORMS: [&str; 2] = ["/", "/b/"];

/// What needs no consent: our own cookie, the protection of the sites' forms; and what the demonstration pretends.
const NECESSARY: [&str; 7] = ["avow", "ce_form", "sc_form", "kl_form", "cg_form", "st_form", "demo_as"];

/// A visitor who has just come.
pub struct Visit {
    pub demo: DemoSite,
    pub tab: Tab,
}

impl Visit {
    pub async fn begin(browsers: &Browsers) -> Result<Self> {
        Self::begin_as(browsers, Habit::Plain, Kind::Sqlite).await
    }

    pub async fn begin_as(browsers: &Browsers, habit: Habit, kind: Kind) -> Result<Self> {
        let browser = browsers.with(habit).await?;
        let demo = DemoSite::start_on(kind).await?;
        let tab = browser.open().await?;
        Ok(Self { demo, tab })
    }

    /// On another of the demo's sites.
    pub async fn begin_at(browsers: &Browsers, site: &str, host: &str) -> Result<Self> {
        let browser = browsers.plain().await?;
        let demo = DemoSite::start_of(site, host, Kind::Sqlite).await?;
        let tab = browser.open().await?;
        Ok(Self { demo, tab })
    }

    /// Pretends to be a visitor, as the start page lets one (`place=FR&gpc=1`), and loads a page of the demo.
    pub async fn go_as(&self, who: &str, path: &str) -> Result<()> {
        self.go(&format!("/demo/be?{who}&to={path}")).await
    }

    /// Loads a page of the demo.
    pub async fn go(&self, path: &str) -> Result<()> {
        self.tab.go(&format!("{}{path}", self.demo.site)).await
    }

    /// Another visitor, of whom the browser knows nothing.
    pub async fn stranger(&mut self, browsers: &Browsers, habit: Habit) -> Result<()> {
        let next = browsers.with(habit).await?.open().await?;
        std::mem::replace(&mut self.tab, next).close().await;
        self.demo.forget().await
    }

    /// The engine runs on the page.
    pub async fn ready(&self) -> Result<()> {
        self.tab.wait("(window.avow && await window.avow.ready) === true").await
    }

    /// Nothing optional arrived anywhere, and nothing optional is on the device.
    pub async fn nothing_optional(&self, when: &str) -> Result<()> {
        let arrivals = self.demo.arrivals().await?;
        ensure!(arrivals.is_empty(), "{when}: the third party heard {arrivals:?}");
        self.device_clean(when).await
    }

    /// Nothing optional is on the device, from whatever host.
    pub async fn device_clean(&self, when: &str) -> Result<()> {
        self.clean(when, |_| true).await
    }

    /// Nothing optional of this site is. A page cannot delete what another host has stored: after a grant
    /// taken back, cookies of third parties stay until they expire, and are sent to nobody from here.
    pub async fn site_clean(&self, when: &str) -> Result<()> {
        let site = reqwest::Url::parse(&self.demo.site)?;
        let host = site.host_str().context("a site has a host")?;
        self.clean(when, |domain| domain.trim_start_matches('.') == host).await
    }

    async fn clean(&self, when: &str, looks_at: impl Fn(&str) -> bool) -> Result<()> {
        let mut cookies = self.tab.cookies().await?;
        cookies.retain(|cookie| looks_at(&cookie.domain) && !NECESSARY.contains(&cookie.name.as_str()));
        ensure!(cookies.is_empty(), "{when}: the jar holds {cookies:?}");
        let kept = self.tab.contents().await?;
        let ours = |name: &str| name == "avow_outbox" || name == "avow_grant";
        let foreign: Vec<_> = kept.local.iter().filter(|(name, _)| !ours(name)).collect();
        ensure!(foreign.is_empty(), "{when}: localStorage holds {foreign:?}");
        ensure!(kept.session.is_empty() && kept.databases.is_empty(), "{when}: {kept:?}");
        Ok(())
    }

    /// The control: without Avow the same tags do arrive and do store.
    pub async fn control(&self) -> Result<()> {
        self.go("/plain/").await?;
        for purpose in ["analytics", "marketing", "video"] {
            self.demo.arrival_for(purpose).await.context("the control page has its tags run at once")?;
        }
        self.tab.wait("document.cookie.includes('_sp_id.') && document.cookie.includes('cm_visit')").await?;
        ensure!(self.device_clean("control").await.is_err(), "what is stored is seen");
        Ok(())
    }

    /// Our cookie's value.
    pub async fn cookie(&self) -> Result<Option<String>> {
        let jar = self.tab.cookies().await?;
        Ok(jar.into_iter().find(|cookie| cookie.name == "avow").map(|cookie| cookie.value))
    }

    /// Waits until the server has acknowledged: the seal is in the cookie, and nothing waits.
    pub async fn sealed(&self) -> Result<()> {
        self.tab
            .wait(r"/avow=1\.\d+\.\w+\.\w+\.[a-z0-9_~:]+\.[\w-]{22}(;|$)/.test(document.cookie) && !localStorage.avow_outbox")
            .await
    }

    /// The last record that Avow holds, once it holds `count`.
    pub async fn record(&self, count: usize) -> Result<Value> {
        let records = self.demo.records(count).await?;
        ensure!(records.len() == count, "{} records instead of {count}", records.len());
        records.last().cloned().context("a record")
    }

    pub async fn end(self) {
        self.tab.close().await;
    }
}

/// The canonical record inside an exported line, wherever the export puts it.
pub fn says(record: &Value, member: &str) -> Value {
    let inner = match &record["record"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        Value::Null => record.clone(),
        other => other.clone(),
    };
    find(&inner, member).or_else(|| find(record, member)).unwrap_or_default()
}

fn find(value: &Value, member: &str) -> Option<Value> {
    let object = value.as_object()?;
    object.get(member).cloned().or_else(|| object.values().find_map(|inner| find(inner, member)))
}
