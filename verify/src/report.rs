//! What was checked, what was not, and the first thing that does not hold.

use avow_shared::checkpoint::Checkpoint;
use avow_shared::id::{Millis, hex};
use avow_shared::note::{Algorithm, Signed};
use avow_shared::proof_file;
use serde::Serialize;
use std::fmt;

use crate::moment::rfc3339;

/// One step: which, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word for scripts. Receipts: `envelope`, `record`, `agreement`, `commitment`, `proof`, `leaf`, `head`,
    /// `origin`. Logs: `head`, `entries`, `tiles`, `root`, `since`. Bundles: `container`, `index`, `keys`, `head`,
    /// `public`, `previous`, `manifests`, `erasures`, `policies`, `leaves`, `records`, `table`, `proofs`, `root`,
    /// `since`, `artefacts`, `readme`, `verifier`.
    pub step: &'static str,
    /// A sentence for people.
    pub found: String,
}

impl Finding {
    /// A step and what was found. What is checked may be a stranger's, and must not write to the reader's terminal:
    /// control characters are replaced.
    pub fn new(step: &'static str, found: impl Into<String>) -> Self {
        let found = found.into().replace(char::is_control, "\u{fffd}");
        Self { step, found }
    }
}

impl From<proof_file::Fault> for Finding {
    fn from(fault: proof_file::Fault) -> Self {
        let step = match fault {
            proof_file::Fault::Malformed => "proof",
            proof_file::Fault::Inclusion(_) => "leaf",
            _ => "head",
        };
        // The fault's own text begins with the same word.
        let text = fault.to_string();
        let sentence = text.split_once(": ").map_or(text.as_str(), |(_, sentence)| sentence);
        Self::new(step, sentence)
    }
}

/// The head that everything led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    origin: String,
    size: u64,
    /// 64 hexadecimal characters.
    root: String,
}

impl From<&Checkpoint> for Head {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { origin: checkpoint.origin.clone(), size: checkpoint.size, root: hex(&checkpoint.root) }
    }
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `receipt`, `proof`, `bundle` or `log`.
    subject: &'static str,
    verified: bool,
    /// Whether the key came from elsewhere than from what was checked.
    key_is_given: bool,
    head: Option<Head>,
    checked: Vec<Finding>,
    fault: Option<Finding>,
    not_checked: Vec<String>,
}

impl Report {
    /// Nothing is checked yet, and the keys are those that were given.
    pub fn new(subject: &'static str) -> Self {
        Self {
            subject,
            verified: false,
            key_is_given: true,
            head: None,
            checked: Vec::new(),
            fault: None,
            not_checked: Vec::new(),
        }
    }

    /// The first step that does not hold.
    pub fn fault(&self) -> Option<&Finding> {
        self.fault.as_ref()
    }

    /// The keys are those that came with what is checked.
    pub fn key_is_its_own(&mut self) {
        self.key_is_given = false;
        self.not_checked.push(format!(
            "who signed: the key came from the {} itself, so it proves nothing about who signed; \
             get the key elsewhere and check with that",
            self.subject
        ));
    }

    /// A step holds.
    pub fn holds(&mut self, step: &'static str, found: impl Into<String>) {
        self.checked.push(Finding::new(step, found));
    }

    /// What is not checked.
    pub fn leaves_open(&mut self, what: impl Into<String>) {
        self.not_checked.push(what.into().replace(char::is_control, "\u{fffd}"));
    }

    /// The head's signatures hold: whose, and whether witnesses saw it.
    pub fn head_holds(&mut self, checkpoint: &Checkpoint, signed: &[Signed<'_>]) {
        self.head = Some(checkpoint.into());
        if !self.signed("head", checkpoint, signed) {
            self.not_witnessed();
        }
    }

    /// Everything is under that head; who signed it is said with [`Report::signed`].
    pub fn is_under(&mut self, checkpoint: &Checkpoint) {
        self.head = Some(checkpoint.into());
    }

    /// Who signed a head; true if a witness is among them.
    pub fn signed(&mut self, step: &'static str, checkpoint: &Checkpoint, signed: &[Signed<'_>]) -> bool {
        let mut witnessed = false;
        for signed in signed {
            let name = signed.by.name();
            let found = if name == checkpoint.origin {
                format!("signed by {}", signed.by)
            } else {
                witnessed |= signed.by.algorithm() == Algorithm::Cosignature;
                let seconds = i64::try_from(signed.time).unwrap_or(i64::MAX);
                format!("countersigned by {name} at {}", rfc3339(Millis(seconds.saturating_mul(1000))))
            };
            self.holds(step, found);
        }
        witnessed
    }

    /// No witness whose key is known has seen the head.
    pub fn not_witnessed(&mut self) {
        self.leaves_open(
            "that the log shows everybody the same head: no witness whose key was given has countersigned",
        );
    }

    /// For programs: one object (`docs/verify.md`, "For scripts").
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("words, numbers and lists always serialize")
    }

    /// That was all: everything holds, or a first step that does not.
    #[must_use]
    pub fn end(mut self, outcome: Result<(), Finding>) -> Self {
        self.verified = outcome.is_ok();
        self.fault = outcome.err();
        self
    }
}

/// For people: a line for each step, the verdict last.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { step, found } in &self.checked {
            writeln!(f, "ok           {step}: {found}")?;
        }
        for what in &self.not_checked {
            writeln!(f, "not checked  {what}")?;
        }
        match &self.fault {
            Some(Finding { step, found }) => {
                writeln!(f, "WRONG        {step}: {found}")?;
                writeln!(f, "The {} is NOT verified.", self.subject)
            }
            None if self.key_is_given => writeln!(f, "The {} is verified.", self.subject),
            None => writeln!(
                f,
                "The {} agrees with itself; who signed it is not known without --key.",
                self.subject
            ),
        }
    }
}
