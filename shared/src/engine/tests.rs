//! The engine's promises, case by case and as properties.

use super::*;
use crate::basis::Basis;
use crate::decision::{Choice, decide};
use crate::id::{PurposeId, SiteId};
use crate::policy::Purpose;
use crate::regime::Regime;
use proptest::prelude::*;

fn purpose(id: &str, category: OptionalCategory, basis: Basis, since: u32) -> Purpose {
    let category = Category::Optional(category);
    Purpose { id: PurposeId::parse(id).unwrap(), category, basis, since, asked: Asked::ByBanner }
}

fn policy_at(version: u32, regime: Regime, optional: Vec<Purpose>) -> Policy {
    let necessary = Purpose {
        id: PurposeId::parse("necessary").unwrap(),
        category: Category::Necessary,
        basis: Basis::StrictlyNecessary,
        since: 1,
        asked: Asked::ByBanner,
    };
    let purposes = std::iter::once(necessary).chain(optional).collect();
    Policy::new(SiteId::parse("site").unwrap(), version, "00".repeat(32), regime, purposes).unwrap()
}

fn two_purposes(version: u32, since: u32) -> Policy {
    policy_at(
        version,
        Regime::strictest(182, 182),
        vec![
            purpose("analytics", OptionalCategory::Analytics, Basis::Consent, since),
            purpose("ads", OptionalCategory::Marketing, Basis::Consent, 1),
        ],
    )
}

const NOW: Millis = Millis(1_763_764_800_000);
const GPC: Signals = Signals { gpc: true, dnt: false };
const QUIET: Signals = Signals { gpc: false, dnt: false };

fn days(n: i64) -> Millis {
    Millis(NOW.0 + n * DAY_MS)
}

#[test]
fn nothing_optional_runs_before_a_choice() {
    let answer = evaluate(&two_purposes(1, 1), QUIET, None, NOW);
    assert_eq!(answer, Evaluation { ask: Ask::Choice(Reason::First), allowed: vec![true, false, false] });
}

#[test]
fn a_refusal_is_remembered_179_days_and_asked_again_after_184() {
    let policy = two_purposes(1, 1);
    let refusal = decide(&policy, QUIET, NOW, |_| Some(false));
    assert_eq!(evaluate(&policy, QUIET, Some(&refusal), days(179)).ask, Ask::No);
    assert_eq!(evaluate(&policy, QUIET, Some(&refusal), days(184)).ask, Ask::Choice(Reason::Expired));
}

#[test]
fn a_new_version_voids_the_changed_grant_and_never_a_denial() {
    let old = two_purposes(1, 1);
    let changed = two_purposes(2, 2);
    let grant = decide(&old, QUIET, NOW, |_| Some(true));
    let answer = evaluate(&changed, QUIET, Some(&grant), NOW);
    assert_eq!(answer, Evaluation { ask: Ask::Choice(Reason::Changed), allowed: vec![true, false, true] });
    let refusal = decide(&old, QUIET, NOW, |_| Some(false));
    assert_eq!(evaluate(&changed, QUIET, Some(&refusal), NOW).ask, Ask::No);
    let partial = decide(&old, QUIET, NOW, |optional| Some(optional.purpose.id.as_str() == "ads"));
    let answer = evaluate(&changed, QUIET, Some(&partial), NOW);
    assert_eq!(answer, Evaluation { ask: Ask::No, allowed: vec![true, false, true] });
}

#[test]
fn reject_all_covers_purposes_added_later_but_a_grant_does_not() {
    let old = policy_at(
        1,
        Regime::strictest(182, 182),
        vec![purpose("analytics", OptionalCategory::Analytics, Basis::Consent, 1)],
    );
    let new = two_purposes(2, 1);
    let refusal = decide(&old, QUIET, NOW, |_| Some(false));
    assert_eq!(evaluate(&new, QUIET, Some(&refusal), NOW).ask, Ask::No);
    let grant = decide(&old, QUIET, NOW, |_| Some(true));
    let answer = evaluate(&new, QUIET, Some(&grant), NOW);
    assert_eq!(answer, Evaluation { ask: Ask::Choice(Reason::Changed), allowed: vec![true, true, false] });
}

#[test]
fn a_partial_choice_keeps_its_denials_when_its_grants_end() {
    let mut policy = two_purposes(1, 1);
    policy.regime = Regime::strictest(100, 365);
    let partial = decide(&policy, QUIET, NOW, |optional| Some(optional.purpose.id.as_str() == "ads"));
    let answer = evaluate(&policy, QUIET, Some(&partial), days(120));
    assert_eq!(answer, Evaluation { ask: Ask::Choice(Reason::Expired), allowed: vec![true, false, false] });
}

#[test]
fn a_grant_from_the_future_is_no_grant() {
    let policy = two_purposes(1, 1);
    let grant = decide(&policy, QUIET, days(30), |_| Some(true));
    assert_eq!(evaluate(&policy, QUIET, Some(&grant), NOW).allowed, [true, false, false]);
}

