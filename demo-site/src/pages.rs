//! The site's pages: which there are, in which three variants, and how one is rendered.
//!
//! All variants of a page come from one template; only the head and the marking of the tags differ.

use std::path::Path;

use anyhow::Context;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use crate::third_party::{ADS, COLLECTOR, SOCIAL, VIDEO};

/// How a page carries Avow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Form (a): one external script, first in the head.
    External,
    /// Form (b): the pasted snippet.
    Snippet,
    /// No Avow at all: shows what the tags do when nothing holds them.
    Plain,
}

impl Variant {
    /// Every variant.
    pub const ALL: [Self; 3] = [Self::External, Self::Snippet, Self::Plain];

    /// What its paths begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::External => "",
            Self::Snippet => "/b",
            Self::Plain => "/plain",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Snippet => "snippet",
            Self::Plain => "plain",
        }
    }
}

/// One page of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Home,
    Vacancy,
    Contact,
    Thanks,
    Cookies,
    Privacy,
    NotFound,
}

impl Page {
    /// The pages that a GET finds.
    pub const LINKED: [Self; 5] = [Self::Home, Self::Vacancy, Self::Contact, Self::Cookies, Self::Privacy];

    const ALL: [Self; 7] = [
        Self::Home,
        Self::Vacancy,
        Self::Contact,
        Self::Thanks,
        Self::Cookies,
        Self::Privacy,
        Self::NotFound,
    ];

    /// Its path behind the variant's prefix.
    pub fn path(self) -> &'static str {
        match self {
            Self::Home | Self::NotFound => "/",
            Self::Vacancy => "/jobs/careers-hub-lead",
            Self::Contact | Self::Thanks => "/contact",
            Self::Cookies => "/cookies",
            Self::Privacy => "/privacy",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Home => "home.html",
            Self::Vacancy => "vacancy.html",
            Self::Contact => "contact.html",
            Self::Thanks => "thanks.html",
            Self::Cookies => "cookies.html",
            Self::Privacy => "privacy.html",
            Self::NotFound => "not_found.html",
        }
    }
}

/// The compiled templates.
pub struct Pages {
    templates: Environment<'static>,
    third_party_port: u16,
    site: String,
}

impl Pages {
    /// Reads every template below `dir`; `site` is the id under which the policy is published.
    pub fn read(dir: &Path, site: String, third_party_port: u16) -> anyhow::Result<Self> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        templates.set_syntax(syntax.context("set the template syntax")?);
        for name in Page::ALL.map(Page::template).into_iter().chain(["layout.html", "tags.html"]) {
            let text = std::fs::read_to_string(dir.join(name))
                .with_context(|| format!("read the template {name}"))?;
            templates.add_template_owned(name, text).with_context(|| format!("parse the template {name}"))?;
        }
        Ok(Self { templates, third_party_port, site })
    }

    /// Renders a page. `snippet` is what form (b) pastes; `extra` is what only this page shows.
    pub fn render(
        &self,
        page: Page,
        variant: Variant,
        snippet: &str,
        extra: Value,
    ) -> anyhow::Result<String> {
        // Made of constants and a number, and used in scripts too, where an escaped slash would stay escaped.
        let host = |name: &str| Value::from_safe_string(format!("http://{name}:{}", self.third_party_port));
        let values = context! {
            base => Value::from_safe_string(variant.prefix().to_owned()),
            path => Value::from_safe_string(page.path().to_owned()),
            variant => variant.word(),
            marked => variant != Variant::Plain,
            site => self.site.as_str(),
            snippet => Value::from_safe_string(snippet.to_owned()),
            collector => host(COLLECTOR),
            video => host(VIDEO),
            ads => host(ADS),
            social => host(SOCIAL),
            ..extra
        };
        self.templates
            .get_template(page.template())
            .and_then(|template| template.render(values))
            .with_context(|| format!("render {}", page.template()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("careers-enterprise/templates");
        Pages::read(&dir, "careers-enterprise".to_owned(), 8001).expect("the templates are in the repository")
    }

    fn render(page: Page, variant: Variant) -> String {
        let extra =
            context! { token => "\"><script>alert(1)</script>", error => "", policy => (), name => "<b>" };
        pages().render(page, variant, "<!--snippet-->", extra).expect("every page renders")
    }

    #[test]
    fn every_page_renders_in_every_variant_with_its_own_head() {
        for page in Page::ALL {
            for variant in Variant::ALL {
                let html = render(page, variant);
                let external = html.contains(r#"<script src="/.avow/site/careers-enterprise.js"></script>"#);
                assert_eq!(external, variant == Variant::External, "{page:?} {variant:?}");
                assert_eq!(
                    html.contains("<!--snippet-->"),
                    variant == Variant::Snippet,
                    "{page:?} {variant:?}"
                );
            }
        }
    }

    #[test]
    fn tags_are_marked_where_avow_is_and_bare_where_it_is_not() {
        for variant in Variant::ALL {
            let html = render(Page::Home, variant);
            assert_eq!(html.contains(r#"data-avow="analytics""#), variant != Variant::Plain);
            assert_eq!(html.contains(r#"data-avow="marketing""#), variant != Variant::Plain);
            assert_eq!(html.contains(r#"data-avow="video""#), variant != Variant::Plain);
            assert_eq!(
                html.contains(r#" src="http://video.localhost:8001/embed"#),
                variant == Variant::Plain
            );
        }
    }

    #[test]
    fn values_are_escaped() {
        assert!(!render(Page::Contact, Variant::External).contains("<script>alert(1)"));
    }

    #[test]
    fn no_page_has_an_inline_event_handler() {
        for page in Page::ALL {
            let html = render(page, Variant::External);
            for handler in [" onclick", " onload", " onerror", " onsubmit", " onchange"] {
                assert!(!html.contains(handler), "{page:?} has {handler}");
            }
        }
    }
}
