//! A bare `.tlog-proof` (C2SP tlog-proof): that an entry is in a log.

use super::report::{Finding, Report};
use avow_shared::note::Verifier;
use avow_shared::proof_file::{Fault, ProofFile};

/// Checks a proof for an entry.
pub fn check(file: &str, entry: &[u8], keys: &[Verifier]) -> Report {
    let mut report = Report::new("proof");
    let outcome = steps(file, entry, keys, &mut report);
    report.leaves_open("what the entry stands for");
    report.end(outcome)
}

fn steps(file: &str, entry: &[u8], keys: &[Verifier], report: &mut Report) -> Result<(), Finding> {
    let proof = ProofFile::parse(file).ok_or(Fault::Malformed)?;
    report.holds("proof", format!("for leaf {}, with {} nodes", proof.index, proof.proof.len()));
    let proved = proof.verify(entry, keys)?;
    let size = proved.checkpoint.size;
    report.holds("leaf", format!("the entry is leaf {} of {size}", proof.index));
    report.head_holds(&proved.checkpoint, &proved.signed);
    Ok(())
}
