//! Checks of single values: what a name, a text, an address or a language may be.

use crate::policy::fault::Collector;
use crate::policy::file::{At, File};
use crate::policy::texts::{changes_order, has_right_to_left};
use avow_shared::id::PurposeId;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

pub(in crate::policy) const MAX_NAME: usize = 120;
const MAX_TEXT: usize = 1000;

pub(in crate::policy) fn in_all_languages<T>(
    file: &File,
    texts: &At<BTreeMap<String, T>>,
    of: &str,
    faults: &mut Collector<'_>,
) {
    let missing: Vec<&str> = file
        .languages
        .value
        .iter()
        .map(|language| language.value.as_str())
        .filter(|language| !texts.value.contains_key(*language))
        .collect();
    if !missing.is_empty() {
        faults.add(
            &texts.span,
            "text-missing",
            format!("{of} has no text in {}: who is asked must be able to read it", missing.join(", ")),
        );
    }
    for language in texts.value.keys().filter(|language| !has_language(file, language)) {
        faults.add(&texts.span, "language", format!("`{language}` is not in `languages`"));
    }
}

pub(in crate::policy) fn has_language(file: &File, language: &str) -> bool {
    file.languages.value.iter().any(|known| known.value == language)
}

pub(in crate::policy) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or("");
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

pub(in crate::policy) fn id(value: &At<String>, what: &str, faults: &mut Collector<'_>) {
    if PurposeId::parse(&value.value).is_none() {
        faults.add(
            &value.span,
            "id",
            format!("{what} is a lower-case letter and up to 31 letters, digits or underscores"),
        );
    }
}

pub(in crate::policy) fn one_of(
    value: &At<String>,
    words: &[&str],
    rule: &'static str,
    faults: &mut Collector<'_>,
) {
    if !words.contains(&value.value.as_str()) {
        let reason = match words {
            [only] => format!("`{}` is not known here: write `{only}`", value.value),
            _ => format!("`{}` is none of {}", value.value, words.join(", ")),
        };
        faults.add(&value.span, rule, reason);
    }
}

pub(in crate::policy) fn within(
    value: &At<i64>,
    range: RangeInclusive<i64>,
    unit: &str,
    faults: &mut Collector<'_>,
) {
    if !range.contains(&value.value) {
        faults.add(&value.span, "range", format!("must be {} to {} {unit}", range.start(), range.end()));
    }
}

pub(in crate::policy) fn label(value: &At<String>, faults: &mut Collector<'_>) {
    bounded(value, MAX_NAME, faults);
}

pub(in crate::policy) fn text(value: &At<String>, faults: &mut Collector<'_>) {
    bounded(value, MAX_TEXT, faults);
}

pub(in crate::policy) fn bounded(value: &At<String>, max: usize, faults: &mut Collector<'_>) {
    let text = value.value.trim();
    if text.is_empty() {
        faults.add(&value.span, "empty", "must not be empty");
    } else if value.value.chars().count() > max {
        faults.add(&value.span, "too-long", format!("must not be longer than {max} characters"));
    } else if text.chars().any(|c| c.is_control() && c != '\n') {
        faults.add(&value.span, "control-character", "has a control character in it");
    } else if let Some(turning) = turning(&value.value) {
        faults.add(
            &value.span,
            "bidi-control",
            format!(
                "has the invisible character U+{:04X} in it, which turns the direction of writing: it could read as \
                 something else than it is. The pages set the direction of each text themselves",
                u32::from(turning)
            ),
        );
    }
}

/// A character that changes the order in which others are shown (Unicode UAX 9), where no language needs it. The joiners
/// U+200C and U+200D are none: Persian and the languages of India are written with them.
pub(in crate::policy) fn turning(text: &str) -> Option<char> {
    // The two marks put a full stop or a bracket right where both directions meet, and nowhere else.
    let is_mark = |c: char| matches!(c, '\u{200e}' | '\u{200f}');
    text.chars().find(|c| changes_order(*c) && !(is_mark(*c) && has_right_to_left(text)))
}

pub(in crate::policy) fn email(value: &At<String>, faults: &mut Collector<'_>) {
    let fine = value.value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !value.value.contains(char::is_whitespace)
            && turning(&value.value).is_none()
    });
    if !fine {
        faults.add(&value.span, "email", format!("`{}` is no e-mail address", value.value));
    }
}

pub(in crate::policy) fn link(value: &At<String>, faults: &mut Collector<'_>) {
    let path =
        value.value.starts_with('/') && !value.value.starts_with("//") && !value.value.starts_with("/\\");
    let clean =
        value.value.chars().all(|c| !c.is_whitespace() && !c.is_control()) && turning(&value.value).is_none();
    if !(clean && (path || is_https(&value.value))) {
        faults.add(
            &value.span,
            "url",
            format!("`{}` is neither a path on the site nor an https address", value.value),
        );
    }
}

pub(in crate::policy) fn country(value: &At<String>, faults: &mut Collector<'_>) {
    if value.value.len() != 2 || !value.value.bytes().all(|b| b.is_ascii_uppercase()) {
        faults.add(&value.span, "country", "a country is two capital letters, such as `GB` or `IE`");
    }
}

pub(in crate::policy) fn most<T>(
    list: &[T],
    most: usize,
    span: impl Fn(&T) -> &std::ops::Range<usize>,
    what: &str,
    faults: &mut Collector<'_>,
) {
    if let Some(first_over) = list.get(most) {
        faults.add(span(first_over), "too-many", format!("there are at most {most} {what} here"));
    }
}

pub(in crate::policy) fn is_https(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| url.scheme() == "https" && url.has_host() && url.username().is_empty())
        && turning(text).is_none()
}
