//! Takes a decision: checks it against the policy that was shown (`submitted`), makes the record, and appends it.

use crate::cache::SitePolicies;
use crate::consent::Sealed;
use crate::consent::secret_hash;
use crate::consent::submitted::{
    answered, check_act, check_shape, check_time, match_choices, objects, previous_of,
};
use crate::error::{Error, Kind};
use crate::log::Logged;
use crate::log::signer::SignedHead;
use crate::policy::Published;
use crate::state::AppState;
use crate::store::append::{Appended, ERASED, Existing, NewRecord};
use avow_shared::act::{Control, Event, Surface};
use avow_shared::commitment::commitment;
use avow_shared::decision::{Decision, decide as make_decision};
use avow_shared::id::{Millis, PurposeId, RecordId};
use avow_shared::policy::{Asked, Policy};
use avow_shared::record::{PurposeDecision, Record};
use avow_shared::reference;
use avow_shared::submission::Submission;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What the visitor gets back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// False if it had been stored before.
    pub created: bool,
    /// The record's id.
    pub id: String,
    /// What the visitor can give to the site's data protection officer.
    pub reference: String,
    /// What happened.
    pub event: String,
    /// The server's clock when the record was made.
    pub server_time: Millis,
    /// The canonical record.
    pub record: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// What stands for it in the log.
    pub commitment: [u8; 32],
    /// The seal of the consent cookie.
    pub seal: String,
    /// What the consent cookie says.
    pub decision: Decision,
    /// Until when the device keeps it.
    pub until: Millis,
    /// Where in the log, under which signed head; `None` where that must be asked for.
    pub log: Option<Place>,
}

impl Receipt {
    /// The answer to a refusal of which the policy keeps no record.
    fn not_kept(id: &RecordId, event: Event, now: Millis, Sealed { decision, seal, until }: Sealed) -> Self {
        Self {
            created: false,
            id: id.to_text(),
            reference: String::new(),
            event: event.as_str().to_owned(),
            server_time: now,
            record: String::new(),
            salt: [0; 32],
            commitment: [0; 32],
            seal,
            decision,
            until,
            log: None,
        }
    }

    /// False for a refusal of which the policy keeps no record.
    pub fn is_kept(&self) -> bool {
        !self.record.is_empty()
    }
}

fn keeps_refusals(policy: &Published) -> bool {
    matches!(policy.retention.refusal_record.as_str(), "keep" | "full")
}

/// A leaf, and a signed head that it is under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which leaf of the head's log.
    pub index: i64,
    /// The head.
    pub head: Arc<SignedHead>,
}

impl Place {
    fn new(leaf: i64, head: Arc<SignedHead>) -> Self {
        Self { index: leaf, head }
    }
}

/// Takes a decision; returns when its record is on disk.
///
/// The same submission again gives the same receipt, also when it would be refused by now.
pub async fn decide(
    state: &AppState,
    policies: &SitePolicies,
    submission: &Submission,
) -> Result<Receipt, Error> {
    if submission.surface == Surface::Form {
        return Err(Error::new(Kind::Invalid, "a form is sent as a form"));
    }
    take(state, policies, submission, None).await
}

