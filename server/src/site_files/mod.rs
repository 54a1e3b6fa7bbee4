//! The files that a site's pages load, made from its published policy: the site script (install form a), the
//! snippet (form b) and the policy text of each language. The same bytes for every visitor.
//!
//! The guard they carry is `widget/js/guard.js`; what it may let through is decided here, in `config.rs`.

mod config;
mod file;
mod gpc;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use avow_shared::id::SiteId;
use moka::future::Cache;

use crate::assets::{self, Build, WITHOUT_WIDGET};
use crate::cache::Policies;
use crate::error::Error;
use crate::policy::{Published, banner, localize};
use crate::store::Store;
use config::{Config, Form};

pub use config::origin;
pub use file::File;
pub use gpc::{GpcBody, WELL_KNOWN};

/// Files kept ready: a few per site and language.
const FILES: u64 = 4_000;
/// Scripts kept ready: one per site.
const SCRIPTS: usize = 4_000;

/// How much of a policy's text a page asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// What the first layer needs.
    Banner,
    /// All of it.
    Whole,
}

/// In place of this, the guard has its configuration.
const TOKEN: &str = "__AVOW_CONFIG__";

/// Site, policy hash, language.
type Key = (SiteId, String, String, Extent);

/// A site's script, and the hash of the policy that it is made from.
type Script = (String, Arc<File>);

/// The files, made and compressed once each.
#[derive(Clone, Debug)]
pub struct SiteFiles {
    files: Cache<Key, Arc<File>>,
    /// The script of each site, which every page of it asks for: found without a copy of the key.
    scripts: Arc<RwLock<HashMap<SiteId, Script>>>,
}

impl SiteFiles {
    /// An empty cache.
    pub fn new() -> Self {
        Self { files: Cache::builder().max_capacity(FILES).build(), scripts: Arc::default() }
    }

    /// The site script: guard and boot.
    pub fn script(&self, policy: &Published) -> Result<Arc<File>, Error> {
        let (site, hash) = (&policy.engine.site, &policy.engine.hash);
        let known = self.scripts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_from, file)) = known.get(site)
            && made_from == hash
        {
            return Ok(Arc::clone(file));
        }
        drop(known);
        let build = build()?;
        let text = script(build, &Config::of(policy, build, Form::External)?)?;
        let file = Arc::new(File::new(text).map_err(Error::internal)?);
        let mut known = self.scripts.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SCRIPTS {
            known.clear();
        }
        known.insert(site.clone(), (hash.clone(), Arc::clone(&file)));
        Ok(file)
    }

    /// The policy text of one version in one language, or `None` if there is no such thing.
    pub async fn policy(
        &self,
        policies: &Policies,
        store: &Store,
        site: &SiteId,
        hash: &str,
        lang: &str,
        extent: Extent,
    ) -> Result<Option<Arc<File>>, Error> {
        let key = (site.clone(), hash.to_owned(), lang.to_owned(), extent);
        if let Some(file) = self.files.get(&key).await {
            return Ok(Some(file));
        }
        let known = policies.site(site).await?;
        let current = known.as_ref().filter(|known| known.current.engine.hash == hash);
        let document = match current {
            Some(known) => known.current.document.clone(),
            // A page that was loaded before the last publish still asks for the former text.
            None => match store.policy_by_hash(site, hash).await? {
                Some(version) => version.document,
                None => return Ok(None),
            },
        };
        let text = match extent {
            Extent::Banner => banner(&document, lang),
            Extent::Whole => localize(&document, lang, hash),
        };
        let Some(text) = text else { return Ok(None) };
        let file = Arc::new(File::new(text).map_err(Error::internal)?);
        self.files.insert(key, file.clone()).await;
        Ok(Some(file))
    }
}

impl Default for SiteFiles {
    fn default() -> Self {
        Self::new()
    }
}

/// The site script of a build that may be an earlier one, with everything of it below `base`.
pub fn script_of(policy: &Published, build: &Build<'_>, base: &str) -> Result<String, Error> {
    script(build, &Config::of(policy, build, Form::External)?.served_from(base))
}

/// The snippet of install form (b), to be pasted as the first thing in `<head>`.
///
/// The guard runs inline. If everything is granted it opens `<script type=x>`, which swallows the strict policy
/// up to the closer `<script>0</script>`; otherwise the strict policy holds from the first byte. A minifier may
/// drop comments and change scripts, so the closer is a script that is its own smallest form. The mode `compatible`
/// has no such policy.
pub fn snippet(policy: &Published) -> Result<String, Error> {
    let build = build()?;
    let config = Config::of(policy, build, Form::Snippet)?;
    let guard = guard(build, &config)?;
    let csp = config.csp();
    let (base, site) = (&config.base, &config.site);
    if config.is_compatible() {
        return Ok(format!(
            "<script>{guard}</script><script async src=\"{base}/site/{site}.js\"></script>\n"
        ));
    }
    Ok(format!(
        "<script>{guard}</script><meta http-equiv=\"Content-Security-Policy\" content=\"{csp}\">\
         <script>0</script><script async src=\"{base}/site/{site}.js\"></script>\n"
    ))
}

/// What the gate puts first into a page's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// The text of the guard's script element: what its hash is made of.
    pub guard: String,
    /// The whole: the guard, and the tag that fetches the site script.
    pub markup: String,
}

/// The guard as the gate inserts it for visitors who may have these purposes. ASCII only, so that it has the same
/// bytes in every encoding that the gate rewrites.
pub fn inserted(policy: &Published, granted: Vec<String>) -> Result<Inserted, Error> {
    let build = build()?;
    let config = Config::of(policy, build, Form::Gate)?.granting(granted);
    let guard = guard(build, &config)?;
    if !guard.is_ascii() {
        return Err(Error::internal("a guard that is not ASCII"));
    }
    let (base, site) = (&config.base, &config.site);
    let markup = format!("<script>{guard}</script><script async src=\"{base}/site/{site}.js\"></script>");
    Ok(Inserted { guard, markup })
}

/// The build that serves here.
fn build() -> Result<&'static Build<'static>, Error> {
    assets::widget().map(|widget| &widget.build).ok_or_else(|| Error::internal(WITHOUT_WIDGET))
}

fn script(build: &Build<'_>, config: &Config) -> Result<String, Error> {
    Ok(format!("{};\n{}", guard(build, config)?, build.boot_js))
}

fn guard(build: &Build<'_>, config: &Config) -> Result<String, Error> {
    let guard = if config.is_compatible() { build.guard_compatible_js } else { build.guard_js };
    Ok(guard.trim().trim_end_matches(';').replace(TOKEN, &config.to_script()?))
}

#[cfg(test)]
pub(crate) mod tests;
