//! Pictures of each published banner, kept by their hashes, which the log holds: made in the background where a
//! Chromium is installed.
//!
//! They are illustrations, and say so. Nothing waits for them, and nothing but them is missing where there are none.

use super::browser::{Browser, Screen};
use super::scene::{Layer, Scene};
use crate::assets::{self, Build};
use crate::log::artefact;
use crate::policy::document::Document;
use crate::state::AppState;
use crate::store::append::{Effect, NewEntry};
use crate::store::policies::PolicyVersion;
use anyhow::Context as _;
use avow_shared::entry::Kind;
use avow_shared::id::{Millis, SiteId};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// Between two looks for versions without pictures.
const EVERY: Duration = Duration::from_secs(10);
/// After a failure, milliseconds.
const AGAIN: i64 = 10 * 60 * 1_000;
/// The screens on which each layer is drawn, by name.
const SCREENS: [(&str, Screen); 2] = [
    ("desktop", Screen { width: 1_280, height: 800, scale: 1, mobile: false }),
    ("phone", Screen { width: 412, height: 840, scale: 2, mobile: true }),
];

/// Which Chromium takes the pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chromium {
    /// One that is installed, if there is one.
    Installed,
    /// None: no pictures.
    Off,
    /// This one.
    At(PathBuf),
}

impl FromStr for Chromium {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "auto" => Self::Installed,
            "off" => Self::Off,
            path => Self::At(path.into()),
        })
    }
}

impl Chromium {
    /// Where it is.
    pub fn program(&self) -> Option<PathBuf> {
        match self {
            Self::Installed => super::browser::find(),
            Self::Off => None,
            Self::At(program) => Some(program.clone()),
        }
    }
}

/// The manifest of the log's entry. Fields stand in sorted order: the JSON is canonical (RFC 8785).
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    browser: String,
    /// `en/banner/phone.png` and the like, to the SHA-256 of the picture.
    files: BTreeMap<String, String>,
    guard: &'a str,
    illustration: bool,
    made_at: i64,
    policy_sha256: &'a str,
    r#type: &'static str,
    version: i64,
    widget: &'a str,
}

/// Looks for published versions without pictures and makes them, until it is aborted. `address` is the server's own.
pub async fn tend(state: &AppState, program: &Path, address: SocketAddr) {
    let build = assets::widget().map(|widget| widget.build).zip(artefact::of_this_server());
    let Some((build, NewEntry { name: entry, .. })) = build else { return };
    let mut work = Work { state, program, build, entry, base: base(address), done: HashMap::new() };
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let sites = match state.store.list_sites().await {
            Ok(sites) => sites,
            Err(error) => {
                tracing::warn!(%error, "no pictures");
                continue;
            }
        };
        for site in sites.iter().filter_map(|row| SiteId::parse(&row.site)) {
            work.look_after(&site).await;
        }
    }
}

/// The server as its own machine reaches it.
fn base(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}

struct Work<'a> {
    state: &'a AppState,
    program: &'a Path,
    build: Build<'static>,
    /// What the log calls that build.
    entry: String,
    base: String,
    /// The version of each site that has its pictures, or when to try again.
    done: HashMap<SiteId, (i64, Option<Millis>)>,
}

impl Work<'_> {
    async fn look_after(&mut self, site: &SiteId) {
        let now = self.state.clock.now();
        let row = match self.state.store.current_policy(site).await {
            Ok(Some(row)) => row,
            Ok(None) => return,
            Err(error) => return tracing::warn!(site = site.as_str(), %error, "no pictures"),
        };
        let waits = |(version, again): &(i64, Option<Millis>)| {
            *version == row.version && again.is_none_or(|again| again.0 > now.0)
        };
        if self.done.get(site).is_some_and(waits) {
            return;
        }
        let again = match self.illustrate(site, &row).await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(
                    site = site.as_str(),
                    error = format!("{error:#}"),
                    "no pictures of the banner"
                );
                Some(Millis(now.0 + AGAIN))
            }
        };
        self.done.insert(site.clone(), (row.version, again));
    }

    /// Makes the pictures of a version unless the log has them.
    async fn illustrate(&self, site: &SiteId, row: &PolicyVersion) -> anyhow::Result<()> {
        let state = self.state;
        let name = format!("screenshots/{}/{}", row.version, self.entry);
        let known = state.store.manifests(site, Kind::Artefact.byte()).await?;
        if known.iter().any(|manifest| manifest.name == name) {
            return Ok(());
        }
        // The build has its entry before anything is said of it.
        state.sequencer.settle(site.clone()).await?;
        let mut browser = Browser::start(self.program).await?;
        let (program, taken) = (browser.name.clone(), self.take(&mut browser, row).await);
        browser.close().await?;
        let pictures = taken?;
        let mut files = BTreeMap::new();
        for (file, picture) in pictures {
            files.insert(file, state.store.keep_artefact(&picture, state.clock.now()).await?);
        }
        let count = files.len();
        let manifest = Manifest {
            browser: program,
            files,
            guard: self.build.guard,
            illustration: true,
            made_at: state.clock.now().0,
            policy_sha256: &row.hash,
            r#type: "screenshots",
            version: row.version,
            widget: self.build.name().context("a build without a name")?,
        };
        let manifest = serde_json::to_string(&manifest).context("writing the manifest")?;
        let entry = NewEntry { kind: Kind::Artefact, name, manifest, effect: Effect::None };
        // Another node may have been quicker.
        if state.sequencer.append_entry(site.clone(), entry).await? {
            tracing::info!(
                site = site.as_str(),
                version = row.version,
                pictures = count,
                "the banner has its pictures"
            );
        }
        Ok(())
    }

    /// Every picture with the name of its file. All of them, or none.
    async fn take(
        &self,
        browser: &mut Browser,
        row: &PolicyVersion,
    ) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let document: Document = serde_json::from_str(&row.document)?;
        let mut pictures = Vec::new();
        for language in &document.languages {
            for (layer, folder) in [(Layer::Banner, "banner"), (Layer::Dialog, "dialog")] {
                for (device, screen) in SCREENS {
                    let scene = self.scene(row, language, layer, screen)?;
                    let (ticket, _) = self.state.tickets.issue(&scene, self.state.clock.now());
                    let url = format!("{}/shown/{ticket}/stage", self.base);
                    // Where nothing has to be asked there is no banner.
                    if let Some(picture) = browser.picture(&url, screen).await? {
                        pictures.push((format!("{language}/{folder}/{device}.png"), picture));
                    }
                }
            }
        }
        Ok(pictures)
    }

    fn scene(
        &self,
        row: &PolicyVersion,
        language: &str,
        layer: Layer,
        screen: Screen,
    ) -> anyhow::Result<Scene> {
        Ok(Scene {
            site: row.site.clone(),
            policy: row.hash.clone(),
            widget: self.build.name().context("a build without a name")?.to_owned(),
            guard: self.build.guard.to_owned(),
            before: i64::MAX,
            regime: String::new(),
            language: language.to_owned(),
            layer,
            width: screen.width,
            height: screen.height,
            gpc: false,
            reference: None,
        })
    }
}
