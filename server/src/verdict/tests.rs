//! Only the server's seal grants; doubt denies; refusals need no seal.

use super::*;
use avow_shared::basis::Basis;
use avow_shared::category::OptionalCategory;
use avow_shared::cookie::{encode, unsealed_value};
use avow_shared::decision::Choice;
use avow_shared::id::{DAY_MS, PurposeId, SiteId};
use avow_shared::policy::{Asked, Purpose};
use avow_shared::regime::{Behaviour, Regime};

const NOW: Millis = Millis(1_767_225_600_000);
const NONE: Purposes = Purposes(0b001);
const ALL: Purposes = Purposes(0b111);

fn key() -> SealKey {
    SealKey::new([7; 32])
}

/// A necessary purpose, statistics on this basis, and marketing.
fn policy(basis: Basis) -> Policy {
    let purpose = |id: &str, category, basis| Purpose {
        id: PurposeId::parse(id).expect("an id"),
        category,
        basis,
        since: 1,
        asked: Asked::ByBanner,
    };
    let regime = Regime {
        id: "gb".to_owned(),
        behaviour: Behaviour::ConsentFirst,
        marketing_asks: false,
        exemptions: true,
        grant_days: 180,
        refusal_days: 180,
    };
    Policy::new(
        SiteId::parse("site").expect("a site"),
        2,
        "0".repeat(64),
        regime,
        vec![
            purpose("session", Category::Necessary, Basis::StrictlyNecessary),
            purpose("analytics", Category::Optional(OptionalCategory::Analytics), basis),
            purpose("marketing", Category::Optional(OptionalCategory::Marketing), Basis::Consent),
        ],
    )
    .expect("a policy")
}

fn decision(analytics: bool, marketing: bool) -> Decision {
    let choice = |id: &str, granted| Choice { purpose: PurposeId::parse(id).expect("an id"), granted };
    Decision {
        version: 2,
        decided: NOW,
        expires: NOW.plus_days(180),
        gpc: false,
        left_on: false,
        choices: vec![choice("analytics", analytics), choice("marketing", marketing)],
    }
}

fn sealed(decision: &Decision) -> String {
    format!("avow={}", encode(decision, Some(&key().seal("site", decision))))
}

fn allowed(cookies: &str) -> Purposes {
    judge(&policy(Basis::Consent), &key(), cookies, Signals::default(), NOW).allowed
}

#[test]
fn a_sealed_grant_allows_what_it_grants() {
    assert_eq!(allowed(&sealed(&decision(true, true))), ALL);
    assert_eq!(allowed(&sealed(&decision(true, false))), Purposes(0b011));
    assert_eq!(allowed(&format!("a=1; {}; b=2", sealed(&decision(true, true)))), ALL);
    // The same cookie twice (host and domain) is one answer.
    let twice = sealed(&decision(true, true));
    assert_eq!(allowed(&format!("{twice}; {twice}")), ALL);
}

#[test]
fn whatever_is_not_the_servers_grants_nothing() {
    let yes = decision(true, true);
    let control = sealed(&yes);
    assert_eq!(allowed(&control), ALL);
    let foreign = format!("avow={}", encode(&yes, Some(&SealKey::new([8; 32]).seal("site", &yes))));
    let other_site = format!("avow={}", encode(&yes, Some(&key().seal("other", &yes))));
    // The seal of a refusal under a grant.
    let moved = format!("avow={}.{}", unsealed_value(&yes), key().seal("site", &decision(false, false)));
    let unsealed = format!("avow={}", encode(&yes, None));
    let no = sealed(&decision(false, false));
    for cookies in [
        "",
        "avow=",
        "avow",
        "avow=1",
        "avow=1.2.x",
        "xavow=1",
        foreign.as_str(),
        other_site.as_str(),
        moved.as_str(),
        unsealed.as_str(),
        no.as_str(),
        &format!("{control}; {no}"),
        &format!("{control}; {unsealed}"),
        &format!("{control}x"),
        &control.replace("avow=", "Avow="),
        &control.replace("avow=", "avow =").replace(".2.", ".02."),
    ] {
        assert_eq!(allowed(cookies), NONE, "{cookies}");
    }
}

/// What waits for its seal is no answer yet, but its refusals are: what the law lets run without an answer runs.
#[test]
fn an_unsealed_grant_is_no_refusal() {
    let exempt =
        policy(Basis::Statistics).in_regime(Regime { exemptions: true, ..policy(Basis::Statistics).regime });
    let judged = |decision: &Decision| {
        let cookie = format!("avow={}", encode(decision, None));
        judge(&exempt, &key(), &cookie, Signals::default(), NOW).allowed
    };
    assert_eq!(judged(&decision(true, true)), Purposes(0b011), "statistics, as without an answer");
    assert_eq!(judged(&decision(false, true)), NONE, "a no needs no seal");
}

#[test]
fn a_seal_does_not_outlive_what_it_sealed() {
    let moved = |change: &dyn Fn(&mut Decision)| {
        let mut decision = decision(true, true);
        change(&mut decision);
        allowed(&sealed(&decision))
    };
    assert_eq!(moved(&|_| ()), ALL);
    assert_eq!(moved(&|decision| decision.expires = NOW), NONE, "expired");
    assert_eq!(moved(&|decision| decision.decided = Millis(NOW.0 - 181 * DAY_MS)), NONE, "too old");
    assert_eq!(moved(&|decision| decision.decided = Millis(NOW.0 + 2 * DAY_MS)), NONE, "from the future");
    assert_eq!(moved(&|decision| decision.version = 3), NONE, "of a version that is not out");
}

#[test]
fn the_signal_denies_marketing_unless_it_was_in_sight() {
    let gpc = Signals { gpc: true, dnt: false };
    let policy = policy(Basis::Consent);
    let mut yes = decision(true, true);
    assert_eq!(judge(&policy, &key(), &sealed(&yes), gpc, NOW).allowed, Purposes(0b011));
    yes.gpc = true;
    assert_eq!(judge(&policy, &key(), &sealed(&yes), gpc, NOW).allowed, ALL);
}

#[test]
fn exempt_statistics_run_from_page_one_until_refused() {
    let policy = policy(Basis::Statistics);
    let allowed = |cookies: &str| judge(&policy, &key(), cookies, Signals::default(), NOW).allowed;
    assert_eq!(allowed(""), Purposes(0b011));
    assert_eq!(allowed(&format!("avow={}", encode(&decision(false, false), None))), NONE, "refused");
    assert_eq!(allowed("avow=nonsense"), NONE, "perhaps refused");
}

#[test]
fn a_grant_without_its_seal_is_pending() {
    let verdict = judge(
        &policy(Basis::Consent),
        &key(),
        &format!("avow={}", encode(&decision(true, false), None)),
        Signals::default(),
        NOW,
    );
    assert_eq!(verdict, Verdict { allowed: NONE, pending: Purposes(0b010) });
}
