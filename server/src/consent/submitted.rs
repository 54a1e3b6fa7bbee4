//! What a submission must satisfy: its shape, its time, its choices, and the act that made it.

use crate::cache::SitePolicies;
use crate::consent::secret_hash;
use crate::error::{Error, Kind};
use crate::policy::Published;
use avow_shared::act::{Control, Event, Input, RejectButton, Surface};
use avow_shared::category::Category;
use avow_shared::engine::on_unasked;
use avow_shared::id::{DAY_MS, Millis, PurposeId, RecordId, is_base64url, is_hex};
use avow_shared::policy::{OptionalPurpose, Policy};
use avow_shared::submission::{SECRET_LEN, Submission};

/// A visitor's clock may be ahead by this much.
const FUTURE_MS: i64 = DAY_MS;
/// A decision may have waited in a browser's outbox for this long.
const PAST_MS: i64 = 31 * DAY_MS;
/// The time inside an id and the time of the decision come from one clock at nearly one moment.
const ID_DRIFT_MS: i64 = 10 * 60 * 1000;

/// What can be judged without policy or clock.
pub(super) fn check_shape(submission: &Submission) -> Result<RecordId, Error> {
    let invalid = |detail| Err(Error::new(Kind::Invalid, detail));
    let Some(id) = RecordId::parse(&submission.id) else {
        return invalid("id must be a UUIDv7 in lower case");
    };
    if !is_base64url(&submission.secret, SECRET_LEN) {
        return invalid("secret must be 16 bytes in base64url without padding");
    }
    if !is_hex(&submission.policy.sha256, 64) {
        return invalid("policy.sha256 must be 64 hexadecimal characters");
    }
    if !is_hex(&submission.ui.widget, 16) || !is_hex(&submission.ui.guard, 16) {
        return invalid("ui.widget and ui.guard must be 16 hexadecimal characters");
    }
    let is_theme = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if !(1..=32).contains(&submission.ui.theme.len()) || !submission.ui.theme.bytes().all(is_theme) {
        return invalid("ui.theme must be a name of at most 32 characters");
    }
    match &submission.previous {
        None if submission.chain != 0 => invalid("a record that follows none has chain 0"),
        Some(_) if submission.chain == 0 => invalid("a record that follows another has chain 1 or more"),
        Some(previous) if previous.id == submission.id => invalid("a record cannot follow itself"),
        _ => Ok(id),
    }
}

pub(super) fn previous_of(submission: &Submission) -> Result<Option<(RecordId, [u8; 32])>, Error> {
    let Some(previous) = &submission.previous else { return Ok(None) };
    match RecordId::parse(&previous.id) {
        Some(id) if is_base64url(&previous.secret, SECRET_LEN) => {
            Ok(Some((id, secret_hash(&previous.secret))))
        }
        _ => Err(Error::new(Kind::Invalid, "previous must have an id and a secret of the right form")),
    }
}

/// What depends on the present: the clock and the versions that are accepted now.
pub(super) fn check_time<'a>(
    submission: &Submission,
    id: &RecordId,
    policies: &'a SitePolicies,
    now: Millis,
) -> Result<&'a Published, Error> {
    let ahead = submission.decided_at.saturating_sub(now.0);
    if !(-PAST_MS..=FUTURE_MS).contains(&ahead) {
        return Err(Error { server_time: Some(now), ..Error::plain(Kind::ClockSkew) });
    }
    if id.at().0.abs_diff(submission.decided_at) > ID_DRIFT_MS.unsigned_abs() {
        return Err(Error::new(Kind::Invalid, "the time inside the id is not the time of the decision"));
    }
    match policies.accepted(submission.policy.version, &submission.policy.sha256, now) {
        Some(policy) => Ok(policy),
        None => Err(Error::plain(Kind::UnknownVersion)),
    }
}

