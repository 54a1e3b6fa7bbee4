//! What a device remembers after a form: its answers, and what was answered before to other questions, as far as that
//! holds.
//!
//! A denial is never lost, and a grant never lengthened: what is carried along of an older answer keeps its date.

use crate::verdict::Purposes;
use avow_shared::decision::{Choice, Decision};
use avow_shared::id::{Millis, PurposeId};
use avow_shared::policy::{Asked, MAX_PURPOSES, Policy};
use avow_shared::signals::Signals;

/// What is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// This.
    Of(Decision),
    /// What there is: a form of the site was left empty by somebody whom no banner has asked yet, and to remember that
    /// no would silence the question.
    AsItWas,
    /// Nothing: all that there was is taken back, no banner has been answered, and no denial needs to be kept.
    Nothing,
}

/// What the form says.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The answers.
    pub answers: &'a [(PurposeId, bool)],
    /// Whether something else was on without an answer, and was left so.
    pub left_on: bool,
    /// Whether the site tells visitors anywhere of what is on, so that what was left on has been told.
    pub notices: bool,
}

/// Joins the answers with what the device `held`; `granted` are the purposes that its sealed grants cover now.
pub fn remember(
    policy: &Policy,
    Given { answers, left_on, notices }: Given<'_>,
    held: Option<&Decision>,
    granted: Purposes,
    signals: Signals,
    now: Millis,
) -> Memory {
    // Who refused everything has refused what came later, too: said for each, or a new grant would undo it.
    let refused_all = held.is_some_and(Decision::refuses_all);
    let answered =
        |id: &PurposeId| answers.iter().find(|(known, _)| known == id).map(|(_, granted)| *granted);
    let (mut choices, mut older, mut by_banner, mut open) = (Vec::new(), false, false, false);
    for (at, purpose) in policy.purposes().iter().enumerate() {
        if purpose.category.optional().is_none() {
            continue;
        }
        let choice = match (answered(&purpose.id), held.and_then(|held| held.find(&purpose.id))) {
            (Some(choice), _) => choice,
            (None, Some(true)) if granted.contains(at) => {
                older = true;
                true
            }
            (None, Some(false)) => false,
            (None, None) if refused_all => false,
            // Never asked; or a grant that ended, or no longer covers the purpose: it will be asked for.
            (None, Some(true) | None) => {
                open |= purpose.asked == Asked::ByBanner;
                continue;
            }
        };
        by_banner |= purpose.asked == Asked::ByBanner;
        choices.push(Choice { purpose: purpose.id.clone(), granted: choice });
    }
    // Denials of purposes that this version does not know: another one may.
    let unknown = |choice: &&Choice| {
        !choice.granted && policy.purposes().iter().all(|purpose| purpose.id != choice.purpose)
    };
    let more: Vec<Choice> = held.iter().flat_map(|held| &held.choices).filter(unknown).cloned().collect();
    let denied_more = !more.is_empty();
    choices.extend(more);
    choices.truncate(MAX_PURPOSES);
    let grants = choices.iter().any(|choice| choice.granted);
    // What changed since has not been told.
    let told = |held: &Decision| {
        let mut open = policy.purposes().iter().filter(|purpose| purpose.asked == Asked::ByBanner);
        open.all(|purpose| held.version >= purpose.since || held.find(&purpose.id).is_some())
    };
    let was_left_on = held.is_some_and(|held| held.left_on && told(held));
    let mut left_on = open && (left_on || was_left_on);
    if !grants && !by_banner {
        match held {
            None => return Memory::AsItWas,
            Some(_) if refused_all => {}
            // The mark keeps these denials from being a refusal of everything, which would silence the question; where
            // it would be taken for a notice that was read, perhaps in another place, only if one was.
            Some(_) if denied_more && (was_left_on || !notices) => left_on = true,
            Some(_) => return Memory::Nothing,
        }
    }
    let decided = held.filter(|_| older).map_or(now, |held| held.decided);
    let days = if grants { policy.regime.grant_days } else { policy.regime.refusal_days };
    let decided = Millis(decided.seconds() * 1000);
    Memory::Of(Decision {
        version: policy.version,
        decided,
        expires: decided.plus_days(days),
        gpc: signals.gpc,
        left_on,
        choices,
    })
}

#[cfg(test)]
mod tests;
