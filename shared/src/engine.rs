//! The decision engine: given a policy, signals, a stored decision and the time, must we ask, and what may run?
//!
//! Rules, each with its reason:
//! - Necessary purposes always run. Everything else is denied unless something below allows it.
//! - A grant holds until it expires and only for a purpose that has not changed since (UK GDPR Art 7;
//!   a new purpose or third party needs a new consent). A denial is never voided by a new version.
//! - "Reject all" also covers purposes added later, until its interval ends.
//! - A grant from the future is no grant: a clock that was set back must not keep consent alive.
//! - A purpose that a form of the site asks for is never asked for here, and never allowed unasked.
//! - Global Privacy Control denies marketing, unless the visitor granted it after the signal was seen.
//! - What was on without an answer and left on has no answer still: where the law asks for consent, it waits for it.

use crate::category::{Category, OptionalCategory};
use crate::decision::Decision;
use crate::id::{DAY_MS, Millis};
use crate::policy::{Asked, OptionalPurpose, Policy};
use crate::regime::Behaviour;
use crate::signals::Signals;

/// Whether the visitor must be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing to ask.
    No,
    /// Tell, with a way to refuse; nothing waits for the answer.
    Notice,
    /// Ask for a choice, for this reason.
    Choice(Reason),
}

/// Why a choice is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No decision is stored.
    First,
    /// The stored decision has ended.
    Expired,
    /// A purpose is new, or changed so much that its grant no longer covers it.
    Changed,
}

/// The engine's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether to ask.
    pub ask: Ask,
    /// For each purpose of the policy, in its order: may it run? What may not run must be cleared.
    pub allowed: Vec<bool>,
}

/// What a stored decision says of one purpose now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Granted,
    Denied,
    /// There was an answer, and it has ended.
    Ended,
    /// Never asked, or a grant that no longer covers the purpose.
    Open,
}

/// How far a stored decision may lie in the future: more than any time zone mistake.
const FUTURE_MS: i64 = DAY_MS;

/// Decides what may run and whether to ask.
pub fn evaluate(policy: &Policy, signals: Signals, stored: Option<&Decision>, now: Millis) -> Evaluation {
    let mut ask = Ask::No;
    let mut allowed = Vec::with_capacity(policy.purposes().len());
    for purpose in policy.purposes() {
        let Category::Optional(category) = purpose.category else {
            allowed.push(true);
            continue;
        };
        let optional = OptionalPurpose { purpose, category };
        let by_form = purpose.asked == Asked::ByForm;
        let answer = stored.map_or(Answer::Open, |decision| answer(policy, optional, decision, now));
        allowed.push(match answer {
            Answer::Granted => !opted_out(category, signals, stored),
            Answer::Denied => false,
            // Where nobody is asked again, a no does not become a yes by waiting.
            Answer::Ended if stored.is_some_and(|decision| decision.find(&purpose.id) != Some(true)) => false,
            Answer::Ended | Answer::Open => on_unasked(policy, optional, signals),
        });
        match answer {
            Answer::Granted | Answer::Denied => {}
            // The form asks, where it stands.
            _ if by_form => {}
            Answer::Ended => ask = first_of(ask, unasked(policy, optional, Reason::Expired)),
            Answer::Open => {
                // An answer to this very version that says nothing of a purpose was one of a form, to other questions.
                let changed = stored.is_some_and(|decision| decision.version != policy.version);
                let reason = if changed { Reason::Changed } else { Reason::First };
                // Who left it on has been told.
                let told =
                    stored.is_some_and(|decision| decision.left_on && decision.version >= purpose.since);
                match unasked(policy, optional, reason) {
                    Ask::Notice if told => {}
                    next => ask = first_of(ask, next),
                }
            }
        }
    }
    Evaluation { ask, allowed }
}

/// Whether a stored decision's grant of that purpose is in force.
pub fn stands(policy: &Policy, optional: OptionalPurpose<'_>, decision: &Decision, now: Millis) -> bool {
    answer(policy, optional, decision, now) == Answer::Granted
}

/// Whether a stored decision's refusal of that purpose is in force.
pub fn refused(policy: &Policy, optional: OptionalPurpose<'_>, decision: &Decision, now: Millis) -> bool {
    answer(policy, optional, decision, now) == Answer::Denied
}

fn answer(policy: &Policy, optional: OptionalPurpose<'_>, decision: &Decision, now: Millis) -> Answer {
    let granted = match decision.find(&optional.purpose.id) {
        Some(granted) => granted,
        // A refusal of everything covers what was added later.
        None if decision.refuses_all() => false,
        None => return Answer::Open,
    };
    if granted {
        let ends = decision.expires.min(decision.decided.plus_days(policy.regime.grant_days));
        if now >= ends || decision.decided.0 > now.0.saturating_add(FUTURE_MS) {
            Answer::Ended
        } else if decision.version < optional.purpose.since || decision.version > policy.version {
            Answer::Open
        } else {
            Answer::Granted
        }
    } else if now >= decision.decided.plus_days(policy.regime.refusal_days.max(policy.regime.grant_days)) {
        Answer::Ended
    } else {
        Answer::Denied
    }
}

/// An explicit choice made after the signal was seen outranks the signal; an older grant does not.
fn opted_out(category: OptionalCategory, signals: Signals, stored: Option<&Decision>) -> bool {
    category == OptionalCategory::Marketing && signals.gpc && !stored.is_some_and(|decision| decision.gpc)
}

/// Whether the law lets a purpose run that nobody has answered, and no signal of the browser's forbids it.
pub fn on_unasked(policy: &Policy, optional: OptionalPurpose<'_>, signals: Signals) -> bool {
    let category = optional.category;
    if category == OptionalCategory::Marketing && signals.gpc {
        return false;
    }
    match behaviour(policy, optional) {
        Behaviour::ConsentFirst => policy.is_exempt(optional.purpose),
        Behaviour::NoticeFirst | Behaviour::RightsFirst => true,
        Behaviour::StatisticsOnly => category == OptionalCategory::Analytics,
    }
}

fn unasked(policy: &Policy, optional: OptionalPurpose<'_>, reason: Reason) -> Ask {
    match behaviour(policy, optional) {
        Behaviour::ConsentFirst if policy.is_exempt(optional.purpose) => Ask::No,
        Behaviour::ConsentFirst => Ask::Choice(reason),
        Behaviour::NoticeFirst => Ask::Notice,
        Behaviour::RightsFirst | Behaviour::StatisticsOnly => Ask::No,
    }
}

/// What a form asks for waits for it everywhere.
fn behaviour(policy: &Policy, optional: OptionalPurpose<'_>) -> Behaviour {
    match optional.purpose.asked {
        Asked::ByForm => Behaviour::ConsentFirst,
        Asked::ByBanner => policy.regime.behaviour_of(optional.category),
    }
}

/// The stronger of two wishes to ask; between two choices, the earlier purpose names the reason.
fn first_of(before: Ask, next: Ask) -> Ask {
    match (before, next) {
        (Ask::Choice(_), _) | (_, Ask::No) => before,
        _ => next,
    }
}

#[cfg(test)]
mod tests;
