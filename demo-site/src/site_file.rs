//! `site.toml`: what the server must know of a site that its templates do not say.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    /// Its host names, the main one first.
    pub hosts: Vec<String>,
    /// The languages of its pages, the default first.
    pub languages: Vec<String>,
    /// The one cookie of the site itself: ties a form to the browser that opened it.
    pub form_cookie: Option<String>,
    /// Its pages, in the order of its navigation.
    #[serde(rename = "page")]
    pub pages: Vec<Page>,
}

/// A page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    pub path: String,
    pub template: String,
    pub title: String,
    /// The part of the page that is Avow's.
    pub avow: Option<Part>,
    /// The form that is on it.
    pub form: Option<Form>,
    /// The template that answers the form.
    pub thanks: Option<String>,
}

/// What Avow renders for a page of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The page about cookies.
    Cookies,
    /// The privacy notice.
    Notice,
}

/// A form of the site's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A question to the site.
    Enquiry,
    /// A newsletter, which asks for purposes of its own.
    Newsletter,
}

/// A line of a navigation.
#[derive(Clone, Debug, Serialize)]
pub struct Link<'a> {
    pub path: &'a str,
    pub title: &'a str,
}

impl SiteFile {
    /// Reads it out of a site's folder.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join("site.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let file: Self = toml::from_str(&text).with_context(|| format!("read {}", path.display()))?;
        ensure!(
            !file.hosts.is_empty() && !file.languages.is_empty(),
            "{}: a host and a language",
            path.display()
        );
        ensure!(
            file.pages
                .iter()
                .all(|page| page.form.is_none() || (page.thanks.is_some() && file.form_cookie.is_some())),
            "{}: a page with a form has `thanks`, and the site a `form_cookie`",
            path.display()
        );
        Ok(file)
    }

    /// The page of that path.
    pub fn page(&self, path: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.path == path)
    }

    /// The navigation.
    pub fn links(&self) -> Vec<Link<'_>> {
        self.pages.iter().map(|page| Link { path: &page.path, title: &page.title }).collect()
    }
}
