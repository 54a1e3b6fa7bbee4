//! What is remembered of a form.

use super::*;
use crate::seal::SealKey;
use avow_shared::basis::Basis;
use avow_shared::category::{Category, OptionalCategory};
use avow_shared::cookie::encode;
use avow_shared::id::SiteId;
use avow_shared::policy::Purpose;
use avow_shared::regime::Regime;

const NOW: Millis = Millis(1_767_225_600_000);

/// One purpose that the banner asks for, and one that a form asks for.
fn policy() -> Policy {
    let purpose = |id: &str, asked| Purpose {
        id: id_of(id),
        category: Category::Optional(OptionalCategory::Marketing),
        basis: Basis::Consent,
        since: 1,
        asked,
    };
    let purposes = vec![purpose("ads", Asked::ByBanner), purpose("letter", Asked::ByForm)];
    let site = SiteId::parse("site").expect("a site");
    Policy::new(site, 2, "0".repeat(64), Regime::strictest(180, 365), purposes).expect("a policy")
}

fn id_of(text: &str) -> PurposeId {
    PurposeId::parse(text).expect("an id")
}

fn quiet() -> Signals {
    Signals { gpc: false, dnt: false }
}

/// What is remembered after an answer on the letter alone, by somebody who holds `held`.
fn after(granted: bool, held: Option<&Decision>, days: u16) -> Option<Decision> {
    let (policy, key, now) = (policy(), SealKey::new([7; 32]), NOW.plus_days(days));
    let cookies =
        held.map(|held| format!("avow={}", encode(held, Some(&key.seal("site", held))))).unwrap_or_default();
    let verdict = judge(&policy, &key, &cookies, quiet(), now);
    remember(&policy, &[(id_of("letter"), granted)], held, verdict, quiet(), now)
}

fn told(decision: &Decision) -> Vec<(&str, bool)> {
    decision.choices.iter().map(|choice| (choice.purpose.as_str(), choice.granted)).collect()
}

#[test]
fn a_letter_that_is_asked_for_says_nothing_about_the_banners_question() {
    let remembered = after(true, None, 0).expect("a grant is remembered");
    assert_eq!(told(&remembered), [("letter", true)]);
    let next = avow_shared::engine::evaluate(&policy(), quiet(), Some(&remembered), NOW);
    assert_eq!(next.allowed, [false, true]);
    assert_eq!(next.ask, avow_shared::engine::Ask::Choice(avow_shared::engine::Reason::First));
    assert_eq!(after(false, None, 0), None, "an empty form silences no question");
}

#[test]
fn older_answers_stay_and_do_not_grow_younger() {
    let held = Decision {
        version: 1,
        decided: NOW,
        expires: NOW.plus_days(180),
        gpc: false,
        choices: vec![Choice { purpose: id_of("ads"), granted: true }],
    };
    let remembered = after(true, Some(&held), 100).expect("remembered");
    assert_eq!(told(&remembered), [("ads", true), ("letter", true)]);
    assert_eq!((remembered.decided, remembered.expires), (NOW, NOW.plus_days(180)));
    // An ended grant is not carried on, so it is asked for again.
    let remembered = after(true, Some(&held), 200).expect("remembered");
    assert_eq!(told(&remembered), [("letter", true)]);
    assert_eq!(remembered.decided, NOW.plus_days(200));
    // A refusal is, with its own date.
    let refused = Decision { choices: vec![Choice { purpose: id_of("ads"), granted: false }], ..held };
    let remembered = after(true, Some(&refused), 100).expect("remembered");
    assert_eq!((told(&remembered), remembered.decided), (vec![("ads", false), ("letter", true)], NOW));
}
