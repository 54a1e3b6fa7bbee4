//! Answers, what they need to count, and what follows from them.

use super::*;
use crate::policy::{self, tests::FACTS};

const NOW: Millis = Millis(1_795_000_000_000);
const FAIR: RejectButton = RejectButton { width: 200, height: 44, contrast: 670, visible: true };
const BY_HAND: How = How { surface: Surface::Banner, input: Input::Pointer, reject: Some(FAIR) };
const BY_SCRIPT: How = How { input: Input::Script, ..BY_HAND };

fn policy() -> Policy {
    policy::read(&FACTS.join("\n")).expect("a whole policy").policy
}

fn fresh(policy: &Policy) -> Machine {
    Machine::new(policy, Signals::default(), "", NOW)
}

fn said(machine: &mut Machine, wish: Wish) -> Option<Said> {
    machine.answer(&policy(), wish, &BY_HAND, NOW).map(|answer| answer.said)
}

#[test]
fn without_an_answer_nothing_optional_is_allowed_and_the_visitor_is_asked() {
    let machine = fresh(&policy());
    assert!(machine.asks() && !machine.grants_any());
    assert_eq!(machine.evaluation.allowed, [true, false, false]);
}

#[test]
fn every_answer_ends_the_question_and_says_what_it_did() {
    for (wish, expected, allowed) in [
        (Wish::AcceptAll, Said::Accepted, [true, true, true]),
        (Wish::RejectAll, Said::Rejected, [true, false, false]),
        (Wish::Save(vec![true, false]), Said::Saved, [true, true, false]),
        (Wish::Save(vec![false, false]), Said::Rejected, [true, false, false]),
        (Wish::Save(vec![true, true]), Said::Accepted, [true, true, true]),
        (Wish::Withdraw, Said::Withdrawn, [true, false, false]),
    ] {
        let mut machine = fresh(&policy());
        assert_eq!(said(&mut machine, wish.clone()), Some(expected), "{wish:?}");
        assert!(!machine.asks());
        assert_eq!(machine.evaluation.allowed, allowed, "{wish:?}");
    }
}

#[test]
fn refusing_after_a_grant_is_a_withdrawal() {
    for wish in [Wish::RejectAll, Wish::Withdraw, Wish::Save(vec![false, false])] {
        let mut machine = fresh(&policy());
        assert_eq!(said(&mut machine, Wish::AcceptAll), Some(Said::Accepted));
        assert_eq!(said(&mut machine, wish), Some(Said::Withdrawn));
        assert_eq!(machine.evaluation.allowed, [true, false, false]);
    }
}

#[test]
fn a_grant_needs_a_persons_act_and_a_fair_way_to_refuse() {
    for how in [
        BY_SCRIPT,
        How { reject: None, ..BY_HAND },
        How { reject: Some(RejectButton { visible: false, ..FAIR }), ..BY_HAND },
        How { reject: Some(RejectButton { contrast: 449, ..FAIR }), ..BY_HAND },
        How { reject: Some(RejectButton { height: 23, ..FAIR }), ..BY_HAND },
    ] {
        for wish in [Wish::AcceptAll, Wish::Save(vec![false, true])] {
            let mut machine = fresh(&policy());
            assert_eq!(machine.answer(&policy(), wish, &how, NOW), None, "{how:?}");
            assert!(machine.asks() && !machine.grants_any());
            assert_eq!(machine.evaluation.allowed, [true, false, false]);
        }
    }
}

#[test]
fn a_refusal_counts_however_it_came() {
    for wish in [Wish::RejectAll, Wish::Withdraw, Wish::Save(vec![false, false])] {
        let how = How { reject: None, surface: Surface::Page, ..BY_SCRIPT };
        let mut machine = fresh(&policy());
        assert!(machine.answer(&policy(), wish, &how, NOW).is_some());
        assert!(!machine.asks());
    }
}

