//! What a browser needs of a policy before the first layer is on screen, in one language.
//!
//! Hosts and items are in the guard's configuration (`site_files/config.rs`), which is there already.
//! The rest (descriptions, the tables of items, the dialog's texts) is in the whole compiled policy
//! ([`localize`](super::localize)), which the second layer fetches. Read next: `widget/js/given.js`.

use super::document::{Document, Regime, SCHEMA};
use super::looks;
use super::texts::{Words, direction};
use avow_shared::basis::Basis;
use serde::Serialize;
use std::collections::BTreeMap;

/// The texts of the banner, the confirmation and the reopen control.
const TEXTS: [&str; 15] = [
    "accept",
    "accepted",
    "banner_body",
    "banner_title",
    "changed_note",
    "choose",
    "close",
    "cookies_link",
    "gpc_note",
    "reference_label",
    "reject",
    "rejected",
    "reopen",
    "saved",
    "withdrawn",
];

/// What is said where something is on without an answer: by an exemption, or until the visitor opts out.
const EXEMPT: [&str; 1] = ["exempt_note"];
const OPT_OUT: [&str; 4] = ["exempt_note", "gpc_honored", "notice_body", "rights_link"];

/// From a canonical document; `None` if the policy does not have that language (or the document is none).
pub fn banner(document: &str, lang: &str) -> Option<String> {
    let document: Document = serde_json::from_str(document).ok()?;
    let all = Words::new(lang, document.texts.get(lang)?.clone());
    let words = all.for_widget(&document.name, document.allows_opt_out());
    let exempt =
        document.purposes.iter().any(|purpose| Basis::parse(&purpose.basis).is_some_and(Basis::is_exemption));
    let following: &[&str] = match document.allows_opt_out() {
        true => &OPT_OUT,
        false if exempt && !document.regimes.is_empty() => &EXEMPT,
        false => &[],
    };
    let banner = Banner {
        changes: document.changes_told(lang, &all),
        schema: SCHEMA,
        site: &document.site,
        version: document.version,
        regime: &document.regime,
        cookie_domain: &document.cookie_domain,
        look: Look {
            accent: &document.look.accent,
            css: looks::css(&document.look),
            modal: document.look.layout.as_deref() == Some(looks::DIALOG),
            own: document.look.theme == looks::GOVUK || document.look.layout.as_deref() == Some(looks::NONE),
            ink: looks::ink_on(&document.look.accent),
            radius: document.look.radius,
            scheme: &document.look.scheme,
            theme: &document.look.theme,
        },
        lang,
        dir: direction(lang),
        links: Links { cookies: &document.notice.cookies },
        purposes: document
            .purposes
            .iter()
            .map(|purpose| Purpose {
                asked: purpose.asked.as_deref(),
                id: &purpose.id,
                category: &purpose.category,
                basis: &purpose.basis,
                since: purpose.since,
            })
            .collect(),
        texts: TEXTS
            .iter()
            .map(|key| Some((*key, words.get(*key)?.as_str())))
            .chain(following.iter().map(|key| Some((*key, words.get(*key)?.as_str()))))
            .collect::<Option<_>>()?,
    };
    Some(serde_json::to_string(&banner).expect("strings, whole numbers and maps with text keys serialize"))
}

#[derive(Serialize)]
struct Banner<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<(u32, String)>,
    schema: u32,
    site: &'a str,
    version: u32,
    regime: &'a Regime,
    cookie_domain: &'a BTreeMap<String, Option<String>>,
    look: Look<'a>,
    lang: &'a str,
    dir: &'static str,
    links: Links<'a>,
    purposes: Vec<Purpose<'a>>,
    texts: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Look<'a> {
    accent: &'a str,
    /// What the look adds to the style sheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    css: Option<String>,
    /// Whether the first layer is a modal dialog where it asks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    modal: bool,
    /// Whether the first layer is drawn by `widget/js/own.js`, or by the page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    own: bool,
    /// What reads well on the accent.
    ink: &'static str,
    radius: u8,
    scheme: &'a str,
    theme: &'a str,
}

#[derive(Serialize)]
struct Links<'a> {
    cookies: &'a str,
}

#[derive(Serialize)]
struct Purpose<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<&'a str>,
    id: &'a str,
    category: &'a str,
    basis: &'a str,
    since: u32,
}

#[cfg(test)]
mod tests {
    use super::super::{compile, languages};
    use super::*;
    use crate::site_files::File;

    const DEMO: &str = include_str!("../../../demo-site/careers-enterprise/avow.toml");
    const FILE: &str = "widget/testdata/careers-enterprise.banner.json";

    fn demo() -> String {
        let file = compile::read(DEMO, "avow.toml").unwrap_or_else(|faults| panic!("{faults}"));
        compile::compile(&file, &[]).to_canonical()
    }

    /// The build of the widget counts these bytes: they must be those that browsers get.
    #[test]
    fn the_demos_first_layer_is_the_one_that_the_widget_is_measured_with() {
        let known = include_str!("../../../widget/testdata/careers-enterprise.banner.json");
        let made = banner(&demo(), "en").expect("the demo is in English");
        assert_eq!(known.trim(), made, "write the second text into {FILE}");
    }

    /// The first layer waits for this file: in a packet or two, in whichever language (`docs/languages.md`).
    #[test]
    fn the_first_layer_is_small_in_every_language() {
        const MOST: usize = 1500;
        let mut document: Document = serde_json::from_str(&demo()).expect("a document");
        let mut sizes = Vec::new();
        for tag in languages::tags() {
            let words = Words::built_in(tag).expect("built in");
            document.texts.insert(tag.to_owned(), words.as_map().clone());
            let text = banner(&document.to_canonical(), tag).unwrap_or_else(|| panic!("{tag} has a banner"));
            let served = File::new(text).expect("memory takes every byte");
            sizes.push((served.brotli.len(), tag));
        }
        let (largest, tag) = *sizes.iter().max().expect("languages are built in");
        assert!(sizes.len() >= 50 && largest <= MOST, "{tag}: {largest} bytes in brotli, more than {MOST}");
    }

    #[test]
    fn a_language_that_the_policy_lacks_has_no_banner() {
        assert_eq!((banner(&demo(), "fr"), banner("{}", "en")), (None, None));
    }

    #[test]
    fn text_on_any_accent_can_be_read() {
        // The darkest grey on which black reads better than 4.5 to 1 with white would.
        assert_eq!(
            ["#000000", "#0b5cab", "#767676", "#777777", "#ff0000", "#ffffff"].map(looks::ink_on),
            ["#fff", "#fff", "#fff", "#000", "#000", "#000"]
        );
    }
}
