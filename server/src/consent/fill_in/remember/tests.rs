//! What is remembered of a form.

use super::*;
use crate::seal::SealKey;
use crate::verdict::judge;
use avow_shared::basis::Basis;
use avow_shared::category::{Category, OptionalCategory};
use avow_shared::cookie::encode;
use avow_shared::engine::{Ask, Reason, evaluate};
use avow_shared::id::SiteId;
use avow_shared::policy::Purpose;
use avow_shared::regime::{Behaviour, Regime};

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
fn after(granted: bool, held: Option<&Decision>, days: u16) -> Memory {
    after_on(false, granted, held, days)
}

/// The same on a site that `notices` or not.
fn after_on(notices: bool, granted: bool, held: Option<&Decision>, days: u16) -> Memory {
    let (policy, key, now) = (policy(), SealKey::new([7; 32]), NOW.plus_days(days));
    let cookies =
        held.map(|held| format!("avow={}", encode(held, Some(&key.seal("site", held))))).unwrap_or_default();
    let allowed = judge(&policy, &key, &cookies, quiet(), now).allowed;
    let answers = [(id_of("letter"), granted)];
    remember(&policy, Given { answers: &answers, left_on: false, notices }, held, allowed, quiet(), now)
}

fn kept(memory: Memory) -> Decision {
    let Memory::Of(decision) = memory else { panic!("nothing is remembered: {memory:?}") };
    decision
}

fn holding(days_decided: u16, choices: &[(&str, bool)]) -> Decision {
    Decision {
        version: 1,
        decided: NOW.plus_days(days_decided),
        expires: NOW.plus_days(days_decided + 180),
        gpc: false,
        left_on: false,
        choices: choices
            .iter()
            .map(|(id, granted)| Choice { purpose: id_of(id), granted: *granted })
            .collect(),
    }
}

fn told(decision: &Decision) -> Vec<(&str, bool)> {
    decision.choices.iter().map(|choice| (choice.purpose.as_str(), choice.granted)).collect()
}

#[test]
fn a_letter_that_is_asked_for_says_nothing_about_the_banners_question() {
    let remembered = kept(after(true, None, 0));
    assert_eq!(told(&remembered), [("letter", true)]);
    let next = evaluate(&policy(), quiet(), Some(&remembered), NOW);
    assert_eq!((next.allowed, next.ask), (vec![false, true], Ask::Choice(Reason::First)));
    assert_eq!(after(false, None, 0), Memory::AsItWas, "an empty form silences no question");
    // Taken back: nothing is left that would be taken for a refusal of everything.
    assert_eq!(after(false, Some(&holding(0, &[("letter", true)])), 1), Memory::Nothing);
}

#[test]
fn a_letter_taken_back_keeps_the_denial_of_what_this_version_does_not_know() {
    let held = holding(0, &[("letter", true), ("gone", false)]);
    let remembered = kept(after(false, Some(&held), 1));
    assert_eq!(told(&remembered), [("letter", false), ("gone", false)]);
    assert!(!remembered.refuses_all());
    // The banner's question is still one, here and where purposes are on until somebody objects.
    let next = evaluate(&policy(), quiet(), Some(&remembered), NOW.plus_days(1));
    assert_eq!((next.allowed, next.ask), (vec![false, false], Ask::Choice(Reason::First)));
    // Should the purpose come back where nobody is asked, it stays denied.
    let mut purposes = policy().purposes().to_vec();
    purposes[0].id = id_of("gone");
    let site = SiteId::parse("site").expect("a site");
    let us = Regime { behaviour: Behaviour::RightsFirst, ..Regime::strictest(180, 365) };
    let back = Policy::new(site, 3, "0".repeat(64), us, purposes).expect("a policy");
    assert!(evaluate(&back, quiet(), None, NOW).allowed[0], "the control");
    assert!(!evaluate(&back, quiet(), Some(&remembered), NOW.plus_days(1)).allowed[0]);
}

#[test]
fn a_notice_that_was_not_read_is_not_taken_for_read() {
    let held = Decision { version: 2, ..holding(0, &[("letter", true), ("gone", false)]) };
    assert_eq!(after_on(true, false, Some(&held), 1), Memory::Nothing, "it would be shown in another place");
    let read = Decision { left_on: true, ..held };
    assert!(kept(after_on(true, false, Some(&read), 1)).left_on);
    // Of what is new since version 2 a visitor of version 1 was told nothing, whatever they answer a form.
    let mut purposes = policy().purposes().to_vec();
    purposes[0].since = 2;
    let site = SiteId::parse("site").expect("a site");
    let newer =
        Policy::new(site, 2, "0".repeat(64), Regime::strictest(180, 365), purposes).expect("a policy");
    let answers = [(id_of("letter"), true)];
    for (version, told) in [(1, false), (2, true)] {
        let held = Decision { version, left_on: true, ..holding(0, &[("letter", true)]) };
        let given = Given { answers: &answers, left_on: false, notices: true };
        let remembered = kept(remember(&newer, given, Some(&held), Purposes::of([]), quiet(), NOW));
        assert_eq!(remembered.left_on, told, "{version}");
    }
}

#[test]
fn a_refusal_of_everything_outlives_an_empty_form() {
    let only = vec![policy().purposes()[1].clone()];
    let site = SiteId::parse("site").expect("a site");
    let forms = Policy::new(site, 2, "0".repeat(64), Regime::strictest(180, 365), only).expect("a policy");
    let answers = [(id_of("letter"), false)];
    let given = Given { answers: &answers, left_on: false, notices: true };
    let held = holding(0, &[("ads", false)]);
    let remembered = kept(remember(&forms, given, Some(&held), Purposes::of([]), quiet(), NOW));
    assert!(remembered.refuses_all(), "{remembered:?}");
}

#[test]
fn older_grants_stay_and_do_not_grow_younger() {
    let held = holding(0, &[("ads", true)]);
    let remembered = kept(after(true, Some(&held), 100));
    assert_eq!(told(&remembered), [("ads", true), ("letter", true)]);
    assert_eq!((remembered.decided, remembered.expires), (NOW, NOW.plus_days(180)));
    // An ended grant is not carried on, so it is asked for again.
    let remembered = kept(after(true, Some(&held), 200));
    assert_eq!((told(&remembered), remembered.decided), (vec![("letter", true)], NOW.plus_days(200)));
}

#[test]
fn a_denial_is_never_lost() {
    // Long after a grant would have ended: the new grant has its own date, and the old no stays.
    let remembered = kept(after(true, Some(&holding(0, &[("ads", false)])), 200));
    assert_eq!(told(&remembered), [("ads", false), ("letter", true)]);
    assert_eq!(remembered.decided, NOW.plus_days(200));
    // A refusal of everything covers a purpose that came later: now it says so.
    let remembered = kept(after(true, Some(&holding(0, &[("gone", false)])), 1));
    assert_eq!(told(&remembered), [("ads", false), ("letter", true), ("gone", false)]);
    assert!(!evaluate(&policy(), quiet(), Some(&remembered), NOW.plus_days(1)).allowed[0]);
}