/// The answers in the policy's order: exactly one for each optional purpose.
pub(super) fn match_choices(policy: &Policy, submission: &Submission) -> Result<Vec<bool>, Error> {
    for (name, granted) in &submission.choices {
        match policy.purposes().iter().find(|purpose| purpose.id.as_str() == name) {
            None => return Err(Error::plain(Kind::UndeclaredPurpose)),
            Some(purpose) if purpose.category == Category::Necessary && !granted => {
                return Err(Error::plain(Kind::NecessaryRefused));
            }
            Some(purpose) if purpose.category == Category::Necessary => {
                return Err(Error::new(Kind::UndeclaredPurpose, "Necessary purposes are not asked about."));
            }
            Some(_) => {}
        }
    }
    policy
        .optional()
        .map(|OptionalPurpose { purpose, .. }| {
            submission
                .choices
                .iter()
                .find(|(name, _)| name == purpose.id.as_str())
                .map(|(_, granted)| *granted)
                .ok_or_else(|| Error::plain(Kind::MissingPurpose))
        })
        .collect()
}

/// The purposes that were answered, if not all of them: a submission may be silent on what was on without an answer and
/// was left so.
pub(super) fn answered(shown: &Policy, submission: &Submission) -> Option<Vec<PurposeId>> {
    let is_answered = |id: &PurposeId| submission.choices.iter().any(|(name, _)| name == id.as_str());
    // A no counts also where it is a part of the question: silence grants nothing.
    let is_no = submission.choices.iter().all(|(_, granted)| !granted);
    let may_be_left = |optional| is_no || on_unasked(shown, optional, submission.signals.into());
    let mut left = shown.optional().filter(|optional| !is_answered(&optional.purpose.id)).peekable();
    // Only who saves switches leaves some; silence on everything is no answer, and on what waits for one neither.
    let saves = submission.control == Control::Save && !submission.choices.is_empty();
    if !saves || left.peek().is_none() || !left.all(may_be_left) {
        return None;
    }
    let answered = shown.optional().map(|optional| &optional.purpose.id).filter(|id| is_answered(id));
    Some(answered.cloned().collect())
}

/// Whether a refusal is an objection: to something that was on without an answer, as the law allows.
pub(super) fn objects(policy: &Policy, submission: &Submission, event: Event) -> bool {
    event == Event::Refused
        && policy.optional().any(|optional| {
            policy.is_exempt(optional.purpose) || on_unasked(policy, optional, submission.signals.into())
        })
}

/// A grant needs a person, and a way to refuse that could be seen and used; the words must fit the choices.
pub(super) fn check_act(submission: &Submission, granted: &[bool]) -> Result<(), Error> {
    let fits = match submission.control {
        // What a form of the site asks for is not among a banner's "all", nor what was refused before a first layer asked
        // again; what is left of it is something.
        Control::AcceptAll => granted.contains(&true),
        Control::RejectAll | Control::Withdraw => !granted.contains(&true),
        Control::Save => true,
    };
    if !fits {
        return Err(Error::new(Kind::Invalid, "control does not fit the choices"));
    }
    // Whether a person sent a form, and how it can be refused there, is judged where it comes in. A grant holds wherever
    // the visitor goes, so it needs an act also where the law asks for none.
    if !granted.contains(&true) || submission.surface == Surface::Form {
        return Ok(());
    }
    if submission.input == Input::Script {
        return Err(Error::new(Kind::GrantWithoutGesture, "input was script"));
    }
    // A page's own call too: it grants only where a way to refuse is in view.
    if submission.ui.reject.is_some_and(|button| button.is_fair()) {
        Ok(())
    } else {
        Err(Error::new(
            Kind::GrantWithoutGesture,
            format!(
                "the reject button must be visible, {0} by {0} pixels or more, with a contrast of {1} to 100",
                RejectButton::MIN_SIDE,
                RejectButton::MIN_CONTRAST
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::submission;

    /// "Accept all" may leave some denied, as where a first layer asks again about the others, and may be about a form's
    /// questions alone; but it allows something, and refusing allows nothing.
    #[test]
    fn the_words_fit_the_choices() {
        for (control, granted, fits) in [
            (Control::AcceptAll, [true, true], true),
            (Control::AcceptAll, [true, false], true),
            (Control::AcceptAll, [false, false], false),
            (Control::RejectAll, [false, false], true),
            (Control::RejectAll, [false, true], false),
            (Control::Withdraw, [true, true], false),
            (Control::Save, [true, false], true),
        ] {
            let submission = Submission { control, ..submission(1, granted[0], granted[1]) };
            let told = check_act(&submission, &granted);
            assert_eq!(told.is_ok(), fits, "{control:?} {granted:?}: {told:?}");
        }
    }
}