#[test]
fn a_grant_for_an_unpublished_version_is_no_grant() {
    let grant = decide(&two_purposes(5, 1), QUIET, NOW, |_| Some(true));
    assert_eq!(evaluate(&two_purposes(4, 1), QUIET, Some(&grant), NOW).allowed, [true, false, false]);
}

#[test]
fn gpc_outranks_an_older_grant_and_not_one_made_after_it_was_seen() {
    let policy = two_purposes(1, 1);
    let before = decide(&policy, QUIET, NOW, |_| Some(true));
    assert_eq!(evaluate(&policy, GPC, Some(&before), NOW).allowed, [true, true, false]);
    let after = decide(&policy, GPC, NOW, |_| Some(true));
    assert_eq!(evaluate(&policy, GPC, Some(&after), NOW).allowed, [true, true, true]);
}

#[test]
fn exempt_statistics_run_only_where_the_regime_knows_them() {
    let statistics = || vec![purpose("stats", OptionalCategory::Analytics, Basis::Statistics, 1)];
    let mut gb = Regime::strictest(182, 182);
    gb.id = "gb".to_owned();
    gb.exemptions = true;
    let answer = evaluate(&policy_at(1, gb.clone(), statistics()), QUIET, None, NOW);
    assert_eq!(answer, Evaluation { ask: Ask::No, allowed: vec![true, true] });
    let policy = policy_at(1, gb, statistics());
    let objection = decide(&policy, QUIET, NOW, |_| Some(false));
    assert_eq!(evaluate(&policy, QUIET, Some(&objection), NOW).allowed, [true, false]);
    // It ends as every answer does, but nobody is asked again, and to wait is not to agree.
    let later = evaluate(&policy, QUIET, Some(&objection), Millis(NOW.0 + 400 * DAY_MS));
    assert_eq!(later, Evaluation { ask: Ask::No, allowed: vec![true, false] });
    assert_eq!(policy.basis_of(&policy.purposes()[1]), Basis::Statistics);
    let elsewhere = policy.in_regime(Regime::strictest(182, 182));
    assert_eq!(elsewhere.basis_of(&policy.purposes()[1]), Basis::Consent);
    let answer = evaluate(&policy_at(1, Regime::strictest(182, 182), statistics()), QUIET, None, NOW);
    assert_eq!(answer, Evaluation { ask: Ask::Choice(Reason::First), allowed: vec![true, false] });
}

#[test]
fn the_other_behaviours_do_not_prompt() {
    let purposes = || {
        vec![
            purpose("stats", OptionalCategory::Analytics, Basis::Consent, 1),
            purpose("ads", OptionalCategory::Marketing, Basis::Consent, 1),
        ]
    };
    let with = |behaviour| {
        let mut regime = Regime::strictest(182, 182);
        (regime.behaviour, regime.marketing_asks) = (behaviour, false);
        policy_at(1, regime, purposes())
    };
    let unasked = |behaviour, signals| evaluate(&with(behaviour), signals, None, NOW);
    let all = vec![true, true, true];
    assert_eq!(unasked(Behaviour::NoticeFirst, QUIET), Evaluation { ask: Ask::Notice, allowed: all.clone() });
    assert_eq!(unasked(Behaviour::RightsFirst, QUIET), Evaluation { ask: Ask::No, allowed: all });
    assert_eq!(unasked(Behaviour::RightsFirst, GPC).allowed, [true, true, false]);
    assert_eq!(unasked(Behaviour::StatisticsOnly, QUIET).allowed, [true, true, false]);
}

#[test]
fn marketing_may_have_a_behaviour_of_its_own() {
    let both = |id: &str| crate::law::Rule::find(id).expect("a row").regime(182, 182);
    let purposes = vec![
        purpose("stats", OptionalCategory::Analytics, Basis::Consent, 1),
        purpose("ads", OptionalCategory::Marketing, Basis::Consent, 1),
    ];
    let swiss = policy_at(1, both("ch"), purposes);
    let answer = evaluate(&swiss, QUIET, None, NOW);
    assert_eq!(answer, Evaluation { ask: Ask::Choice(Reason::First), allowed: vec![true, true, false] });
    let refused = decide(&swiss, QUIET, NOW, |_| Some(false));
    let answer = evaluate(&swiss, QUIET, Some(&refused), NOW);
    assert_eq!(answer, Evaluation { ask: Ask::No, allowed: vec![true, false, false] });
    for (words, both) in [
        ("notice_first+consent_first", Some((Behaviour::NoticeFirst, true))),
        ("rights_first", Some((Behaviour::RightsFirst, false))),
        ("consent_first", Some((Behaviour::ConsentFirst, false))),
        ("notice_first+rights_first", None),
        ("rights_first+", None),
        ("+rights_first", None),
        ("rights_first+notice_first+consent_first", None),
        ("", None),
    ] {
        assert_eq!(Behaviour::parse_both(words), both, "{words}");
    }
    assert_eq!(swiss.regime.behaviours(), "notice_first+consent_first");
}