#[test]
fn asked_again_about_what_changed_accepting_leaves_what_was_refused() {
    let first = policy();
    let mut machine = fresh(&first);
    let answer = machine.answer(&first, Wish::Save(vec![true, false]), &BY_HAND, NOW).expect("it counts");
    let cookie = cookie::encode(&answer.decision, None);
    // The first optional purpose is another one since version 4.
    let mut facts = FACTS;
    (facts[2], facts[18]) = ("4", "4");
    let changed = policy::read(&facts.join("\n")).expect("a whole policy").policy;
    let again = || Machine::new(&changed, Signals::default(), &cookie, NOW);
    let mut machine = again();
    assert_eq!(machine.evaluation.ask, Ask::Choice(Reason::Changed));
    assert_eq!(machine.evaluation.allowed, [true, false, false]);
    let answer = machine.answer(&changed, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    assert_eq!((machine.evaluation.allowed, machine.evaluation.ask), (vec![true, true, false], Ask::No));
    assert_eq!((answer.control, answer.said), (Control::AcceptAll, Said::Saved));
    // In the preferences every switch is in view, and "all" is all; so it is where nothing is asked.
    let mut machine = again();
    machine.answer(&changed, Wish::AcceptAll, &How { surface: Surface::Preferences, ..BY_HAND }, NOW);
    assert_eq!(machine.evaluation.allowed, [true, true, true]);
    let mut machine = again();
    machine.answer(&changed, Wish::RejectAll, &BY_HAND, NOW);
    machine.answer(&changed, Wish::AcceptAll, &How { surface: Surface::Page, ..BY_HAND }, NOW);
    assert_eq!(machine.evaluation.allowed, [true, true, true]);
}

#[test]
fn missing_switches_are_off() {
    let mut machine = fresh(&policy());
    let answer = machine.answer(&policy(), Wish::Save(vec![true]), &BY_HAND, NOW).expect("it counts");
    assert_eq!(
        answer.decision.choices.iter().map(|choice| choice.granted).collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn what_is_kept_reads_back_and_another_tabs_answer_is_followed() {
    let policy = policy();
    let mut first = fresh(&policy);
    let mut second = fresh(&policy);
    let answer = first.answer(&policy, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    let value = cookie::encode(&answer.decision, None);
    assert!(second.follow(&policy, &value, NOW));
    assert_eq!(second.evaluation, first.evaluation);
    assert!(!second.follow(&policy, &value, NOW), "nothing new");
    assert!(second.follow(&policy, "", NOW) && second.asks(), "a cookie that is gone is no decision");
    assert!(second.follow(&policy, &value, NOW.plus_days(1)));
    second.follow(&policy, &value, NOW.plus_days(200));
    assert!(second.asks() && second.evaluation.allowed == [true, false, false], "time ends a grant");
}

#[test]
fn the_signal_keeps_marketing_off_until_it_is_granted_in_its_sight() {
    let policy = policy();
    let mut before = fresh(&policy);
    let answer = before.answer(&policy, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    let gpc = Signals { gpc: true, dnt: false };
    let mut machine = Machine::new(&policy, gpc, &cookie::encode(&answer.decision, None), NOW);
    assert_eq!(machine.evaluation.allowed, [true, true, false]);
    machine.answer(&policy, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    assert_eq!(machine.evaluation.allowed, [true, true, true]);
}

#[test]
fn a_cookie_that_cannot_be_read_switches_even_the_exemptions_off() {
    let mut facts = FACTS;
    (facts[5], facts[17]) = ("true", "statistics");
    let policy = policy::read(&facts.join("\n")).expect("a whole policy").policy;
    let mut machine = fresh(&policy);
    assert_eq!(machine.evaluation.allowed, [true, true, false], "exempt here");
    machine.follow(&policy, "1.3.x", NOW);
    assert_eq!(machine.evaluation.allowed, [true, false, false]);
    let broken = Machine::new(&policy, Signals::default(), "1.3.x", NOW);
    assert_eq!(broken.evaluation.allowed, [true, false, false]);
    assert!(broken.asks());
}

#[test]
fn a_switch_that_was_on_before_anybody_answered_is_no_consent() {
    let mut facts = FACTS;
    (facts[5], facts[17]) = ("true", "statistics");
    let here = policy::read(&facts.join("\n")).expect("a whole policy").policy;
    let choices = |answer: &Answer| {
        let named =
            answer.decision.choices.iter().map(|choice| (choice.purpose.as_str().to_owned(), choice.granted));
        named.collect::<Vec<_>>()
    };
    let off = ("campaigns".to_owned(), false);
    let mut machine = fresh(&here);
    let answer = machine.answer(&here, Wish::Save(vec![true, false]), &BY_HAND, NOW).expect("it counts");
    assert_eq!((choices(&answer), answer.said), (vec![off.clone()], Said::Saved));
    assert_eq!(machine.evaluation.allowed, [true, true, false]);
    // Whoever switched it off and on again has said so, and so has who accepts everything.
    machine.answer(&here, Wish::RejectAll, &BY_HAND, NOW).expect("it counts");
    let answer = machine.answer(&here, Wish::Save(vec![true, false]), &BY_HAND, NOW).expect("it counts");
    let on = ("statistics".to_owned(), true);
    assert_eq!(choices(&answer), [on.clone(), off.clone()]);
    let answer = machine.answer(&here, Wish::Save(vec![true, false]), &BY_HAND, NOW).expect("it counts");
    assert_eq!(choices(&answer), [on.clone(), off], "consent that was given is not taken back by leaving it");
    let answer = fresh(&here).answer(&here, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    assert_eq!(choices(&answer), [on, ("campaigns".to_owned(), true)]);
    // A yes that has ended, or that is older than its purpose, is not given anew by leaving its switch.
    let value = cookie::encode(machine.stored.as_ref().expect("kept"), None);
    let mut later = Machine::new(&here, Signals::default(), &value, NOW.plus_days(200));
    let answer =
        later.answer(&here, Wish::Save(vec![true, false]), &BY_HAND, NOW.plus_days(200)).expect("it counts");
    assert_eq!(choices(&answer), [("campaigns".to_owned(), false)]);
    facts[18] = "3";
    let changed = policy::read(&facts.join("\n")).expect("a whole policy").policy;
    let old = value.replacen("1.3.", "1.2.", 1);
    let mut machine = Machine::new(&changed, Signals::default(), &old, NOW);
    let answer = machine.answer(&changed, Wish::Save(vec![true, false]), &BY_HAND, NOW).expect("it counts");
    assert_eq!(choices(&answer), [("campaigns".to_owned(), false)]);
    // Where the law asks for consent, what was left on is asked for.
    let mut machine = fresh(&here);
    machine.answer(&here, Wish::Save(vec![true, false]), &BY_HAND, NOW).expect("it counts");
    let value = cookie::encode(machine.stored.as_ref().expect("kept"), None);
    let there = Machine::new(
        &here.in_regime(avow_shared::regime::Regime::strictest(180, 180)),
        Signals::default(),
        &value,
        NOW,
    );
    assert!(there.asks() && there.evaluation.allowed == [true, false, false]);
}

#[test]
fn accepting_all_says_nothing_about_what_a_form_asks_for() {
    let mut facts = FACTS;
    facts[25] = "form";
    let policy = policy::read(&facts.join("\n")).expect("a whole policy").policy;
    let mut machine = fresh(&policy);
    let answer = machine.answer(&policy, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    assert_eq!(answer.said, Said::Accepted);
    assert_eq!(machine.evaluation.allowed, [true, true, false]);
    assert!(!machine.asks(), "the form asks");
    machine.answer(&policy, Wish::Save(vec![false, true]), &BY_HAND, NOW).expect("it counts");
    assert_eq!(machine.evaluation.allowed, [true, false, true]);
    machine.answer(&policy, Wish::AcceptAll, &BY_HAND, NOW).expect("it counts");
    assert_eq!(machine.evaluation.allowed, [true, true, true], "what was given there stays");
    machine.answer(&policy, Wish::RejectAll, &BY_HAND, NOW).expect("it counts");
    assert_eq!(machine.evaluation.allowed, [true, false, false]);
}
