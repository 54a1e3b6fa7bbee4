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
    /// One answer for every optional purpose of that version, in the policy's order.
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
}

/// Makes the decision that answers `policy`: `grant` says yes or no for each optional purpose.
pub fn decide(
    policy: &Policy,
    signals: Signals,
    now: Millis,
    mut grant: impl FnMut(OptionalPurpose<'_>) -> bool,
) -> Decision {
    // Not collected: in the browser the adapters for it weigh half a kilobyte.
    let mut choices = Vec::new();
    for optional in policy.optional() {
        choices.push(Choice { purpose: optional.purpose.id.clone(), granted: grant(optional) });
    }
    let decided = Millis(now.seconds() * 1000);
    let days = if choices.iter().any(|choice| choice.granted) {
        policy.regime.grant_days
    } else {
        policy.regime.refusal_days
    };
    Decision { version: policy.version, decided, expires: decided.plus_days(days), gpc: signals.gpc, choices }
}
