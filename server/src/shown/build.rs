//! A widget build as it was kept: the files that browsers got, found by what a record calls them.

use super::scene::Scene;
use crate::assets::{BOOT, Build, GUARD, GUARD_COMPATIBLE, Widget};
use crate::clock::Clock;
use crate::error::Error;
use crate::store::{Store, StoreError};
use avow_shared::entry::Kind;
use avow_shared::id::SiteId;
use moka::future::Cache;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters of a guard's hash in its name.
const NAME: usize = 16;

/// A build that was kept. Its scripts are read; its other files are asked for one by one.
#[derive(Debug)]
pub struct KeptBuild {
    manifest: Manifest,
    guard_js: String,
    guard_compatible_js: String,
    boot_js: String,
}

/// What the log says of a build.
#[derive(Debug, Deserialize)]
struct Manifest {
    files: BTreeMap<String, String>,
    #[serde(default)]
    parts: Option<Parts>,
    r#type: String,
    #[serde(default)]
    widget: String,
}

#[derive(Debug, Deserialize)]
struct Parts {
    js: String,
    late: String,
    preferences: String,
    wasm: String,
}

impl Manifest {
    /// Whether it is of the build that a record names: a record names the guard of its site's mode.
    fn is_of(&self, widget: &str, guard: &str) -> bool {
        let is_guard = |file: &str| self.files.get(file).is_some_and(|hash| hash.get(..NAME) == Some(guard));
        self.r#type == "build"
            && self.widget == widget
            && (is_guard(GUARD) || is_guard(GUARD_COMPATIBLE))
            && self.parts.is_some()
    }
}

/// Keeps the files of a build, so that it can be shown when the server has another one.
pub async fn keep(store: &Store, widget: &Widget, clock: &Clock) -> Result<(), StoreError> {
    for (_, bytes) in widget.shown() {
        store.keep_artefact(bytes, clock.now()).await?;
    }
    Ok(())
}

/// Builds that were asked for lately: a page asks for a dozen files of one.
#[derive(Clone, Debug)]
pub struct Builds(Cache<Key, Arc<KeptBuild>>);

/// Site, widget, guard, and the leaf before which it was the last.
type Key = (String, String, String, i64);

/// Builds in memory: each is its scripts and a list of names, some 30 kB.
const READY: u64 = 32;

impl Default for Builds {
    fn default() -> Self {
        Self(Cache::new(READY))
    }
}

impl Builds {
    /// The build of a scene; `None` if it is none that was kept.
    pub async fn of(&self, store: &Store, scene: &Scene) -> Result<Option<Arc<KeptBuild>>, Error> {
        let Scene { site, widget, guard, before, .. } = scene;
        let key = (site.clone(), widget.clone(), guard.clone(), *before);
        if let Some(kept) = self.0.get(&key).await {
            return Ok(Some(kept));
        }
        let Some(site) = SiteId::parse(site) else { return Ok(None) };
        let Some(kept) = KeptBuild::find(store, &site, widget, guard, *before).await? else {
            return Ok(None);
        };
        let kept = Arc::new(kept);
        self.0.insert(key, Arc::clone(&kept)).await;
        Ok(Some(kept))
    }
}

impl KeptBuild {
    /// The last build of that name before a leaf of the site's log; `None` if it is none that was kept.
    async fn find(
        store: &Store,
        site: &SiteId,
        widget: &str,
        guard: &str,
        before: i64,
    ) -> Result<Option<Self>, Error> {
        let manifests = store.manifests(site, Kind::Artefact.byte()).await?;
        let earlier = manifests.iter().rev().filter(|row| row.leaf_index < before);
        let mut read = earlier.filter_map(|row| serde_json::from_str::<Manifest>(&row.manifest).ok());
        let Some(manifest) = read.find(|manifest| manifest.is_of(widget, guard)) else { return Ok(None) };
        let [guard_js, guard_compatible_js, boot_js] = [
            script(store, &manifest, GUARD).await?,
            script(store, &manifest, GUARD_COMPATIBLE).await?,
            script(store, &manifest, BOOT).await?,
        ];
        Ok(match (guard_js, guard_compatible_js, boot_js) {
            (Some(guard_js), Some(guard_compatible_js), Some(boot_js)) => {
                Some(Self { manifest, guard_js, guard_compatible_js, boot_js })
            }
            _ => None,
        })
    }