#[test]
fn what_was_left_on_is_no_consent_where_the_law_asks_for_one() {
    let purposes = || {
        vec![
            purpose("stats", OptionalCategory::Analytics, Basis::Statistics, 1),
            purpose("ads", OptionalCategory::Marketing, Basis::Consent, 1),
        ]
    };
    let gb = Regime { exemptions: true, ..Regime::strictest(182, 182) };
    let opt_out = Regime { behaviour: Behaviour::RightsFirst, ..Regime::strictest(182, 400) };
    let notice = Regime { behaviour: Behaviour::NoticeFirst, ..opt_out.clone() };
    let asked = policy_at(1, Regime::strictest(182, 182), purposes());
    for regime in [gb, opt_out, notice] {
        let policy = policy_at(1, regime, purposes());
        // The switch for statistics was on and is left so; the other one is off.
        let left =
            decide(&policy, QUIET, NOW, |optional| (optional.purpose.id.as_str() == "ads").then_some(false));
        assert!(left.left_on && !left.grants_any() && !left.refuses_all());
        let here = evaluate(&policy, QUIET, Some(&left), NOW);
        assert_eq!(
            here,
            Evaluation { ask: Ask::No, allowed: vec![true, true, false] },
            "told once, and left on"
        );
        let there = evaluate(&asked, QUIET, Some(&left), NOW);
        assert_eq!(there, Evaluation { ask: Ask::Choice(Reason::First), allowed: vec![true, false, false] });
        // An opt-out holds for what is added later, and however long ago it was.
        let out = decide(&policy, QUIET, NOW, |_| Some(false));
        let late = evaluate(&policy, QUIET, Some(&out), days(2_000));
        assert_eq!(late.allowed, [true, false, false]);
    }
}

#[test]
fn a_signal_outranks_what_was_left_on() {
    let regime = Regime { behaviour: Behaviour::RightsFirst, ..Regime::strictest(182, 400) };
    let policy = policy_at(1, regime, vec![purpose("ads", OptionalCategory::Marketing, Basis::Consent, 1)]);
    let left = decide(&policy, QUIET, NOW, |_| None);
    assert_eq!(evaluate(&policy, QUIET, Some(&left), NOW).allowed, [true, true]);
    assert_eq!(evaluate(&policy, GPC, Some(&left), NOW).allowed, [true, false]);
}

#[test]
fn a_site_with_only_necessary_purposes_never_asks() {
    let policy = policy_at(1, Regime::strictest(182, 182), vec![]);
    assert_eq!(evaluate(&policy, QUIET, None, NOW), Evaluation { ask: Ask::No, allowed: vec![true] });
}

proptest! {
    /// Whatever is stored: a consent purpose runs only on a stored, live, covering grant of that very purpose.
    #[test]
    fn consent_first_never_runs_without_a_covering_grant(
        version in 0u32..6, published in 1u32..6, since in 1u32..6, gpc: bool, seen: bool, left_on: bool,
        decided in -400i64..400, expires in -400i64..800,
        choices in proptest::collection::vec(("analytics|ads|other", any::<bool>()), 0..4),
    ) {
        let policy = two_purposes(published, since.min(published));
        let stored = Decision {
            version, decided: days(decided), expires: days(expires), gpc: seen, left_on,
            choices: choices.into_iter()
                .map(|(id, granted)| Choice { purpose: PurposeId::parse(&id).unwrap(), granted })
                .collect(),
        };
        let answer = evaluate(&policy, Signals { gpc, dnt: false }, Some(&stored), NOW);
        prop_assert!(answer.allowed[0]);
        for (purpose, allowed) in policy.purposes().iter().zip(&answer.allowed).skip(1) {
            if *allowed {
                prop_assert_eq!(stored.find(&purpose.id), Some(true));
                prop_assert!(stored.version >= purpose.since && stored.version <= policy.version);
                prop_assert!(stored.expires > NOW && stored.decided <= days(1));
            }
        }
    }

    /// A later version of a policy never turns a denial into a question or a permission.
    #[test]
    fn a_denial_survives_every_later_version(published in 1u32..6, since in 1u32..6, day in 0i64..181) {
        let refusal = decide(&two_purposes(1, 1), QUIET, NOW, |_| Some(false));
        let answer = evaluate(&two_purposes(published, since.min(published)), QUIET, Some(&refusal), days(day));
        prop_assert_eq!(answer, Evaluation { ask: Ask::No, allowed: vec![true, false, false] });
    }

    /// What was decided is what runs, until it ends.
    #[test]
    fn a_fresh_decision_is_obeyed(analytics: bool, ads: bool, gpc: bool) {
        let policy = two_purposes(3, 2);
        let signals = Signals { gpc, dnt: false };
        let decision = decide(&policy, signals, NOW, |optional| {
            Some(if optional.purpose.id.as_str() == "ads" { ads } else { analytics })
        });
        let answer = evaluate(&policy, signals, Some(&decision), NOW);
        prop_assert_eq!(answer, Evaluation { ask: Ask::No, allowed: vec![true, analytics, ads] });
    }
}
