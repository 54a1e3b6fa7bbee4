//! The built-in languages: one file each in `server/languages/`, whose README says what a file holds.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One built-in language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// As its speakers call it.
    pub name: String,
    /// In English.
    pub english: String,
    /// Whether a native speaker has read every line.
    pub reviewed: bool,
    /// Every text by its key.
    pub texts: BTreeMap<String, String>,
}

macro_rules! files {
    ($($tag:literal)*) => {
        &[$(($tag, include_str!(concat!("../../languages/", $tag, ".toml")))),*]
    };
}

/// Tag and file, in the order of the tags.
const FILES: &[(&str, &str)] = files![
    "ar" "bg" "bn" "ca" "cs" "cy" "da" "de" "el" "en" "es" "et" "fa" "fi" "fr" "ga" "gd" "gu" "he" "hi" "hr"
    "hu" "id" "is" "it" "ja" "ko" "lt" "lv" "mt" "nb" "nl" "pa" "pl" "pt" "ro" "ru" "sk" "sl" "so" "sq" "sr"
    "sv" "ta" "tr" "uk" "ur" "vi" "zh" "zh-Hant"
];

/// The tags of all built-in languages.
pub fn tags() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(tag, _)| *tag)
}

/// The built-in language that a tag such as `pt-BR` is best served with, and that one's tag.
pub fn find(tag: &str) -> Option<(&'static str, Language)> {
    let best = best(tag)?;
    let (tag, file) = FILES.iter().find(|(known, _)| *known == best)?;
    Some((tag, toml::from_str(file).expect("tested: every file is a language")))
}

/// Its tag alone.
pub fn best(tag: &str) -> Option<&'static str> {
    let tag = tag.to_ascii_lowercase();
    let (primary, rest) = tag.split_once('-').unwrap_or((&tag, ""));
    let best = match (primary, rest) {
        ("zh", "hant" | "tw" | "hk" | "mo") => "zh-Hant",
        ("zh", _) if rest.starts_with("hant-") => "zh-Hant",
        // Norwegian without saying which is Bokmål; Nynorsk is read by whoever reads that.
        ("no" | "nn", _) => "nb",
        // Written otherwise than the built-in texts.
        ("sr", _) if rest.starts_with("latn") => return None,
        ("pa", _) if rest.starts_with("arab") || rest == "pk" => return None,
        _ => primary,
    };
    tags().find(|known| *known == best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::texts::{FORMS, Words, direction, keys};
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::path::Path;

    fn all() -> impl Iterator<Item = (&'static str, Language)> {
        tags().map(|tag| find(tag).expect("a language"))
    }

    /// What stands in braces.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    #[test]
    fn every_file_is_built_in_under_its_own_tag() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .filter_map(|entry| {
                entry.expect("a file").file_name().to_str()?.strip_suffix(".toml").map(str::to_owned)
            })
            .collect();
        assert_eq!(files, tags().map(str::to_owned).collect());
        assert!(tags().is_sorted());
        for tag in tags() {
            assert_eq!(find(tag).map(|found| found.0), Some(tag));
        }
    }

    #[test]
    fn every_language_has_every_text_and_what_is_put_into_it() {
        let (_, english) = find("en").expect("English");
        for (tag, language) in all() {
            assert!(language.texts.keys().eq(english.texts.keys()), "{tag}: other keys than English");
            assert!(!language.name.is_empty() && !language.english.is_empty(), "{tag}");
            for (key, text) in &language.texts {
                let wanted = placeholders(&english.texts[key]);
                let place = format!("{tag}: {key}: {text}");
                assert!(!text.is_empty() && text.trim() == text, "{place}");
                assert!(!text.contains(['<', '"', '\'']), "{place}");
                if !key.starts_with("duration_") {
                    assert!(placeholders(text) == wanted && !text.contains('|'), "{place}");
                    continue;
                }
                for form in text.split('|') {
                    let name = FORMS.iter().find(|name| form.starts_with(&format!("{name}=")));
                    // Some languages have a word for two days and need no number.
                    let spelt = matches!(name, Some(&"zero" | &"one" | &"two"));
                    assert!(
                        placeholders(form) == wanted || spelt && placeholders(form).is_empty(),
                        "{place}"
                    );
                    assert!(!form.contains('=') || name.is_some(), "{place}");
                }
            }
        }
    }

    #[test]
    fn refusing_is_told_as_briefly_as_accepting() {
        for (tag, language) in all() {
            for (yes, no) in [("accept", "reject"), ("accepted", "rejected")] {
                let words = |key: &str| language.texts[key].split(' ').count();
                let letters = |key: &str| language.texts[key].chars().count();
                assert_eq!(words(yes), words(no), "{tag}: {yes}, {no}");
                assert!(letters(yes).abs_diff(letters(no)) <= 8, "{tag}: {yes}, {no}");
            }
            assert_ne!(language.texts["accept"], language.texts["reject"], "{tag}");
        }
    }

    #[test]
    fn a_region_or_a_script_finds_its_language() {
        for (asked, found) in [
            ("en-GB", Some("en")),
            ("pt-BR", Some("pt")),
            ("zh-CN", Some("zh")),
            ("zh-TW", Some("zh-Hant")),
            ("zh-Hant-HK", Some("zh-Hant")),
            ("no", Some("nb")),
            ("nn-NO", Some("nb")),
            ("sr-Latn", None),
            ("pa-PK", None),
            ("tlh", None),
            ("", None),
            ("Welsh", None),
        ] {
            assert_eq!(find(asked).map(|language| language.0), found, "{asked}");
        }
    }

    #[test]
    fn numbers_have_the_form_that_their_language_asks_for() {
        for (tag, number, told) in [
            ("en", 1, "1 day"),
            ("en", 2, "2 days"),
            ("pl", 1, "1 dzień"),
            ("pl", 3, "3 dni"),
            ("pl", 22, "22 dni"),
            ("ru", 1, "1 день"),
            ("ru", 3, "3 дня"),
            ("ru", 13, "13 дней"),
            ("ru", 21, "21 день"),
            ("cy", 2, "2 ddiwrnod"),
            ("ja", 3, "3日"),
            ("sl", 2, "2 dneva"),
        ] {
            let words = Words::built_in(tag).expect("a language");
            assert_eq!(words.count("duration_days", number), told, "{tag}");
        }
        assert!(keys().any(|key| key == "duration_days"));
    }

    #[test]
    fn the_table_in_the_docs_is_this_one() {
        let mut table =
            "| tag | language | called | direction | reviewed |\n|---|---|---|---|---|\n".to_owned();
        for (tag, language) in all() {
            let reviewed = if language.reviewed { "yes" } else { "no" };
            let way = direction(tag);
            let Language { name, english, .. } = language;
            writeln!(table, "| `{tag}` | {english} | {name} | {way} | {reviewed} |")
                .expect("a string takes all");
        }
        let kept = include_str!("../../../docs/languages.md");
        assert!(kept.contains(&table), "put this into docs/languages.md:\n{table}");
    }
}
