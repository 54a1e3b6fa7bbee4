//! The rules of a privacy notice: complete where the law asks for it, and in the language of its readers.

use super::file::{Activity, Notice};
use super::{RIGHTS, SPECIAL_BASES};
use crate::policy::check::values::{country, has_language, id, label, link, most, one_of, text};
use crate::policy::fault::Collector;
use crate::policy::file::{At, File};
use crate::policy::law::LAWFUL_BASES;
use std::collections::BTreeMap;

/// More than any notice has: a table of them is read by people.
const MOST_ACTIVITIES: usize = 64;
const MOST_LINES: usize = 64;

/// Notes every fault of the notice in `file`.
pub fn check(file: &File, faults: &mut Collector<'_>) {
    let notice = &file.notice;
    link(&notice.cookies, faults);
    link(&notice.privacy, faults);
    check_whole(notice, faults);
    if let Some(updated) = &notice.updated
        && chrono::NaiveDate::parse_from_str(&updated.value, "%Y-%m-%d").is_err()
    {
        faults.add(&updated.span, "date", format!("`{}` is no date such as 2026-03-31", updated.value));
    }
    for (at, right) in notice.rights.iter().enumerate() {
        one_of(right, &RIGHTS, "right", faults);
        if notice.rights[..at].iter().any(|earlier| earlier.value == right.value) {
            faults.add(&right.span, "duplicate", format!("`{}` is named twice", right.value));
        }
    }
    if let Some(texts) = &notice.text {
        in_first_language(file, texts, "the notice", faults);
        for said in texts.value.values().map(|said| &said.value) {
            text(&said.summary, faults);
            for part in [&said.rights, &said.security, &said.changes, &said.complaints].into_iter().flatten()
            {
                text(part, faults);
            }
        }
    }
    most(&notice.activity, MOST_ACTIVITIES, |activity| &activity.id.span, "activities", faults);
    for (at, activity) in notice.activity.iter().enumerate() {
        if notice.activity[..at].iter().any(|earlier| earlier.id.value == activity.id.value) {
            faults.add(
                &activity.id.span,
                "duplicate",
                format!("there are two activities `{}`", activity.id.value),
            );
        }
        check_activity(file, activity, faults);
    }
    most(&notice.transfer, MOST_ACTIVITIES, |transfer| &transfer.country.span, "transfers", faults);
    for transfer in &notice.transfer {
        label(&transfer.recipient, faults);
        country(&transfer.country, faults);
        in_first_language(file, &transfer.text, "the transfer", faults);
        transfer.text.value.values().for_each(|safeguard| text(safeguard, faults));
    }
}

/// A notice is all of it or nothing: a half one would be taken for the whole.
fn check_whole(notice: &Notice, faults: &mut Collector<'_>) {
    let has = [notice.updated.is_some(), notice.text.is_some(), !notice.activity.is_empty()];
    let has_parts = has.contains(&true) || !notice.rights.is_empty() || !notice.transfer.is_empty();
    if has_parts && has.contains(&false) {
        faults.add(
            &notice.privacy.span,
            "notice-part",
            "a privacy notice has `updated`, `[notice.text.…]` and at least one `[[notice.activity]]`: a part of one would \
             be taken for the whole (UK GDPR Arts 13 and 14)",
        );
    } else if has_parts && notice.activity.iter().all(|activity| !activity.visitors) {
        faults.add(
            &notice.privacy.span,
            "notice-visitors",
            "no activity concerns the website's visitors: mark the one that does with `visitors = true`",
        );
    }
}

fn check_activity(file: &File, activity: &Activity, faults: &mut Collector<'_>) {
    id(&activity.id, "an activity's id", faults);
    let bases = &activity.lawful_bases;
    if bases.value.is_empty() {
        faults.add(&bases.span, "lawful-basis", "name at least one lawful basis (UK GDPR Art 6(1))");
    }
    bases.value.iter().for_each(|basis| one_of(basis, &LAWFUL_BASES, "lawful-basis", faults));
    activity.special_bases.iter().for_each(|basis| one_of(basis, &SPECIAL_BASES, "special-basis", faults));
    in_first_language(file, &activity.text, "the activity", faults);
    let by_interest = bases.value.iter().any(|basis| basis.value == "legitimate_interests");
    for said in activity.text.value.values() {
        let (span, said) = (&said.span, &said.value);
        label(&said.name, faults);
        text(&said.retention, faults);
        for (list, of) in [(&said.purposes, "purposes"), (&said.data, "data")] {
            if list.value.is_empty() {
                faults.add(&list.span, "empty", format!("name at least one of `{of}`"));
            }
        }
        for list in [&said.purposes.value, &said.data.value, &said.recipients] {
            most(list, MOST_LINES, |line| &line.span, "lines", faults);
            for line in list {
                text(line, faults);
            }
        }
        match &said.interest {
            Some(interest) => text(interest, faults),
            None if by_interest => faults.add(
                span,
                "interest",
                "with `legitimate_interests` the notice says which interest: `interest = \"…\"` (UK GDPR Art 13(1)(d))",
            ),
            None => {}
        }
    }
}

/// Texts of a notice may be in fewer languages than the banner; in the first one they must be.
fn in_first_language<T>(file: &File, texts: &At<BTreeMap<String, T>>, of: &str, faults: &mut Collector<'_>) {
    if let Some(first) = file.languages.value.first()
        && !texts.value.contains_key(&first.value)
    {
        faults.add(&texts.span, "text-missing", format!("{of} has no text in {}", first.value));
    }
    for language in texts.value.keys().filter(|language| !has_language(file, language)) {
        faults.add(&texts.span, "language", format!("`{language}` is not in `languages`"));
    }
}
