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

/// One line of a notice.
#[derive(Debug)]
struct Line {
    /// The same in every version of the notice, and of no other line in one.
    id: String,
    /// What it is about.
    about: String,
    /// What it says.
    said: String,
}

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
    let find = |lines: &'_ [Line], id: &str| lines.iter().position(|line| line.id == id);
    let gone = before.iter().filter(|line| find(after, &line.id).is_none()).map(|line| (Some(line), None));
    let rows =
        after.iter().map(|line| (find(before, &line.id).map(|at| &before[at]), Some(line))).chain(gone);
    let text = |line: Option<&Line>| line.map(|line| line.said.clone()).unwrap_or_default();
    let about = |line: Option<&Line>| line.map(|line| line.about.clone());
    html! {
        table class="avow-compare" {
            thead { tr { td {} @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for (was, is) in rows {
                    @let renamed = was.is_some() && is.is_some() && about(was) != about(is);
                    @let (before, after) = (text(was), text(is));
                    tr class=[(renamed || before != after).then_some("avow-differs")] {
                        th scope="row" dir="auto" {
                            @if renamed { del { (about(was).unwrap_or_default()) } " " ins { (about(is).unwrap_or_default()) } }
                            @else { (about(is.or(was)).unwrap_or_default()) }
                        }
                        @if before == after {
                            td colspan="2" dir="auto" { (after) }
                        } @else {
                            td data-label=(heads[0]) dir="auto" { del { (before) } }
                            td data-label=(heads[1]) dir="auto" { ins { (after) } }
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
    let mut lines: Vec<Line> = Vec::new();
    let mut add = |id: String, about: String, said: String| {
        // Two transfers to one recipient are two lines: told apart by which of them comes first.
        let same = lines.iter().filter(|line| line.id.split('#').next() == Some(&id)).count();
        let id = if same == 0 { id } else { format!("{id}#{same}") };
        lines.push(Line { id, about, said });
    };
    let mut add_plain = |key: &str, said: String| add(key.to_owned(), say(key), said);
    let controller = &document.controller;
    add_plain(
        "page_controller",
        [controller.name.as_str(), &controller.address, &controller.email].join("\n"),
    );
    if let Some(dpo) = &document.dpo {
        add_plain("page_dpo", format!("{}\n{}", dpo.name, dpo.email));
    }
    let Some(notice) = &document.privacy_notice else { return lines };
    add_plain("page_updated", notice.updated.clone());
    if let Some((_, said)) = in_language(&notice.text, ground.lang, first) {
        add_plain("page_short", said.summary.clone());
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
            // By its id: two activities may have one name.
            add(format!("activity {} {key}", activity.id), format!("{}: {}", text.name, say(key)), told);
        }
    }
    for transfer in &notice.transfers {
        if let Some((_, safeguard)) = in_language(&transfer.text, ground.lang, first) {
            let about = format!("{}: {} ({})", say("page_transfers"), transfer.recipient, transfer.country);
            add(format!("transfer {} {}", transfer.recipient, transfer.country), about, safeguard.clone());
        }
    }
    let rights: Vec<String> = notice.rights.iter().map(|right| say(&format!("right_{right}"))).collect();
    add("page_rights".to_owned(), say("page_rights"), rights.join("\n"));
    lines
}