    /// What site files are made of.
    pub fn build(&self) -> Option<Build<'_>> {
        let parts = self.manifest.parts.as_ref()?;
        let named = |file: &str| self.manifest.files.get(file).and_then(|hash| hash.get(..NAME));
        Some(Build {
            js: &parts.js,
            preferences: &parts.preferences,
            late: &parts.late,
            wasm: &parts.wasm,
            guard: named(GUARD)?,
            guard_js: &self.guard_js,
            guard_compatible: named(GUARD_COMPATIBLE)?,
            guard_compatible_js: &self.guard_compatible_js,
            boot_js: &self.boot_js,
        })
    }

    /// One of its files by name; `None` if it has none of that name, or it is not kept.
    pub async fn file(&self, store: &Store, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.manifest.files.get(name) {
            Some(hash) => Ok(store.artefact(hash).await?),
            None => Ok(None),
        }
    }
}

async fn script(store: &Store, manifest: &Manifest, name: &str) -> Result<Option<String>, Error> {
    let Some(hash) = manifest.files.get(name) else { return Ok(None) };
    Ok(store.artefact(hash).await?.and_then(|bytes| String::from_utf8(bytes).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::artefact;
    use crate::testing::{HASH, NOW, databases, fake_build, publish, site};
    use avow_shared::id::hex;
    use sha2::{Digest as _, Sha256};

    /// A server of another build shows what this one showed.
    #[actix_web::test]
    async fn a_build_is_found_by_either_guard_and_only_whole() {
        let files: [(&str, &[u8]); 4] = [
            (GUARD, b"guard(__AVOW_CONFIG__)"),
            (GUARD_COMPATIBLE, b"compatible(__AVOW_CONFIG__)"),
            (BOOT, b"boot()"),
            ("avow-15167677414c066c.js", b"engine()"),
        ];
        let name = |bytes: &[u8]| hex(&Sha256::digest(bytes))[..NAME].to_owned();
        let (guard, compatible) = (name(files[0].1), name(files[1].1));
        let widget = fake_build().name().expect("a name");
        for database in databases().await {
            let store = &database.store;
            publish(store, 0, HASH, NOW).await;
            for (_, bytes) in files {
                store.keep_artefact(bytes, NOW).await.expect("kept");
            }
            let entry = artefact::build(&fake_build(), files).expect("an entry");
            store.append_entry(&site(), &entry).await.expect("appended");
            for guard in [&guard, &compatible] {
                let kept =
                    KeptBuild::find(store, &site(), widget, guard, 9).await.expect("read").expect("found");
                let build = kept.build().expect("whole");
                assert_eq!((build.boot_js, build.guard), ("boot()", &*name(files[0].1)), "{}", store.name());
                let engine = kept.file(store, build.js).await.expect("read");
                assert_eq!(engine.as_deref(), Some(&b"engine()"[..]), "{}", store.name());
                assert_eq!(kept.file(store, "manifest.json").await.expect("read"), None);
            }
            for (widget, guard) in [(widget, "0000000000000000"), ("0000000000000000", guard.as_str())] {
                assert!(KeptBuild::find(store, &site(), widget, guard, 9).await.expect("read").is_none());
            }
            // A record from before the build is not of it; one after another build of that name is of the later.
            assert!(KeptBuild::find(store, &site(), widget, &guard, 0).await.expect("read").is_none());
            let later = files.map(|(name, bytes)| (name, if name == BOOT { &b"later()"[..] } else { bytes }));
            store.keep_artefact(b"later()", NOW).await.expect("kept");
            let entry = artefact::build(&fake_build(), later).expect("an entry");
            store.append_entry(&site(), &entry).await.expect("appended").expect("it is another entry");
            for (before, boot) in [(1, "boot()"), (2, "later()")] {
                let kept = KeptBuild::find(store, &site(), widget, &guard, before).await.expect("read");
                assert_eq!(kept.expect("found").boot_js, boot, "{}", store.name());
            }
            // What is not what it was is not shown.
            store.edit_artefact_for_tests(&hex(&Sha256::digest(b"later()")), b"evil()").await;
            assert!(KeptBuild::find(store, &site(), widget, &guard, 9).await.expect("read").is_none());
        }
    }
}
