//! The page about cookies: every purpose with what it stores, and a form that records a choice without a script.

use super::notice::complain;
use super::{Ground, section};
use crate::policy::document::{BY_FORM, Item, Purpose, Service};
use crate::policy::duration::Duration;
use maud::{Markup, html};

/// What the form must know of whoever asks for it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The hash of the version that is shown.
    pub policy_sha256: String,
    /// The regime it is shown under, as an answer names it.
    pub regime: String,
    /// For each purpose of the policy: what was answered, and still holds.
    pub answers: Vec<Answered>,
    /// Whether the browser's opt-out signal keeps marketing off.
    pub gpc: bool,
    /// Whether the visitor has the right to opt out and is not asked.
    pub opt_out: bool,
}

/// The state of one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was allowed.
    Allowed,
    /// It is on without an answer, as the law lets it be.
    On,
    /// It was refused.
    Refused,
    /// Nobody has answered, or the answer has ended.
    Not,
}

/// The page's part.
pub fn part(ground: &Ground<'_>, standing: &Standing) -> Markup {
    let say = |key: &str| ground.say(key);
    let purposes = || ground.document.purposes.iter().zip(&standing.answers);
    let shown: Vec<_> = purposes().filter(|(purpose, answered)| is_asked(purpose, **answered)).collect();
    let (needed, asked): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|(purpose, _)| purpose.category == "necessary");
    html! {
        p { (say("dialog_body")) }
        p class="avow-note" { (say("no_script")) }
        @if standing.opt_out { p { (say("rights_body")) } }
        @if standing.gpc { p class="avow-note" { (say(if standing.opt_out { "gpc_honored" } else { "gpc_note" })) } }
        form method="post" action=(ground.page("answer")) class="avow-form" {
            input type="hidden" name="policy" value=(standing.policy_sha256);
            input type="hidden" name="regime" value=(standing.regime);
            input type="hidden" name="language" value=(ground.lang);
            @for (purpose, answered) in &asked {
                (purpose_part(ground, purpose, &choice(ground, purpose, **answered)))
            }
            @if !asked.is_empty() {
                div class="avow-buttons" {
                    // First, for the Enter key sends a form by its first button.
                    button type="submit" name="button" value="save" { (say("save")) }
                    button type="submit" name="button" value="accept" { (say("accept")) }
                    button type="submit" name="button" value="reject" { (say("reject")) }
                }
            }
        }
        @for (purpose, _) in &needed {
            (purpose_part(ground, purpose, &html! {
                p class="avow-state" { (say("always_on")) }
                p { (say("necessary_note")) }
            }))
        }
        p {
            a href=(ground.document.notice.privacy) { (say("privacy_link")) }
        }
        p { (complain(ground)) }
    }
}

/// What a form of the site asks for is taken back here, and not given: the form says what it is about.
fn is_asked(purpose: &Purpose, answered: Answered) -> bool {
    purpose.asked.as_deref() != Some(BY_FORM) || answered == Answered::Allowed
}

fn choice(ground: &Ground<'_>, purpose: &Purpose, answered: Answered) -> Markup {
    let runs = matches!(answered, Answered::Allowed | Answered::On);
    let state = match answered {
        Answered::Allowed => "allowed",
        Answered::Refused => "refused",
        Answered::Not | Answered::On => "not_answered",
    };
    let option = |value: &str, word: &str, is: bool| {
        html! {
            label class="avow-option" {
                input type="radio" name={ "purpose." (purpose.id) } value=(value) checked[is];
                span { (ground.say(word)) }
            }
        }
    };
    html! {
        p class="avow-state" { (ground.say("current_choice")) ": " strong { (ground.say(state)) } }
        fieldset {
            legend { (name(ground, purpose)) }
            // On is what runs: what was allowed, and what the law lets run until somebody objects.
            (option("off", "off", !runs))
            (option("on", "on", runs))
        }
    }
}

fn purpose_part(ground: &Ground<'_>, purpose: &Purpose, choice: &Markup) -> Markup {
    let text = purpose.text.get(ground.lang);
    section(
        &format!("purpose-{}", purpose.id),
        name(ground, purpose),
        &html! {
            p { (text.map_or("", |text| text.description.as_str())) }
            (choice)
            @if purpose.services.iter().any(|service| !service.items.is_empty()) {
                details {
                    summary { (ground.say("items_caption")) }
                    @for service in &purpose.services { (service_part(ground, service)) }
                }
            }
        },
    )
}

fn name<'t>(ground: &Ground<'_>, purpose: &'t Purpose) -> &'t str {
    purpose.text.get(ground.lang).map_or(purpose.id.as_str(), |text| text.name.as_str())
}

fn service_part(ground: &Ground<'_>, service: &Service) -> Markup {
    html! {
        h3 dir="auto" { (service.name) }
        p {
            (ground.say("service_by")) " " strong { bdi { (service.provider) } } " (" (service.country) ") "
            a href=(service.privacy_url) { (ground.say("privacy_link")) }
        }
        @if !service.items.is_empty() {
            table {
                thead { tr {
                    @for key in ["item_name", "item_kind", "item_duration", "item_third_parties", "item_description"] {
                        th scope="col" { (ground.say(key)) }
                    }
                } }
                tbody { @for item in &service.items { (row(ground, item)) } }
            }
        }
    }
}

fn row(ground: &Ground<'_>, item: &Item) -> Markup {
    // Technical words are the same in every language, as in the widget.
    let kind = match item.kind.as_str() {
        "local" => "localStorage",
        "session" => "sessionStorage",
        kind => kind,
    };
    let lasts = Duration::parse(&item.duration).map(|duration| duration.told(&ground.words));
    let say = |key: &str| ground.say(key);
    html! {
        tr {
            th scope="row" dir="ltr" { (item.name) @if item.prefix { "*" } }
            td data-label=(say("item_kind")) { bdi { (kind) } }
            td data-label=(say("item_duration")) { (lasts.unwrap_or_default()) }
            td data-label=(say("item_third_parties")) {
                @if item.third_parties.is_empty() { "–" }
                @for (at, party) in item.third_parties.iter().enumerate() {
                    @if at > 0 { ", " }
                    bdi { (party) }
                }
            }
            td { (item.text.get(ground.lang).map_or("", String::as_str)) }
        }
    }
}
