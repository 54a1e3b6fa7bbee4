//! Avow's own pages for visitors: the page about cookies with a form that needs no script, the privacy notice in
//! layers, and its versions side by side. Each as a document of its own, or as a part for a page of the site.
//!
//! Pure: what a page says comes as arguments, and all of it is escaped by the macro that writes it. The words are those
//! of the policy's languages. Read next: `server/src/api/pages.rs`, which serves them.

pub mod compare;
pub mod cookies;
pub mod notice;
pub mod taken;

use crate::policy::document::Document;
use crate::policy::languages;
use crate::policy::texts::{Words, direction, has_right_to_left};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");

/// The policy of the pages as documents: the style that stands in them, and forms to where they came from.
pub static CSP: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// What every page is made from.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// The published version.
    pub document: &'a Document,
    /// The language of the page: one of the policy's.
    pub lang: &'a str,
    /// Its words.
    pub words: Words,
    /// The version that is shown beside the current one; the way to the page's other languages keeps it.
    pub with: Option<u32>,
}

impl<'a> Ground<'a> {
    /// The page's words in the first of the policy's languages that a reader can be served in: the one asked for, then
    /// those the browser names, then the policy's first. `None` if the policy has no language at all.
    pub fn new(document: &'a Document, asked: Option<&str>, accepted: &str) -> Option<Self> {
        let accepted = accepted.split(',').map(|part| part.split(';').next().unwrap_or(part));
        let mut named = asked.into_iter().chain(accepted);
        let lang = named.find_map(|tag| of_policy(document, tag.trim()));
        let lang = lang.or_else(|| document.languages.first().map(String::as_str))?;
        let words = Words::new(lang, document.texts.get(lang)?.clone());
        Some(Self { document, lang, words, with: None })
    }

    /// A text, with the site's name in its place.
    pub fn say(&self, key: &str) -> String {
        self.words.say(key).replace("{site}", &self.isolated(&self.document.name))
    }

    /// A name as it can stand in a sentence of the page where no markup can: between isolates (Unicode UAX 9), if one of
    /// the two may run the other way.
    fn isolated(&self, name: &str) -> String {
        if direction(self.lang) == "ltr" && !has_right_to_left(name) {
            name.to_owned()
        } else {
            format!("\u{2068}{name}\u{2069}")
        }
    }

    /// The address of a page of this site.
    pub fn page(&self, name: &str) -> String {
        format!("{}/page/{}/{name}?lang={}", self.document.served_from, self.document.site, self.lang)
    }

    /// The first language, in which everything is.
    pub fn first(&self) -> &'a str {
        self.document.languages.first().map_or(self.lang, String::as_str)
    }

    /// The language attribute of a text, where it is not the page's own language.
    pub fn mark<'t>(&self, lang: &'t str) -> Option<&'t str> {
        (lang != self.lang).then_some(lang)
    }

    /// A whole document around a part, with the way to its other languages.
    pub fn whole(&self, title: &str, part: &Markup) -> String {
        self.framed(title, part, self.document.languages.len() > 1)
    }

    /// A document that only answers: it has no address at which it could be asked for in another language.
    pub fn whole_alone(&self, title: &str, part: &Markup) -> String {
        self.framed(title, part, false)
    }

    fn framed(&self, title: &str, part: &Markup, in_languages: bool) -> String {
        html! {
            (DOCTYPE)
            html lang=(self.lang) dir=(direction(self.lang)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (title) " – " (self.document.name) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main class="avow-page" {
                        p class="avow-site" { a href="/" { (self.document.name) } }
                        h1 { (title) }
                        (part)
                    }
                    @if in_languages {
                        footer class="avow-page" { (self.languages()) }
                    }
                }
            }
        }
        .into_string()
    }

    /// The same page in the policy's other languages, each named in its own.
    fn languages(&self) -> Markup {
        html! {
            nav aria-label=(self.say("language")) {
                ul class="avow-languages" {
                    @for tag in &self.document.languages {
                        li {
                            @if tag == self.lang {
                                span aria-current="true" { (name_of(tag)) }
                            } @else {
                                a href={ "?lang=" (tag) @if let Some(with) = self.with { "&with=" (with) } } lang=(tag) hreflang=(tag) { (name_of(tag)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A section with a heading.
fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        section aria-labelledby={ "avow-page-" (id) } {
            h2 id={ "avow-page-" (id) } { (title) }
            (body)
        }
    }
}

fn list(lines: &[String]) -> Markup {
    html! { ul { @for line in lines { li { (line) } } } }
}

/// A language as its speakers call it; its tag where no texts are built in for it.
fn name_of(tag: &str) -> String {
    languages::find(tag).map_or_else(|| tag.to_owned(), |(_, language)| language.name)
}

/// The policy's language for a tag that somebody reads: itself, or one that is read by whoever reads that. By language
/// and script: who reads `zh` does not read `zh-TW`.
fn of_policy<'a>(document: &'a Document, tag: &str) -> Option<&'a str> {
    let mut languages = document.languages.iter().map(String::as_str);
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let best = languages::best(tag);
    let same = |known: &str| match (best, languages::best(known)) {
        (Some(wanted), Some(known)) => wanted == known,
        // Of languages that are not built in nothing more is known.
        (None, None) => !tag.is_empty() && primary(known) == primary(tag),
        _ => false,
    };
    let exact = document.languages.iter().find(|known| known.eq_ignore_ascii_case(tag));
    exact.map(String::as_str).or_else(|| languages.find(|known| same(known)))
}

#[cfg(test)]
mod tests;
