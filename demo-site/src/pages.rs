//! A site's templates, and how a page is rendered in one of its three variants.
//!
//! All variants of a page come from one template; only the head and the marking of the tags differ.

use std::path::Path;

use anyhow::Context;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use crate::third_party;

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
    /// The variant of a path, and the path of the page in it.
    pub fn of(path: &str) -> (Self, &str) {
        for variant in [Self::Snippet, Self::Plain] {
            if let Some(rest) = path.strip_prefix(variant.prefix())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return (variant, rest);
            }
        }
        (Self::External, path)
    }

    /// What its paths begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::External => "",
            Self::Snippet => "/b",
            Self::Plain => "/plain",
        }
    }
}

/// What all pages of a visit have in common.
#[derive(Clone, Debug)]
pub struct View<'a> {
    pub variant: Variant,
    pub path: &'a str,
    pub lang: &'a str,
    /// First in the head: the demonstration's own, then Avow.
    pub head: String,
    /// First in the body: the demonstration's strip.
    pub note: String,
    /// The site's own hosts as addresses.
    pub own: Vec<String>,
}

/// The compiled templates of a site.
pub struct Pages {
    templates: Environment<'static>,
    third_party_port: u16,
}

impl Pages {
    /// Reads every template below `dir`.
    pub fn read(dir: &Path, third_party_port: u16) -> anyhow::Result<Self> {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        templates.set_syntax(syntax.context("set the template syntax")?);
        for entry in std::fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
                continue;
            };
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("read the template {}", path.display()))?;
            templates
                .add_template_owned(name, text)
                .with_context(|| format!("parse the template {}", path.display()))?;
        }
        Ok(Self { templates, third_party_port })
    }

    /// Renders a page; `extra` is what only this page shows.
    pub fn render(&self, template: &str, view: &View<'_>, extra: Value) -> anyhow::Result<String> {
        // Made of constants and a number, and used in scripts too, where an escaped slash would stay escaped.
        let host = |name: &str| Value::from_safe_string(format!("http://{name}:{}", self.third_party_port));
        let values = context! {
            base => Value::from_safe_string(view.variant.prefix().to_owned()),
            path => view.path,
            marked => view.variant != Variant::Plain,
            lang => view.lang,
            head => Value::from_safe_string(view.head.clone()),
            note => Value::from_safe_string(view.note.clone()),
            own => view.own.iter().map(|own| Value::from_safe_string(own.clone())).collect::<Vec<_>>(),
            collector => host(third_party::COLLECTOR),
            video => host(third_party::VIDEO),
            ads => host(third_party::ADS),
            social => host(third_party::SOCIAL),
            search => host(third_party::SEARCH),
            mail => host(third_party::MAIL),
            ..extra
        };
        self.templates
            .get_template(template)
            .and_then(|found| found.render(values))
            .with_context(|| format!("render {template}"))
    }
}
