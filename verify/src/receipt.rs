//! A receipt as `GET /v1/receipts/{id}` gives it: that it agrees with itself, and is in a log whose head is signed.

use super::report::{Finding, Report};
use avow_shared::commitment::commitment;
use avow_shared::entry::{self, Kind};
use avow_shared::id::{RecordId, hex};
use avow_shared::note::Verifier;
use avow_shared::proof_file::{Fault, ProofFile};
use avow_shared::record::Record;
use avow_shared::reference;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The version of the format that is read.
const SCHEMA: u32 = 1;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    schema: u32,
    site: String,
    id: String,
    reference: String,
    event: String,
    /// Milliseconds UTC.
    server_time: i64,
    /// The canonical record.
    record: String,
    /// 32 bytes in base64url.
    salt: String,
    /// 64 hexadecimal characters.
    commitment: String,
    index: u64,
    origin: String,
    /// `name+id+key` each.
    keys: Vec<String>,
    /// The text of a `.tlog-proof` file.
    proof: String,
}

/// Checks a receipt against the keys given, or, if none are, against its own.
pub fn check(file: &str, given: &[Verifier]) -> Report {
    let mut report = Report::new("receipt");
    if given.is_empty() {
        report.key_is_its_own();
    }
    let outcome = steps(file, given, &mut report);
    report.leaves_open("that the texts shown to the visitor are those whose hash is in the record");
    report.end(outcome)
}

fn steps(file: &str, given: &[Verifier], report: &mut Report) -> Result<(), Finding> {
    let envelope = Envelope::read(file)?;
    report.holds("envelope", "a receipt of schema 1");
    let record = Record::from_canonical(&envelope.record)
        .map_err(|error| Finding::new("record", error.to_string()))?;
    report.holds("record", "canonical, schema 1");
    envelope.agrees_with(&record)?;
    report.holds("agreement", format!("record {} of site {}, {}", record.id, record.site, envelope.event));
    let content = envelope.commitment()?;
    report.holds("commitment", "SHA-256 of domain, salt and record");
    let own;
    let keys = if given.is_empty() {
        own = envelope.own_keys()?;
        &own
    } else {
        given
    };
    let proof = ProofFile::parse(&envelope.proof).ok_or(Fault::Malformed)?;
    if proof.index != envelope.index {
        return Err(Finding::new("proof", "it is for another leaf than the receipt names"));
    }
    report.holds("proof", format!("for leaf {}, with {} nodes", proof.index, proof.proof.len()));
    let proved = proof.verify(&entry::bytes(Kind::Record, &content), keys)?;
    let size = proved.checkpoint.size;
    report.holds("leaf", format!("the record's commitment is leaf {} of {size}", proof.index));
    report.head_holds(&proved.checkpoint, &proved.signed);
    if proved.checkpoint.origin != envelope.origin {
        return Err(Finding::new("origin", "the head is of another log than the receipt names"));
    }
    report.holds("origin", &envelope.origin);
    Ok(())
}

impl Envelope {
    fn read(file: &str) -> Result<Self, Finding> {
        let read: Self = serde_json::from_str(file)
            .map_err(|error| Finding::new("envelope", format!("this is not a receipt: {error}")))?;
        if read.schema != SCHEMA {
            let found = format!("schema {} is not known here, only {SCHEMA}", read.schema);
            return Err(Finding::new("envelope", found));
        }
        Ok(read)
    }

    /// What stands beside the record must be what stands in it.
    fn agrees_with(&self, record: &Record) -> Result<(), Finding> {
        let id = RecordId::parse(&record.id);
        let id = id.ok_or_else(|| Finding::new("record", "its id is not the id of a record"))?;
        for (name, same) in [
            ("site", self.site == record.site),
            ("id", self.id == record.id),
            ("reference", self.reference == reference::code(&id)),
            ("event", self.event == record.event.as_str()),
            ("server_time", self.server_time == record.server_time.0),
        ] {
            if !same {
                return Err(Finding::new("agreement", format!("{name} is not what the record says")));
            }
        }
        Ok(())
    }

    /// The commitment, computed anew.
    fn commitment(&self) -> Result<[u8; 32], Finding> {
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).ok().and_then(|salt| salt.try_into().ok());
        let salt = salt.ok_or_else(|| Finding::new("commitment", "the salt is not 32 bytes in base64url"))?;
        let content = commitment(&salt, self.record.as_bytes());
        if hex(&content) == self.commitment {
            Ok(content)
        } else {
            Err(Finding::new("commitment", "it is not the hash of this salt and record"))
        }
    }

    fn own_keys(&self) -> Result<Vec<Verifier>, Finding> {
        let keys = self.keys.iter().map(|key| Verifier::parse(key)).collect::<Option<Vec<_>>>();
        keys.ok_or_else(|| Finding::new("head", "a key in the receipt is not one"))
    }
}
