//! Takes an answer that came as a form, from a browser in which none of our scripts had to run: Avow's own page about
//! cookies, or a form of the site that asks for purposes of its own, such as one for a newsletter.
//!
//! What the form did not ask about stays as it was. The record says what was asked and answered, and no more.

use super::decide::{Receipt, take};
use crate::assets::{Build, widget};
use crate::cache::SitePolicies;
use crate::error::{Error, Kind};
use crate::policy::Published;
use crate::policy::document::Document;
use crate::state::AppState;
use crate::verdict::{Verdict, judge};
use avow_shared::act::{Control, Form, Input, Surface, Viewport};
use avow_shared::cookie;
use avow_shared::decision::{Choice, Decision};
use avow_shared::id::{Millis, PurposeId};
use avow_shared::policy::{Asked, Policy};
use avow_shared::signals::Signals;
use avow_shared::submission::{PolicyRef, Submission, Ui};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// In place of a build's name where the server carries none.
const NO_BUILD: &str = "0000000000000000";

/// Which button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    /// Everything optional, but for what a form asks for.
    Accept,
    /// Nothing optional.
    Reject,
    /// As ticked.
    Save,
}

/// A form as it was filled in.
#[derive(Clone, Debug)]
pub struct Filled<'a> {
    /// The button.
    pub button: Button,
    /// The hash of the policy version that was shown; empty for the current one.
    pub policy_sha256: &'a str,
    /// The regime that the form was shown under; empty for the policy's own.
    pub regime: &'a str,
    /// The language of the form.
    pub language: &'a str,
    /// The purposes that it asks about, by id.
    pub asked: &'a [&'a str],
    /// Those of them that were allowed.
    pub ticked: &'a [&'a str],
    /// The browser's cookies, as one header.
    pub cookies: &'a str,
    /// The browser's signals.
    pub signals: Signals,
    /// Whether the browser says that a person sent it. Without that nothing is granted.
    pub by_person: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The receipt.
    pub receipt: Receipt,
    /// What the consent cookie says from now on, under its seal; `None` if there is nothing to remember.
    pub cookie: Option<Sealed>,
}

/// A decision and its seal.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What the cookie says.
    pub decision: Decision,
    /// This server's seal.
    pub seal: String,
}

/// Takes a filled-in form; returns when its record is on disk.
pub async fn fill_in(state: &AppState, policies: &SitePolicies, filled: &Filled<'_>) -> Result<Taken, Error> {
    let now = state.clock.now();
    // A form of the site's own need not say: it is about what is published now.
    let policy = match filled.policy_sha256 {
        "" => &policies.current,
        sha256 => policies.of_hash(sha256, now).ok_or_else(|| Error::plain(Kind::UnknownVersion))?,
    };
    let regime = if filled.regime.is_empty() { &policy.engine.regime.id } else { filled.regime };
    let filled = &Filled { regime, ..filled.clone() };
    let shown = match state.regions.policy(policy, filled.regime, now) {
        Ok((shown, _)) => shown,
        Err(error) if filled.button != Button::Reject => return Err(error),
        Err(_) => std::borrow::Cow::Borrowed(&policy.engine),
    };
    let verdict = judge(&shown, &state.seal, filled.cookies, filled.signals, now);
    let answers = answers(&shown, filled)?;
    let grants = answers.iter().any(|(_, granted)| *granted);
    if grants && !filled.by_person {
        return Err(Error::new(
            Kind::GrantWithoutGesture,
            "the browser does not say that a person sent the form; a refusal counts without that",
        ));
    }
    let held = cookie::find_in(filled.cookies).and_then(cookie::parse).map(|stored| stored.decision);
    let submission = submission(state, policy, filled, &answers, held.as_ref(), now)?;
    let asked: Vec<PurposeId> = answers.iter().map(|(id, _)| id.clone()).collect();
    let receipt = take(state, policies, &submission, Some(&asked)).await?;
    let cookie = remember(&shown, &answers, held.as_ref(), verdict, filled.signals, now).map(|decision| {
        let seal = state.seal.seal(policy.engine.site.as_str(), &decision);
        Sealed { decision, seal }
    });
    Ok(Taken { receipt, cookie })
}

