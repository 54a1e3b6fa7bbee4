//! The texts that visitors read, in one language.
//!
//! Plain and short, and no nudge: accept and refuse are told in the same words and at the same length.
//! `{site}` stands for the site's name, `{n}` for a number. A text that tells a number is one form, or `one|many`, or
//! forms named by the plural category of CLDR: `one={n} day|other={n} days`.
//! Read next: [`super::languages`], the built-in ones.

use super::languages;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules, PluralRulesOptions};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Every key there is.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let (_, english) = languages::find("en").expect("English is built in");
    english.texts.into_keys().collect()
});

/// The plural categories of CLDR.
pub const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// How the keys of texts begin that no part of the widget says: it does not carry them.
const NOT_IN_WIDGET: [&str; 17] = [
    "allowed",
    "basis_",
    "changed_basis",
    "changed_duration",
    "changed_purpose",
    "changed_service",
    "changed_third_party",
    "cookies_title",
    "current_choice",
    "duration_",
    "language",
    "no_script",
    "not_answered",
    "objected",
    "page_",
    "refused",
    "right_",
];

/// How the keys of texts begin that are said where something is on until the visitor opts out.
const OPT_OUT: [&str; 3] = ["gpc_honored", "notice_body", "rights_"];

/// All texts of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    lang: String,
    texts: BTreeMap<String, String>,
}

impl Words {
    /// The built-in texts for a language tag, or `None` if there are none.
    pub fn built_in(lang: &str) -> Option<Self> {
        let (_, language) = languages::find(lang)?;
        Some(Self::new(lang, language.texts))
    }

    /// These texts, complete or not.
    pub fn new(lang: &str, texts: BTreeMap<String, String>) -> Self {
        Self { lang: lang.to_owned(), texts }
    }

    /// A text; empty if there is none, which the checks do not let through.
    pub fn say(&self, key: &str) -> &str {
        self.texts.get(key).map_or("", String::as_str)
    }

    /// A text that tells a number, in the form that the language has for it.
    pub fn count(&self, key: &str, number: u16) -> String {
        form(&self.lang, self.say(key), number).replace("{n}", &number.to_string())
    }

    /// Every key with its text.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// Puts another text in a key's place.
    pub fn replace(&mut self, key: &str, text: &str) {
        self.texts.insert(key.to_owned(), text.to_owned());
    }

    /// The texts that the widget shows, with the site's name in its places; `opt_out`: also those of behaviours that ask
    /// for no consent.
    pub fn for_widget(&self, site_name: &str, opt_out: bool) -> BTreeMap<String, String> {
        let is = |starts: &[&str], key: &str| starts.iter().any(|start| key.starts_with(start));
        self.texts
            .iter()
            .filter(|(key, _)| !is(&NOT_IN_WIDGET, key) && (opt_out || !is(&OPT_OUT, key)))
            .map(|(key, text)| (key.clone(), text.replace("{site}", site_name)))
            .collect()
    }
}

/// The keys that something says: what a language that is not built in must have; those of opting out where a policy
/// allows that.
pub fn said(opt_out: bool) -> impl Iterator<Item = &'static str> {
    let is_said = move |key: &&str| opt_out || !OPT_OUT.iter().any(|start| key.starts_with(start));
    keys().filter(is_said)
}

/// Every key there is.
pub fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(String::as_str)
}

/// The form for a number, of those that a text has.
fn form<'a>(lang: &str, forms: &'a str, number: u16) -> &'a str {
    let category = category(lang, number);
    let named = |name: &str| {
        forms.split('|').find_map(|form| form.strip_prefix(name).and_then(|form| form.strip_prefix('=')))
    };
    named(category).or_else(|| named("other")).unwrap_or_else(|| {
        let mut plain = forms.split('|');
        let one = plain.next().unwrap_or(forms);
        if category == "one" { one } else { plain.next_back().unwrap_or(one) }
    })
}

/// The plural category of a number; that of English where a tag is none of CLDR.
fn category(lang: &str, number: u16) -> &'static str {
    let locale = Locale::try_from_str(lang).unwrap_or(Locale::UNKNOWN);
    let Ok(rules) = PluralRules::try_new(locale.into(), PluralRulesOptions::default()) else {
        return if number == 1 { "one" } else { "other" };
    };
    match rules.category_for(usize::from(number)) {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

/// The direction in which a language is written.
pub fn direction(lang: &str) -> &'static str {
    match primary(lang) {
        "ar" | "arc" | "ckb" | "dv" | "fa" | "he" | "ks" | "ps" | "sd" | "syr" | "ug" | "ur" | "yi" => "rtl",
        _ => "ltr",
    }
}

/// Whether it is one of the invisible characters that change the order in which others are shown (Unicode UAX 9):
/// embeddings, overrides, isolates, and the three marks.
pub fn changes_order(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Whether any of it is written from right to left: Hebrew, Arabic, and the scripts beside them in Unicode.
pub fn has_right_to_left(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(
            c,
            '\u{5be}'..='\u{8ff}'
                | '\u{fb1d}'..='\u{fdff}'
                | '\u{fe70}'..='\u{fefc}'
                | '\u{10800}'..='\u{10fff}'
                | '\u{1e800}'..='\u{1efff}'
        )
    })
}

fn primary(lang: &str) -> &str {
    lang.split('-').next().unwrap_or(lang)
}
