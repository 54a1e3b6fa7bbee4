//! The privacy notice in layers: in short, then each part that can be opened (EDPB WP260 on layered notices; GDPR
//! Arts 12 to 14).

use super::{Ground, list, section};
use crate::policy::notice::{Activity, PrivacyNotice, Transfer, in_language};
use crate::policy::texts::direction;
use maud::{Markup, html};

/// The page's part. `former` is whether there are earlier versions to look at.
pub fn part(ground: &Ground<'_>, notice: &PrivacyNotice, former: bool) -> Markup {
    let say = |key: &str| ground.say(key);
    let (document, first) = (ground.document, ground.first());
    let said = in_language(&notice.text, ground.lang, first);
    let lang = said.and_then(|(lang, _)| ground.mark(lang));
    let said = said.map(|(_, said)| said);
    let also = |text: Option<&String>| html! { @if let Some(text) = text { p lang=[lang] dir=[lang.map(direction)] { (text) } } };
    html! {
        p class="avow-note" {
            (say("page_updated")) ": " time datetime=(notice.updated) { (notice.updated) } ". "
            (ground.words.say("page_version").replace("{n}", &document.version.to_string()))
            @if former { " " a href=(ground.page("versions")) { (say("page_versions")) } }
        }
        (section("short", &say("page_short"), &html! {
            @if let Some(said) = said { p class="avow-short" lang=[lang] dir=[lang.map(direction)] { (said.summary) } }
        }))
        (section("controller", &say("page_controller"), &html! {
            address {
                bdi { (document.controller.name) } br; bdi { (document.controller.address) } br;
                a href={ "mailto:" (document.controller.email) } { (document.controller.email) }
            }
            @if let Some(dpo) = &document.dpo {
                p {
                    (say("page_dpo")) ": " bdi { (dpo.name) } ", " a href={ "mailto:" (dpo.email) } { (dpo.email) }
                }
            }
        }))
        (section("purposes", &say("page_purposes"), &html! {
            @for activity in &notice.activities { (activity_part(ground, activity)) }
            (also(said.and_then(|said| said.security.as_ref())))
            p { a href=(document.notice.cookies) { (say("cookies_link")) } }
        }))
        @if !notice.transfers.is_empty() {
            (section("transfers", &say("page_transfers"), &html! {
                @for transfer in &notice.transfers { (transfer_part(ground, transfer)) }
            }))
        }
        (section("rights", &say("page_rights"), &html! {
            @let rights: Vec<String> = notice.rights.iter().map(|right| say(&format!("right_{right}"))).collect();
            (list(&rights))
            (also(said.and_then(|said| said.rights.as_ref())))
        }))
        (section("complaints", &say("page_complaints"), &html! {
            (also(said.and_then(|said| said.complaints.as_ref())))
            p { (complain(ground)) }
        }))
        (also(said.and_then(|said| said.changes.as_ref())))
    }
}

/// The sentence on complaints, with the regulator's name as a link (DPA 2018 s.164A; GDPR Art 13(2)(d)).
pub(super) fn complain(ground: &Ground<'_>) -> Markup {
    let sentence = ground.say("page_complain");
    let regulator = &ground.document.regulator;
    let link = html! { a href=(regulator.url) { bdi { (regulator.name) } } };
    let (before, after) = sentence.split_once("{regulator}").unwrap_or((&sentence, ""));
    html! { (before) (link) (after) }
}

fn activity_part(ground: &Ground<'_>, activity: &Activity) -> Markup {
    let say = |key: &str| ground.say(key);
    let Some((lang, text)) = in_language(&activity.text, ground.lang, ground.first()) else {
        return html! {};
    };
    let lang = ground.mark(lang);
    let basis = |basis: &String| {
        let interest = text.interest.as_ref().filter(|_| basis == "legitimate_interests");
        html! {
            li {
                (say(&format!("basis_{basis}")))
                @if let Some(interest) = interest { ": " span lang=[lang] dir=[lang.map(direction)] { (interest) } }
            }
        }
    };
    html! {
        // The part that concerns the reader of a website is open.
        details open[activity.visitors] id={ "avow-activity-" (activity.id) } {
            summary lang=[lang] dir=[lang.map(direction)] { (text.name) }
            div lang=[lang] dir=[lang.map(direction)] { (list(&text.purposes)) }
            h3 { (say("page_data")) }
            div lang=[lang] dir=[lang.map(direction)] { (list(&text.data)) }
            h3 { (say("page_basis")) }
            ul {
                @for known in &activity.lawful_bases { (basis(known)) }
                @for special in &activity.special_bases { li { "GDPR Art " (special) } }
            }
            @if !text.recipients.is_empty() {
                h3 { (say("page_recipients")) }
                div lang=[lang] dir=[lang.map(direction)] { (list(&text.recipients)) }
            }
            h3 { (say("page_retention")) }
            p lang=[lang] dir=[lang.map(direction)] { (text.retention) }
        }
    }
}

fn transfer_part(ground: &Ground<'_>, transfer: &Transfer) -> Markup {
    let safeguard = in_language(&transfer.text, ground.lang, ground.first());
    html! {
        h3 { bdi { (transfer.recipient) } " (" (transfer.country) ")" }
        @if let Some((lang, safeguard)) = safeguard {
            p { (ground.say("page_safeguard")) ": " span lang=[ground.mark(lang)] dir=[ground.mark(lang).map(direction)] { (safeguard) } }
        }
    }
}