/// Takes a decision about the purposes that were `asked` about, all of them or these; returns when its record is on
/// disk.
pub(super) async fn take(
    state: &AppState,
    policies: &SitePolicies,
    submission: &Submission,
    asked: Option<&[PurposeId]>,
) -> Result<Receipt, Error> {
    let now = state.clock.now();
    let id = check_shape(submission)?;
    let body_hash: [u8; 32] = Sha256::digest(submission.to_json()).into();
    let policy = match check_time(submission, &id, policies, now) {
        Ok(policy) => policy,
        // Late, or with a version that was retired meanwhile: good only if it is a repeat.
        Err(error) => return repeat(state, policies, submission, &id, &body_hash).await?.ok_or(error),
    };
    let (shown, source) = match state.regions.policy(policy, &submission.regime, now) {
        Ok(known) => known,
        // A no counts however it comes; it is kept as one under the policy's own regime.
        Err(_) if submission.choices.iter().all(|(_, granted)| !granted) => {
            (Cow::Borrowed(&policy.engine), "default")
        }
        Err(error) => return repeat(state, policies, submission, &id, &body_hash).await?.ok_or(error),
    };
    let left = if asked.is_none() { answered(&shown, submission) } else { None };
    let shown = only(shown, asked.or(left.as_deref()));
    let granted = match_choices(&shown, submission)?;
    check_act(submission, &granted)?;
    let decision = Decision { left_on: left.is_some(), ..decision_of(&shown, submission, &granted) };
    let seal = state.seal.seal(&submission.site, &decision);
    let until = decision.remembered(shown.regime.refusal_days);

    let secret_hash = secret_hash(&submission.secret);
    let former = former(state, &shown, submission).await?;
    let event = event_of(&shown, &granted, submission, former.as_ref());
    let event = match event {
        _ if objects(&shown, submission, event) => Event::Objected,
        // What was left on was not allowed by it.
        Event::Given if left.is_some() => Event::PartiallyGiven,
        _ => event,
    };
    if event == Event::Refused && !keeps_refusals(policy) && !may_take_back(&shown, submission) {
        if policy.retention.refusal_record == "count" {
            state.store.count(&policy.engine.site, now, policy.engine.version, event.as_str(), 1).await?;
        }
        return Ok(Receipt::not_kept(&id, event, now, Sealed { decision, seal, until }));
    }
    let record = record_of(
        policy,
        (&shown, source),
        submission,
        &decision,
        event,
        former.map(|former| former.commitment),
        now,
    )?;
    let canonical = record.to_canonical();
    let salt = state.rng.bytes();
    let commitment = commitment(&salt, canonical.as_bytes());
    let new = NewRecord {
        site: submission.site.clone(),
        id,
        secret_hash,
        body_hash,
        policy_version: policy.engine.version,
        event: event.as_str(),
        chain: submission.chain,
        previous: previous_of(submission)?,
        server_time: now,
        client_time: Millis(submission.decided_at),
        record: canonical.clone(),
        salt,
        commitment,
    };
    let Logged { appended, head } = state.sequencer.append(new).await?;
    match appended {
        Appended::New(leaf) => Ok(Receipt {
            log: Some(Place::new(leaf, head)),
            created: true,
            reference: reference::code(&id),
            id: record.id,
            event: event.as_str().to_owned(),
            server_time: now,
            record: canonical,
            salt,
            commitment,
            seal,
            decision,
            until,
        }),
        Appended::Existing(existing) => {
            let place = Place::new(existing.leaf_index, head);
            let receipt = same_or_conflict(
                *existing,
                &id,
                (&secret_hash, &body_hash),
                Sealed { decision, seal, until },
            )?;
            Ok(Receipt { log: Some(place), ..receipt })
        }
    }
}

/// The earlier answer if this is the same submission, shown with the same secret; else a conflict.
fn same_or_conflict(
    existing: Existing,
    id: &RecordId,
    (secret_hash, body_hash): (&[u8; 32], &[u8; 32]),
    Sealed { decision, seal, until }: Sealed,
) -> Result<Receipt, Error> {
    if existing.event == ERASED {
        return Err(Error::plain(Kind::Erased));
    }
    let same = existing.secret_hash.ct_eq(secret_hash) & existing.body_hash.ct_eq(body_hash);
    if !bool::from(same) {
        return Err(Error::plain(Kind::IdConflict));
    }
    Ok(Receipt {
        log: None,
        created: false,
        id: id.to_text(),
        reference: reference::code(id),
        event: existing.event,
        server_time: existing.server_time,
        record: existing.record,
        salt: existing.salt,
        commitment: existing.commitment,
        seal,
        decision,
        until,
    })
}

/// Looks for the same submission in the store, outside the log's queue.
async fn repeat(
    state: &AppState,
    policies: &SitePolicies,
    submission: &Submission,
    id: &RecordId,
    body_hash: &[u8; 32],
) -> Result<Option<Receipt>, Error> {
    let site = &policies.current.engine.site;
    let Some(stored) = state.store.record(site, id).await? else { return Ok(None) };
    if !bool::from(stored.body_hash.ct_eq(body_hash)) {
        return Ok(None);
    }
    let every = std::iter::once(&policies.current).chain(policies.earlier.iter().map(|(policy, _)| policy));
    let Some(policy) = every.into_iter().find(|policy| policy.engine.version == stored.policy_version) else {
        return Ok(None);
    };
    // It was believed then, and is no longer than its record: what holds now is the record.
    let shown = state.regions.policy(policy, &submission.regime, stored.server_time);
    let shown = shown.map_or(Cow::Borrowed(&policy.engine), |known| known.0);
    let left = answered(&shown, submission);
    let shown = only(shown, left.as_deref());
    let granted = match_choices(&shown, submission)?;
    let decision = Decision { left_on: left.is_some(), ..decision_of(&shown, submission, &granted) };
    let seal = state.seal.seal(&submission.site, &decision);
    let head = state.signer.head(site.as_str()).filter(|head| head.covers(stored.leaf_index));
    Ok(Some(Receipt {
        log: head.map(|head| Place::new(stored.leaf_index, head)),
        created: false,
        id: id.to_text(),
        reference: reference::code(id),
        event: stored.event,
        server_time: stored.server_time,
        record: stored.record,
        salt: stored.salt,
        commitment: stored.commitment,
        seal,
        until: decision.remembered(shown.regime.refusal_days),
        decision,
    }))
}

/// Whether a no may take back what a form of the site was given: the browser does not know that record, and cannot name
/// it. A withdrawal is always recorded.
fn may_take_back(shown: &Policy, submission: &Submission) -> bool {
    submission.surface == Surface::Reopen
        && shown.optional().any(|optional| optional.purpose.asked == Asked::ByForm)
}

