//! Takes an answer that came as a form, from a browser in which none of our scripts had to run: Avow's own page about
//! cookies, or a form of the site that asks for purposes of its own, such as one for a newsletter.
//!
//! What the form did not ask about stays as it was. The record says what was asked and answered, and no more.
//! Read next: `remember`, what the device keeps of it.

mod remember;

use super::Sealed;
use super::decide::{Receipt, take};
use crate::assets::{Build, widget};
use crate::cache::SitePolicies;
use crate::error::{Error, Kind};
use crate::policy::Published;
use crate::policy::document::Document;
use crate::state::AppState;
use crate::verdict::{Purposes, judge};
use avow_shared::act::{Control, Form, Input, Surface, Viewport};
use avow_shared::cookie;
use avow_shared::decision::Decision;
use avow_shared::id::{Millis, PurposeId};
use avow_shared::policy::{Asked, Policy};
use avow_shared::regime::{Behaviour, Regime};
use avow_shared::signals::Signals;
use avow_shared::submission::{PolicyRef, Submission, Ui};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use remember::{Given, Memory, remember};
use std::borrow::Cow;

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

impl Filled<'_> {
    fn allows_nothing(&self) -> bool {
        match self.button {
            Button::Accept => false,
            Button::Reject => true,
            Button::Save => self.ticked.is_empty(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The receipt; `None` where everything was left on that was on without an answer: there is nothing to record.
    pub receipt: Option<Receipt>,
    /// What becomes of the consent cookie.
    pub cookie: Kept,
}

/// What the device keeps.
#[derive(Clone, Debug)]
pub enum Kept {
    /// This, in place of what it has.
    Answer(Sealed),
    /// What it has; there is nothing to remember.
    AsItWas,
    /// Nothing any more: the last thing that was answered is taken back, and no banner has been answered.
    Nothing,
}

/// Takes a filled-in form; returns when its record is on disk.
pub async fn fill_in(state: &AppState, policies: &SitePolicies, filled: &Filled<'_>) -> Result<Taken, Error> {
    let now = state.clock.now();
    let (policy, shown, regime) = version(state, policies, filled, now)?;
    let filled = &Filled { regime: &regime, ..filled.clone() };
    // What stands by consent alone: what a law allows unasked is nobody's answer.
    let strict = shown.in_regime(Regime::strictest(shown.regime.grant_days, shown.regime.refusal_days));
    let granted = judge(&strict, &state.seal, filled.cookies, filled.signals, now).allowed;
    let runs = judge(&shown, &state.seal, filled.cookies, filled.signals, now).allowed;
    let all = answers(&shown, filled)?;
    let (left, answers): (Vec<_>, Vec<_>) = all.into_iter().partition(|(id, on)| {
        let at = shown.purposes().iter().position(|purpose| purpose.id == *id);
        // On without an answer, and not touched: that is none.
        filled.button == Button::Save
            && *on
            && at.is_some_and(|at| runs.contains(at) && !granted.contains(at))
    });
    let left_on = !left.is_empty();
    if answers.is_empty() {
        return Ok(Taken { receipt: None, cookie: Kept::AsItWas });
    }
    check_grants(&shown, filled, &answers, granted)?;
    let held = cookie::find_in(filled.cookies).and_then(cookie::parse).map(|stored| stored.decision);
    let submission = submission(state, policy, filled, &answers, held.as_ref(), now)?;
    let asked: Vec<PurposeId> = answers.iter().map(|(id, _)| id.clone()).collect();
    let receipt = take(state, policies, &submission, Some(&asked)).await?;
    let notices = policy.regimes.iter().any(|regime| regime.behaviour != Behaviour::ConsentFirst);
    let given = Given { answers: &answers, left_on, notices };
    let cookie = match remember(&shown, given, held.as_ref(), granted, filled.signals, now) {
        Memory::Of(decision) => {
            let seal = state.seal.seal(policy.engine.site.as_str(), &decision);
            let until = decision.remembered(shown.regime.refusal_days);
            Kept::Answer(Sealed { decision, seal, until })
        }
        Memory::AsItWas => Kept::AsItWas,
        Memory::Nothing => Kept::Nothing,
    };
    Ok(Taken { receipt: Some(receipt), cookie })
}

/// The version that was answered, as it was for that visitor, and the regime's name. A no counts however old its form
/// is, as an answer to the current version under the policy's own regime.
fn version<'a>(
    state: &AppState,
    policies: &'a SitePolicies,
    filled: &Filled<'_>,
    now: Millis,
) -> Result<(&'a Published, Cow<'a, Policy>, String), Error> {
    let current = &policies.current;
    let named = match filled.policy_sha256 {
        // A form of the site's own need not say: it is about what is published now.
        "" => Some(current),
        sha256 => policies.of_hash(sha256, now),
    };
    let policy = match named {
        Some(policy) => policy,
        None if filled.allows_nothing() => current,
        None => return Err(Error::plain(Kind::UnknownVersion)),
    };
    let own = || (policy.as_ref(), Cow::Borrowed(&policy.engine), policy.engine.regime.id.clone());
    if filled.regime.is_empty() {
        return Ok(own());
    }
    match state.regions.policy(policy, filled.regime, now) {
        Ok((shown, _)) => Ok((policy, shown, filled.regime.to_owned())),
        Err(_) if filled.allows_nothing() => Ok(own()),
        Err(error) => Err(error),
    }
}

/// The answer to each purpose that was asked about, in the policy's order.
fn answers(policy: &Policy, filled: &Filled<'_>) -> Result<Vec<(PurposeId, bool)>, Error> {
    let optional = || policy.optional().map(|optional| optional.purpose);
    let known = |id: &&str| optional().any(|purpose| purpose.id.as_str() == *id);
    let strange = !filled.asked.iter().all(known) && !filled.allows_nothing();
    if strange || filled.ticked.iter().any(|id| !filled.asked.contains(id)) {
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

/// Something new is granted by a person alone; and what the banner asks for only in a form that asks for all of it, as
/// the banner does: no newsletter has consent to advertising in its small print.
fn check_grants(
    policy: &Policy,
    filled: &Filled<'_>,
    answers: &[(PurposeId, bool)],
    granted: Purposes,
) -> Result<(), Error> {
    let is_new = |at: usize, id: &PurposeId| {
        !granted.contains(at) && answers.iter().any(|(answered, granted)| answered == id && *granted)
    };
    let mut new =
        policy.purposes().iter().enumerate().filter(|(at, purpose)| is_new(*at, &purpose.id)).peekable();
    if new.peek().is_none() {
        return Ok(());
    }
    if !filled.by_person {
        return Err(Error::new(
            Kind::GrantWithoutGesture,
            "the browser does not say that a person sent the form; a refusal counts without that",
        ));
    }
    let asks_all = policy
        .optional()
        .filter(|optional| optional.purpose.asked == Asked::ByBanner)
        .all(|optional| filled.asked.contains(&optional.purpose.id.as_str()));
    if !asks_all && new.any(|(_, purpose)| purpose.asked == Asked::ByBanner) {
        return Err(Error::new(
            Kind::GrantWithoutGesture,
            "what the banner asks for is granted only in a form that asks for all of it",
        ));
    }
    Ok(())
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
    // Of the version that was shown, which may have other languages than the current one.
    let language = document.languages.iter().find(|known| *known == filled.language);
    let language = language.or(document.languages.first()).cloned().unwrap_or_default();
    Ok(Submission {
        id: state.rng.uuid(now).to_text(),
        // Nobody is told: the reference code is what the visitor has of this record.
        secret: URL_SAFE_NO_PAD.encode(state.rng.bytes::<16>()),
        site: policy.engine.site.as_str().to_owned(),
        policy: PolicyRef { version: policy.engine.version, sha256: policy.engine.hash.clone() },
        choices: answers.iter().map(|(id, granted)| (id.as_str().to_owned(), *granted)).collect(),
        decided_at: now.0,
        locale: language,
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
