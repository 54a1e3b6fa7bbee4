//! What a request's consent cookie allows. Only a decision under this server's seal grants anything.
//!
//! Any script on a page can write the cookie, so its grants count only when the seal is the server's; its
//! refusals count either way. The engine of `shared` says the rest, as it does in the browser.

use crate::seal::SealKey;
use avow_shared::category::Category;
use avow_shared::cookie;
use avow_shared::decision::Decision;
use avow_shared::engine::evaluate;
use avow_shared::id::Millis;
use avow_shared::policy::Policy;
use avow_shared::signals::Signals;

/// A set of a policy's purposes, by their places in it (at most 64).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purposes(u64);

impl Purposes {
    /// Those at which `allowed` is true.
    pub fn of(allowed: impl IntoIterator<Item = bool>) -> Self {
        Self(allowed.into_iter().enumerate().fold(0, |set, (at, is)| set | u64::from(is) << at))
    }

    /// Those that need nobody's consent.
    pub fn necessary(policy: &Policy) -> Self {
        Self::of(policy.purposes().iter().map(|purpose| purpose.category == Category::Necessary))
    }

    /// Whether the purpose at that place is in it.
    pub fn contains(self, at: usize) -> bool {
        at < 64 && self.0 >> at & 1 == 1
    }
}

/// What a request may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What may run.
    pub allowed: Purposes,
    /// What a decision grants that has no seal yet: not allowed, and not to be deleted either.
    pub pending: Purposes,
}

impl Verdict {
    /// What holds while there is no policy.
    pub fn nothing() -> Self {
        Self { allowed: Purposes(0), pending: Purposes(0) }
    }
}

/// Whether the lines of a request's `Sec-GPC` or `DNT` send the signal: of several, one that is exactly `1` counts (W3C
/// Global Privacy Control). The white space around a value is no part of it (RFC 9110 section 5.5).
pub fn is_sent<'a>(lines: impl IntoIterator<Item = &'a str>) -> bool {
    lines.into_iter().any(|line| line.trim_matches([' ', '\t']) == "1")
}

/// Judges a request by its `Cookie` headers, joined, and its signals.
pub fn judge(policy: &Policy, seal: &SealKey, cookies: &str, signals: Signals, now: Millis) -> Verdict {
    let nothing = Purposes(0);
    let allow = |decision: Option<&Decision>| Purposes::of(evaluate(policy, signals, decision, now).allowed);
    if !has_ours(cookies) {
        return Verdict { allowed: allow(None), pending: nothing };
    }
    // Two that differ, or one that no server and no widget wrote: one of them may have been a refusal.
    let Some(stored) = cookie::find_in(cookies).and_then(cookie::parse) else {
        return Verdict { allowed: Purposes::necessary(policy), pending: nothing };
    };
    let sealed = stored
        .seal
        .as_deref()
        .is_some_and(|shown| seal.verify(policy.site.as_str(), &stored.decision, shown));
    if sealed {
        return Verdict { allowed: allow(Some(&stored.decision)), pending: nothing };
    }
    let granted = policy.purposes().iter().map(|purpose| stored.decision.find(&purpose.id) == Some(true));
    let pending = Purposes::of(granted);
    // Its grants are no answer yet; what the law lets run without one runs.
    let mut denied = stored.decision;
    let answers = denied.choices.len();
    denied.choices.retain(|choice| !choice.granted);
    denied.left_on |= denied.choices.len() < answers;
    Verdict { allowed: allow(Some(&denied)), pending }
}

/// Whether a consent cookie is among them, whatever it says.
pub fn has_ours(cookies: &str) -> bool {
    cookies.split(';').any(|pair| {
        pair.trim_start().strip_prefix(cookie::NAME).is_some_and(|rest| rest.trim_start().starts_with('='))
    })
}

#[cfg(test)]
mod tests;