/// The answer to each purpose that was asked about, in the policy's order.
fn answers(policy: &Policy, filled: &Filled<'_>) -> Result<Vec<(PurposeId, bool)>, Error> {
    let optional = || policy.optional().map(|optional| optional.purpose);
    let known = |id: &&str| optional().any(|purpose| purpose.id.as_str() == *id);
    if !filled.asked.iter().all(known) || filled.ticked.iter().any(|id| !filled.asked.contains(id)) {
        return Err(Error::plain(Kind::UndeclaredPurpose));
    }
    let asks = |id: &PurposeId| filled.asked.contains(&id.as_str());
    let answers: Vec<(PurposeId, bool)> = match filled.button {
        Button::Reject => optional().map(|purpose| (purpose.id.clone(), false)).collect(),
        Button::Accept => optional()
            .filter(|purpose| purpose.asked == Asked::ByBanner && asks(&purpose.id))
            .map(|purpose| (purpose.id.clone(), true))
            .collect(),
        Button::Save => optional()
            .filter(|purpose| asks(&purpose.id))
            .map(|purpose| (purpose.id.clone(), filled.ticked.contains(&purpose.id.as_str())))
            .collect(),
    };
    if answers.is_empty() {
        return Err(Error::new(Kind::MissingPurpose, "the form asks about no purpose"));
    }
    Ok(answers)
}

fn submission(
    state: &AppState,
    policy: &Published,
    filled: &Filled<'_>,
    answers: &[(PurposeId, bool)],
    held: Option<&Decision>,
    now: Millis,
) -> Result<Submission, Error> {
    let document: Document = serde_json::from_str(&policy.document)
        .map_err(|_| Error::internal("a policy that cannot be read"))?;
    let build = widget().map(|widget| &widget.build);
    let stood = held.is_some_and(|held| answers.iter().any(|(id, _)| held.find(id) == Some(true)));
    let control = match filled.button {
        Button::Accept => Control::AcceptAll,
        Button::Save if answers.iter().any(|(_, granted)| *granted) => Control::Save,
        _ if stood => Control::Withdraw,
        Button::Reject => Control::RejectAll,
        Button::Save => Control::Save,
    };
    Ok(Submission {
        id: state.rng.uuid(now).to_text(),
        // Nobody is told: the reference code is what the visitor has of this record.
        secret: URL_SAFE_NO_PAD.encode(state.rng.bytes::<16>()),
        site: policy.engine.site.as_str().to_owned(),
        policy: PolicyRef { version: policy.engine.version, sha256: policy.engine.hash.clone() },
        choices: answers.iter().map(|(id, granted)| (id.as_str().to_owned(), *granted)).collect(),
        decided_at: now.0,
        locale: filled.language.to_owned(),
        regime: filled.regime.to_owned(),
        surface: Surface::Form,
        control,
        input: Input::Submit,
        signals: filled.signals.into(),
        ui: Ui {
            widget: build.and_then(Build::name).unwrap_or(NO_BUILD).to_owned(),
            guard: build.map_or(NO_BUILD, |build| build.guard).to_owned(),
            form: Form::None,
            theme: document.look.theme,
            viewport: Viewport::Unknown,
            reject: None,
        },
        chain: 0,
        previous: None,
    })
}

/// What the device remembers: these answers, and what was answered before to other questions, as far as it holds.
///
/// It ends when the older of them do: a form about one purpose lengthens no consent to another. `None` where a form of
/// the site was left empty by somebody whom no banner has asked yet: to remember that no would silence the question.
fn remember(
    policy: &Policy,
    answers: &[(PurposeId, bool)],
    held: Option<&Decision>,
    verdict: Verdict,
    signals: Signals,
    now: Millis,
) -> Option<Decision> {
    let mut choices = Vec::new();
    let (mut older, mut by_banner) = (false, false);
    for (at, purpose) in policy.purposes().iter().enumerate() {
        if purpose.category.optional().is_none() {
            continue;
        }
        let before = held.and_then(|held| held.find(&purpose.id));
        let answered = answers.iter().find(|(id, _)| *id == purpose.id).map(|(_, granted)| *granted);
        let granted = match (answered, before) {
            (Some(granted), _) => granted,
            // A grant that ended, or no longer covers the purpose, is left out: it will be asked for.
            (None, Some(true)) if !verdict.allowed.contains(at) => continue,
            (None, Some(before)) => {
                older = true;
                before
            }
            (None, None) => continue,
        };
        by_banner |= purpose.asked == Asked::ByBanner;
        choices.push(Choice { purpose: purpose.id.clone(), granted });
    }
    let grants = choices.iter().any(|choice| choice.granted);
    if !grants && !by_banner && held.is_none() {
        return None;
    }
    let decided = held.filter(|_| older).map_or(now, |held| held.decided);
    let days = if grants { policy.regime.grant_days } else { policy.regime.refusal_days };
    let decided = Millis(decided.seconds() * 1000);
    Some(Decision {
        version: policy.version,
        decided,
        expires: decided.plus_days(days),
        gpc: signals.gpc,
        choices,
    })
}

#[cfg(test)]
mod tests;
