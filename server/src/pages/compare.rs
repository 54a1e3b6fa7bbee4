//! The versions of a privacy notice: which there are, and two of them side by side.

use super::Ground;
use crate::policy::document::Document;
use crate::policy::notice::in_language;
use maud::{Markup, html};

/// A published version, for the list.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number.
    pub number: u32,
    /// When it was published, `2026-01-31`.
    pub published: String,
}

/// One line of a notice: what it is about, and what it says.
type Line = (String, String);

/// The page's part: the list, and below it `older` beside the ground's own version, where one is asked for.
pub fn part(ground: &Ground<'_>, versions: &[Version], older: Option<&Document>) -> Markup {
    let told = |number: u32| ground.words.say("page_version").replace("{n}", &number.to_string());
    html! {
        ul class="avow-versions" {
            @for version in versions {
                li {
                    (told(version.number)) ", " time datetime=(version.published) { (version.published) }
                    @if version.number != ground.document.version {
                        " " a href={ (ground.page("versions")) "&with=" (version.number) } { (ground.say("page_compare")) }
                    }
                }
            }
        }
        @if let Some(older) = older {
            (side_by_side(&lines(older, ground), &lines(ground.document, ground), &[told(older.version), told(ground.document.version)]))
        }
    }
}

/// A table of both; a row that differs is marked, for eyes and for ears.
fn side_by_side(before: &[Line], after: &[Line], heads: &[String; 2]) -> Markup {
    let mut keys: Vec<&String> = after.iter().map(|(key, _)| key).collect();
    keys.extend(before.iter().map(|(key, _)| key).filter(|key| after.iter().all(|(known, _)| known != *key)));
    let find = |lines: &[Line], key: &str| {
        lines.iter().find(|(known, _)| known == key).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    html! {
        table class="avow-compare" {
            thead { tr { td {} @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for key in keys {
                    @let (was, is) = (find(before, key), find(after, key));
                    tr class=[(was != is).then_some("avow-differs")] {
                        th scope="row" { (key) }
                        @if was == is {
                            td colspan="2" { (is) }
                        } @else {
                            td data-label=(heads[0]) { del { (was) } }
                            td data-label=(heads[1]) { ins { (is) } }
                        }
                    }
                }
            }
        }
    }
}

/// What a version says, line by line, in the page's language or the version's first. Lists are told by line ends.
fn lines(document: &Document, ground: &Ground<'_>) -> Vec<Line> {
    let say = |key: &str| ground.say(key);
    let first = document.languages.first().map_or(ground.lang, String::as_str);
    let controller = &document.controller;
    let mut lines = vec![(
        say("page_controller"),
        [controller.name.as_str(), &controller.address, &controller.email].join("\n"),
    )];
    if let Some(dpo) = &document.dpo {
        lines.push((say("page_dpo"), format!("{}\n{}", dpo.name, dpo.email)));
    }
    let Some(notice) = &document.privacy_notice else { return lines };
    lines.push((say("page_updated"), notice.updated.clone()));
    if let Some((_, said)) = in_language(&notice.text, ground.lang, first) {
        lines.push((say("page_short"), said.summary.clone()));
    }
    for activity in &notice.activities {
        let Some((_, text)) = in_language(&activity.text, ground.lang, first) else { continue };
        let bases = activity.lawful_bases.iter().map(|basis| say(&format!("basis_{basis}")));
        let bases: Vec<String> = bases.chain(activity.special_bases.iter().cloned()).collect();
        for (key, told) in [
            ("page_purposes", text.purposes.join("\n")),
            ("page_data", text.data.join("\n")),
            ("page_basis", bases.join("\n")),
            ("page_recipients", text.recipients.join("\n")),
            ("page_retention", text.retention.clone()),
        ] {
            lines.push((format!("{}: {}", text.name, say(key)), told));
        }
    }
    for transfer in &notice.transfers {
        if let Some((_, safeguard)) = in_language(&transfer.text, ground.lang, first) {
            let key = format!("{}: {} ({})", say("page_transfers"), transfer.recipient, transfer.country);
            lines.push((key, safeguard.clone()));
        }
    }
    let rights: Vec<String> = notice.rights.iter().map(|right| say(&format!("right_{right}"))).collect();
    lines.push((say("page_rights"), rights.join("\n")));
    lines
}
