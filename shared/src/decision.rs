//! What a visitor chose, as it stays on the device: choices, versions and times, no identifier.

use crate::id::{Millis, PurposeId};
use crate::policy::{OptionalPurpose, Policy};
use crate::signals::Signals;

/// One answer about one optional purpose, explicit both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The purpose.
    pub purpose: PurposeId,
    /// True: may run. False: refused.
    pub granted: bool,
}

/// A visitor's answer to one version of a policy.
///
/// There is no neutral value and no way to name a necessary purpose in one that was made by [`decide`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The policy version that was answered.
    pub version: u32,
    /// When, by the visitor's clock, to the second.
    pub decided: Millis,
    /// When its grants end; for a decision without grants, when the refusal ends.
    pub expires: Millis,
    /// Whether the visitor's browser sent Global Privacy Control at that moment.
    pub gpc: bool,
    /// Whether something is missing from the choices because it was on without an answer, as the law there allows, and
    /// was left on. To leave on what nobody asked about is no consent: it counts nowhere else.
    pub left_on: bool,
    /// One answer for every optional purpose of that version that was answered, in the policy's order.
    pub choices: Vec<Choice>,
}

impl Decision {
    /// The answer about a purpose, or `None` if it was not asked.
    pub fn find(&self, purpose: &PurposeId) -> Option<bool> {
        self.choices.iter().find(|choice| choice.purpose == *purpose).map(|choice| choice.granted)
    }

    /// True if anything was granted.
    pub fn grants_any(&self) -> bool {
        self.choices.iter().any(|choice| choice.granted)
    }

    /// Until when a device remembers it: a no outlives the grants beside it.
    pub fn remembered(&self, refusal_days: u16) -> Millis {
        if self.choices.iter().all(|choice| choice.granted) {
            self.expires
        } else {
            self.expires.max(self.decided.plus_days(refusal_days))
        }
    }

    /// True if everything was refused: that covers what is added later.
    pub fn refuses_all(&self) -> bool {
        !self.left_on && !self.grants_any()
    }
}

/// Makes the decision that answers `policy`: `grant` says yes or no for each optional purpose, or `None` for one that is
/// on without an answer and left so.
pub fn decide(
    policy: &Policy,
    signals: Signals,
    now: Millis,
    mut grant: impl FnMut(OptionalPurpose<'_>) -> Option<bool>,
) -> Decision {
    // Not collected: in the browser the adapters for it weigh half a kilobyte.
    let (mut choices, mut left_on) = (Vec::new(), false);
    for optional in policy.optional() {
        match grant(optional) {
            Some(granted) => choices.push(Choice { purpose: optional.purpose.id.clone(), granted }),
            None => left_on = true,
        }
    }
    let decided = Millis(now.seconds() * 1000);
    let days = if choices.iter().any(|choice| choice.granted) {
        policy.regime.grant_days
    } else {
        policy.regime.refusal_days
    };
    let expires = decided.plus_days(days);
    Decision { version: policy.version, decided, expires, gpc: signals.gpc, left_on, choices }
}
