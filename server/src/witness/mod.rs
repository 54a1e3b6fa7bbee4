//! A witness of logs (C2SP tlog-witness v1.0.0): cosigns a log's head if it extends the last one that it saw.
//!
//! [`judge`] decides and knows nothing of its surroundings, `state` remembers, `key` signs, [`serve`] speaks
//! HTTP. This file is their order: a head is on disk before its cosignature leaves.

mod file;
pub mod judge;
mod key;
pub mod serve;
mod state;
#[cfg(test)]
pub mod testing;

use crate::clock::Clock;
use crate::rng::Rng;
use anyhow::{Context as _, bail, ensure};
use avow_shared::note::{Algorithm, Verifier};
use judge::{Known, Refusal, Request, Step};
use key::WitnessKey;
use state::State;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A witness with what it knows.
#[derive(Debug)]
pub struct Witness {
    key: WitnessKey,
    logs: BTreeMap<String, Log>,
    state: State,
    clock: Clock,
}

/// A log that is watched.
#[derive(Debug)]
struct Log {
    keys: Vec<Verifier>,
    /// Held from the comparison until the head is on disk: what is compared with is never outdated.
    known: Mutex<Known>,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request does not deserve one.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The head could not be put on disk.
    #[error("the state could not be written")]
    Disk(#[from] std::io::Error),
    /// The clock stands before 1970, and a cosignature states the time.
    #[error("the clock is wrong")]
    Clock,
}

impl Witness {
    /// Opens key and state, and reads what is known of each log. Keys of one name are keys of one log.
    pub fn open(
        name: &str,
        key: &Path,
        state: &Path,
        logs: Vec<Verifier>,
        clock: Clock,
        rng: &Rng,
    ) -> anyhow::Result<Self> {
        ensure!(!logs.is_empty(), "no log to watch");
        let mut keys: BTreeMap<String, Vec<Verifier>> = BTreeMap::new();
        for log in logs {
            if log.algorithm() != Algorithm::Ed25519 {
                bail!("{log} is a witness's key, not a log's");
            }
            keys.entry(log.name().to_owned()).or_default().push(log);
        }
        let state = State::open(state)?;
        let key = WitnessKey::open(name, key, rng)?;
        let logs = keys
            .into_iter()
            .map(|(origin, keys)| {
                let known = Mutex::new(state.read(&origin, &keys)?);
                Ok((origin, Log { keys, known }))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { key, logs, state, clock })
    }

    /// The public half of its key.
    pub fn verifier(&self) -> &Verifier {
        self.key.verifier()
    }

    /// Takes the body of an `add-checkpoint` and gives the cosignature's line. Waits for the disk, and for other
    /// requests about the same log.
    pub fn cosign(&self, body: &str) -> Result<String, Failure> {
        let request = Request::parse(body)?;
        let log = self.logs.get(request.origin()).ok_or(Refusal::UnknownLog)?;
        let request = request.verify(&log.keys)?;
        let head = request.head();
        // What is known is replaced as a whole, so a panic elsewhere leaves nothing half done.
        let mut known = log.known.lock().unwrap_or_else(PoisonError::into_inner);
        match request.step_from(&known) {
            Ok(Step::Repeat) => {}
            Ok(Step::Extend(next)) => {
                self.state.write(&head.origin, request.signed())?;
                *known = next;
            }
            Err(refusal) => {
                self.note(&refusal, &head.origin, request.signed());
                return Err(refusal.into());
            }
        }
        // A cosignature says that this is the largest head seen as of its time: no other may come in between.
        let time = u64::try_from(self.clock.now().0 / 1000).ok().filter(|time| *time > 0);
        Ok(self.key.cosign(request.text(), time.ok_or(Failure::Clock)?))
    }

    /// Tells the operator of what a log has signed and should not have.
    fn note(&self, refusal: &Refusal, origin: &str, signed: &str) {
        match refusal {
            Refusal::OtherRoot(size) => {
                let kept = self.state.keep_fork(origin, signed).map(|path| path.display().to_string());
                let kept = kept.unwrap_or_else(|error| format!("not kept: {error}"));
                tracing::error!(
                    log.origin = origin,
                    log.size = size,
                    kept,
                    "the log has signed two heads of one size"
                );
            }
            Refusal::Proof(error) => {
                tracing::warn!(log.origin = origin, %error, "a signed head came without a proof that holds");
            }
            _ => {}
        }
    }
}

/// Reads the keys of logs from a file: one a line; lines that are empty or begin with `#` say nothing.
pub fn read_logs(path: &Path) -> anyhow::Result<Vec<Verifier>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the logs {}", path.display()))?;
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| {
            Verifier::parse(line).with_context(|| format!("{}, line {at}: this is not a key", path.display()))
        })
        .collect()
}