/// Names what happened. A purpose that a form of the site asks for does not make "all" a part, since no banner asked for
/// it; unless it is taken back, or may be, by the switches of preferences that are opened again.
fn event_of(shown: &Policy, granted: &[bool], submission: &Submission, former: Option<&Former>) -> Event {
    let former = former.and_then(|former| former.granted.as_deref());
    let event = Event::of(granted, submission.control, former);
    let stood = |at: usize| former.is_some_and(|former| former.get(at) == Some(&true));
    let by_switches = submission.surface == Surface::Reopen && submission.control == Control::Save;
    let all_of_the_banner = submission.surface != Surface::Form
        && !by_switches
        && shown.optional().zip(granted).enumerate().all(|(at, (optional, granted))| {
            *granted || optional.purpose.asked == Asked::ByForm && !stood(at)
        });
    if event == Event::PartiallyGiven && all_of_the_banner { Event::Given } else { event }
}

/// The policy with those purposes alone that were asked about.
fn only<'a>(policy: Cow<'a, Policy>, asked: Option<&[PurposeId]>) -> Cow<'a, Policy> {
    match asked {
        None => policy,
        Some(asked) => Cow::Owned(policy.only(|purpose| asked.contains(&purpose.id))),
    }
}

/// What the browser's cookie says, made the same way.
fn decision_of(policy: &Policy, submission: &Submission, granted: &[bool]) -> Decision {
    let mut answers = granted.iter();
    make_decision(policy, submission.signals.into(), Millis(submission.decided_at), |_| {
        Some(answers.next().copied().unwrap_or(false))
    })
}

/// The record that this one follows, if it is here and the visitor has its secret.
struct Former {
    commitment: [u8; 32],
    /// Its answers in this policy's order; `None` if it was asked other questions.
    granted: Option<Vec<bool>>,
}

async fn former(state: &AppState, policy: &Policy, submission: &Submission) -> Result<Option<Former>, Error> {
    let Some((id, hash)) = previous_of(submission)? else { return Ok(None) };
    let Some(stored) = state.store.record(&policy.site, &id).await? else { return Ok(None) };
    if !bool::from(stored.secret_hash.ct_eq(&hash)) {
        return Ok(None);
    }
    Ok(Some(Former { commitment: stored.commitment, granted: former_answers(policy, &stored.record) }))
}

fn former_answers(policy: &Policy, record: &str) -> Option<Vec<bool>> {
    #[derive(serde::Deserialize)]
    struct Answers {
        decisions: Vec<Answer>,
    }
    #[derive(serde::Deserialize)]
    struct Answer {
        purpose: String,
        granted: bool,
    }
    let former: Answers = serde_json::from_str(record).ok()?;
    // A purpose that was not asked about then was not granted then.
    Some(
        policy
            .optional()
            .map(|optional| {
                former
                    .decisions
                    .iter()
                    .any(|answer| answer.granted && answer.purpose == optional.purpose.id.as_str())
            })
            .collect(),
    )
}

fn record_of(
    policy: &Published,
    (shown, source): (&Policy, &str),
    submission: &Submission,
    decision: &Decision,
    event: Event,
    previous: Option<[u8; 32]>,
    now: Millis,
) -> Result<Record, Error> {
    let Some(texts) = policy.texts_sha256.get(&submission.locale) else {
        return Err(Error::new(Kind::Invalid, "locale is not one of the policy's languages"));
    };
    let decisions = shown
        .optional()
        .zip(&decision.choices)
        .map(|(optional, choice)| PurposeDecision {
            purpose: choice.purpose.as_str().to_owned(),
            granted: choice.granted,
            basis: shown.basis_of(optional.purpose),
            until: if choice.granted {
                decision.decided.plus_days(shown.regime.grant_days)
            } else {
                decision.decided.plus_days(shown.regime.refusal_days)
            },
        })
        .collect();
    Ok(Record {
        id: submission.id.clone(),
        site: submission.site.clone(),
        event,
        server_time: now,
        client_time: Millis(submission.decided_at),
        chain: submission.chain,
        previous: previous.map(|commitment| avow_shared::id::hex(&commitment)),
        decisions,
        policy_version: policy.engine.version,
        policy_sha256: policy.engine.hash.clone(),
        locale: submission.locale.clone(),
        texts_sha256: texts.clone(),
        regime: shown.regime.id.clone(),
        regime_source: source.to_owned(),
        signals: submission.signals,
        surface: submission.surface,
        control: submission.control,
        input: submission.input,
        form: submission.ui.form,
        theme: submission.ui.theme.clone(),
        viewport: submission.ui.viewport,
        widget: submission.ui.widget.clone(),
        guard: submission.ui.guard.clone(),
        reject: submission.ui.reject,
    })
}
