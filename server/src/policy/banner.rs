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
    use super::super::{compile, languages, localize};
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

    /// The largest of all built-in languages in brotli, with how many there are. What the owner writes is English in each.
    fn largest(
        mut document: Document,
        text: impl Fn(&str, &str) -> Option<String>,
    ) -> (usize, usize, &'static str) {
        let mut sizes = Vec::new();
        for tag in languages::tags() {
            let words = Words::built_in(tag).expect("built in");
            document.texts.insert(tag.to_owned(), words.as_map().clone());
            for purpose in &mut document.purposes {
                let own = purpose.text["en"].clone();
                purpose.text.entry(tag.to_owned()).or_insert(own);
                for item in purpose.services.iter_mut().flat_map(|service| &mut service.items) {
                    let own = item.text["en"].clone();
                    item.text.entry(tag.to_owned()).or_insert(own);
                }
            }
            document.languages = vec![tag.to_owned()];
            let text = text(&document.to_canonical(), tag).unwrap_or_else(|| panic!("{tag} has its texts"));
            let served = File::new(text).expect("memory takes every byte");
            sizes.push((served.brotli.len(), tag));
        }
        let (largest, tag) = *sizes.iter().max().expect("languages are built in");
        (largest, sizes.len(), tag)
    }

    /// The demo for a site that lets run until an opt-out what the law lets, and its next version, in which the
    /// statistics are kept longer and the campaigns have another partner.
    fn opting_out() -> [Document; 2] {
        let own = "We use some essential cookies and would also like to use others.";
        let texts = |tag: &str| format!("[texts.{tag}]\nbanner_body = \"{own}\"\ndialog_body = \"{own}\"\n");
        let source =
            DEMO.replacen("schema = 1\n", "schema = 1\nfollow_visitor = true\nallow_opt_out = true\n", 1)
                + &texts("en")
                + &texts("cy");
        let partner = "third_parties = [\"Advertising partner (demo third party)\"";
        let next = source.replace("\"13 months\"", "\"18 months\"").replacen(
            partner,
            &format!("{partner}, \"Another partner (demo third party)\""),
            1,
        );
        let read =
            |source: &str| compile::read(source, "avow.toml").unwrap_or_else(|faults| panic!("{faults}"));
        let first = compile::compile(&read(&source), &[]);
        let second = compile::compile(&read(&next), std::slice::from_ref(&first));
        assert!(first.allows_opt_out() && second.changes.len() == 2, "{:?}", second.changes);
        [first, second]
    }

    /// The first layer waits for this file: in a packet or two, in whichever language (`docs/languages.md`).
    #[test]
    fn the_first_layer_is_small_in_every_language() {
        const MOST: usize = 1500;
        let demo: Document = serde_json::from_str(&demo()).expect("a document");
        let [first, second] = opting_out();
        for document in [demo, first, second] {
            let (size, count, tag) = largest(document, banner);
            assert!(count >= 50, "{count} languages");
            assert!(size <= MOST, "{tag}: {size} bytes in brotli, more than {MOST}");
        }
    }

    /// The second layer waits for this one, when it is opened. Most of it is the policy's own.
    #[test]
    fn the_second_layers_texts_are_small_in_every_language() {
        const MOST: usize = 4000;
        let demo: Document = serde_json::from_str(&demo()).expect("a document");
        let [_, second] = opting_out();
        let whole = |text: &str, tag: &str| localize(text, tag, &"0".repeat(64));
        for document in [demo, second] {
            let (size, _, tag) = largest(document, whole);
            assert!(size <= MOST, "{tag}: {size} bytes in brotli, more than {MOST}");
        }
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
