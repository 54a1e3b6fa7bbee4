//! Languages by their tags, and which way they are written.

use std::fmt;

/// Which way lines run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As in English.
    LeftToRight,
    /// As in Arabic.
    RightToLeft,
}

/// A language tag of RFC 5646, well-formed; whether its parts are registered is not looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

/// The longest tag that a registered language, script, region and variant make (RFC 5646, section 4.4.1).
const LONGEST: usize = 35;

const RIGHT_TO_LEFT_SCRIPTS: [&str; 9] =
    ["Adlm", "Arab", "Aran", "Hebr", "Mand", "Nkoo", "Rohg", "Syrc", "Thaa"];

/// Languages whose usual script runs from right to left.
const RIGHT_TO_LEFT: [&str; 16] =
    ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "prs", "ps", "sd", "syr", "ug", "ur", "yi"];

impl Language {
    /// Reads a tag; `None` if it is none.
    pub fn parse(tag: &str) -> Option<Self> {
        let mut parts = tag.split('-');
        let language = parts.next()?;
        let starts = (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        let goes_on = parts
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        (starts && goes_on && tag.len() <= LONGEST).then(|| Self(tag.to_owned()))
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// Which way it is written.
    pub fn direction(&self) -> Direction {
        let mut parts = self.0.split('-');
        let language = parts.next().unwrap_or_default();
        let script = parts.find(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic()));
        let listed = |list: &[&str], word: &str| list.iter().any(|entry| entry.eq_ignore_ascii_case(word));
        let backwards = match script {
            Some(script) => listed(&RIGHT_TO_LEFT_SCRIPTS, script),
            None => listed(&RIGHT_TO_LEFT, language),
        };
        if backwards { Direction::RightToLeft } else { Direction::LeftToRight }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_are_languages() {
        for tag in ["en", "de-AT", "zh-Hant-TW", "sr-Latn", "nqo"] {
            assert!(Language::parse(tag).is_some(), "{tag}");
        }
        for tag in ["", "e", "en-", "-en", "en_GB", "1a", "en-GB)/Evil", "en\n", "ünd"] {
            assert!(Language::parse(tag).is_none(), "{tag}");
        }
        assert!(Language::parse(&format!("en{}", "-abcdefgh".repeat(5))).is_none());
    }

    #[test]
    fn the_script_says_the_direction_before_the_language_does() {
        let direction = |tag| Language::parse(tag).unwrap().direction();
        assert_eq!(direction("ar-EG"), Direction::RightToLeft);
        assert_eq!(direction("HE"), Direction::RightToLeft);
        assert_eq!(direction("pa-Arab-PK"), Direction::RightToLeft);
        assert_eq!(direction("ks-Deva"), Direction::LeftToRight);
        assert_eq!(direction("en"), Direction::LeftToRight);
    }
}
