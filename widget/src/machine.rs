//! What a visitor's act means: the decision it makes, or that it counts for nothing.
//!
//! Pure: the clock, the cookie and what was measured come as arguments. Whether a stored decision still
//! holds is the engine's answer (`shared::engine`); what follows on the page is `gate`'s.

use avow_shared::act::{Control, Input, RejectButton, Surface};
use avow_shared::category::Category;
use avow_shared::cookie;
use avow_shared::decision::{Decision, decide};
use avow_shared::engine::{Ask, Evaluation, Reason, evaluate, refused, stands};
use avow_shared::id::Millis;
use avow_shared::policy::{Asked, OptionalPurpose, Policy};
use avow_shared::signals::Signals;

/// What the visitor, or a program on their behalf, asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Everything optional.
    AcceptAll,
    /// Nothing optional.
    RejectAll,
    /// One answer per optional purpose, in the policy's order.
    Save(Vec<bool>),
    /// Every grant taken back.
    Withdraw,
}

/// How it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// Where.
    pub surface: Surface,
    /// By which means.
    pub input: Input,
    /// The reject button in view at that moment, or `None` if there was none.
    pub reject: Option<RejectButton>,
}

/// The word that the visitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Everything was allowed.
    Accepted,
    /// Nothing was allowed, and nothing had been.
    Rejected,
    /// Something was allowed, something not.
    Saved,
    /// What had been allowed was taken back.
    Withdrawn,
}

/// A wish that counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The decision.
    pub decision: Decision,
    /// The control that made it.
    pub control: Control,
    /// What to tell.
    pub said: Said,
}

/// The visitor's standing on this page.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The browser's signals.
    pub signals: Signals,
    /// The decision in force, from the cookie or made here.
    pub stored: Option<Decision>,
    /// What follows from it.
    pub evaluation: Evaluation,
}

impl Machine {
    /// Starts from what the device holds: `cookie` is the value of our cookie.
    pub fn new(policy: &Policy, signals: Signals, cookie: &str, now: Millis) -> Self {
        let stored = read(cookie);
        let evaluation = evaluation(policy, signals, stored.as_ref(), cookie, now);
        Self { signals, stored, evaluation }
    }

    /// Takes over what another tab decided; true if it differs. A cookie that is gone is no decision.
    pub fn follow(&mut self, policy: &Policy, cookie: &str, now: Millis) -> bool {
        let stored = read(cookie);
        let evaluation = evaluation(policy, self.signals, stored.as_ref(), cookie, now);
        let differs = stored != self.stored || evaluation.allowed != self.evaluation.allowed;
        (self.stored, self.evaluation) = (stored, evaluation);
        differs
    }

    /// True if the decision in force grants anything.
    pub fn grants_any(&self) -> bool {
        self.stored.as_ref().is_some_and(Decision::grants_any)
    }

    /// True while the visitor must be told or asked something.
    pub fn asks(&self) -> bool {
        self.evaluation.ask != Ask::No
    }

    /// Answers a wish. `None`: it would grant something without a person's act, or with no fair way to
    /// refuse in view, so it counts for nothing and the preferences must be shown instead.
    pub fn answer(&mut self, policy: &Policy, wish: Wish, how: &How, now: Millis) -> Option<Answer> {
        let (control, switched) = match wish {
            Wish::AcceptAll => (Control::AcceptAll, Vec::new()),
            Wish::Save(switched) => (Control::Save, switched),
            Wish::RejectAll => (Control::RejectAll, Vec::new()),
            Wish::Withdraw => (Control::Withdraw, Vec::new()),
        };
        // A first layer that says what changed asks about that: what was refused before is no part of the question.
        let changed = self.evaluation.ask == Ask::Choice(Reason::Changed)
            && matches!(how.surface, Surface::Banner | Surface::Page);
        let (mut answers, mut all) = (Vec::new(), true);
        for (purpose, allowed) in policy.purposes().iter().zip(&self.evaluation.allowed) {
            let Category::Optional(category) = purpose.category else { continue };
            let optional = OptionalPurpose { purpose, category };
            let by_banner = purpose.asked == Asked::ByBanner;
            let stored = self.stored.as_ref();
            let grant = match control {
                // Of what a form asks for, "all" leaves what there is.
                Control::AcceptAll => {
                    let stays =
                        changed && stored.is_some_and(|stored| refused(policy, optional, stored, now));
                    *allowed || by_banner && !stays
                }
                _ => switched.get(answers.len()) == Some(&true),
            };
            all &= grant || !by_banner;
            let agreed = stored.is_some_and(|stored| stands(policy, optional, stored, now));
            // A switch that was on without an answer, and was not touched, is none: nothing that was ticked before is
            // consent (CJEU C-673/17, 52).
            let is_left = grant && *allowed && !agreed && control == Control::Save;
            answers.push((!is_left).then_some(grant));
        }
        let mut answers = answers.into_iter();
        let decision = decide(policy, self.signals, now, |_| answers.next().unwrap_or(Some(false)));
        let grants = decision.grants_any();
        if grants && (how.input == Input::Script || !how.reject.is_some_and(|reject| reject.is_fair())) {
            return None;
        }
        let stood = self.grants_any();
        let said = match (grants, all) {
            (true, true) => Said::Accepted,
            (true, false) => Said::Saved,
            (false, _) if decision.left_on => Said::Saved,
            (false, _) if stood || control == Control::Withdraw => Said::Withdrawn,
            (false, _) => Said::Rejected,
        };
        self.stored = Some(decision.clone());
        self.evaluation = evaluate(policy, self.signals, self.stored.as_ref(), now);
        Some(Answer { decision, control, said })
    }
}

/// What follows from the decision that was read from `cookie`. A cookie that cannot be read may have been a no: then not
/// even what needs no consent runs, as in the gate.
fn evaluation(
    policy: &Policy,
    signals: Signals,
    stored: Option<&Decision>,
    cookie: &str,
    now: Millis,
) -> Evaluation {
    let mut evaluation = evaluate(policy, signals, stored, now);
    if stored.is_none() && !cookie.is_empty() {
        for (purpose, allowed) in policy.purposes().iter().zip(&mut evaluation.allowed) {
            *allowed = purpose.category == Category::Necessary;
        }
    }
    evaluation
}

fn read(cookie: &str) -> Option<Decision> {
    cookie::parse(cookie).map(|stored| stored.decision)
}

#[cfg(test)]
mod tests;
