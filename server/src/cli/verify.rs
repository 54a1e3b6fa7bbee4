//! `avow verify`: checks receipts, proofs, bundles and logs with public keys alone; needs no database.
//!
//! Exit status: 0 if it is verified, 1 if not, 2 if what was to be checked could not be read.

use crate::verify::remote::Remote;
use crate::verify::{Unreadable, log};
use avow_shared::note::Verifier;
use avow_verify::{Report, bundle, proof, receipt};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Longest file that is read: far above any receipt.
const MAX_LEN: u64 = 1024 * 1024;

/// What to verify.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Print the result as one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Subject {
    /// Check the receipt of a consent
    Receipt {
        /// The receipt, as JSON
        file: PathBuf,
        /// A public key of the log or of a witness, NAME+ID+KEY, got from elsewhere than from the receipt
        #[arg(long = "key", value_parser = key, value_name = "KEY")]
        keys: Vec<Verifier>,
    },
    /// Check a .tlog-proof for an entry
    Proof {
        /// The proof
        file: PathBuf,
        /// The entry, in hexadecimal
        #[arg(long, value_parser = entry, value_name = "HEX")]
        entry: Entry,
        /// A public key of the log or of a witness, NAME+ID+KEY
        #[arg(long = "key", value_parser = key, value_name = "KEY", required = true)]
        keys: Vec<Verifier>,
    },
    /// Check a bundle of records
    Bundle {
        /// The ZIP
        file: PathBuf,
        /// A public key of the log or of a witness, NAME+ID+KEY, got from elsewhere than from the bundle
        #[arg(long = "key", value_parser = key, value_name = "KEY")]
        keys: Vec<Verifier>,
        /// A checkpoint kept from before, which the bundle must extend
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
    /// Fetch a whole log and compute it anew
    Log {
        /// Where it is: CHECKPOINT is under URL/checkpoint
        url: String,
        /// A public key of the log or of a witness, NAME+ID+KEY
        #[arg(long = "key", value_parser = key, value_name = "KEY", required = true)]
        keys: Vec<Verifier>,
        /// A checkpoint kept from before, which the log must extend
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
}

/// The bytes of an entry. A type of its own, since a list of bytes would mean a list of arguments.
#[derive(Clone, Debug)]
struct Entry(Vec<u8>);

/// Verifies and prints; an error if it is not verified.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let report = match args.subject {
        Subject::Receipt { file, keys } => receipt::check(&read(&file)?, &keys),
        Subject::Proof { file, entry, keys } => proof::check(&read(&file)?, &entry.0, &keys),
        Subject::Bundle { file, keys, since } => {
            let since = since.as_deref().map(read).transpose()?;
            bundle::check(open(&file)?, &keys, since.as_deref())
        }
        Subject::Log { url, keys, since } => {
            let since = since.as_deref().map(read).transpose()?;
            log::check(&Remote::new(&url)?, &keys, since.as_deref()).await?
        }
    };
    print(&report, args.json);
    match report.fault() {
        None => Ok(()),
        Some(fault) => anyhow::bail!("not verified: {}: {}", fault.step, fault.found),
    }
}

fn print(report: &Report, json: bool) {
    if json {
        println!("{}", report.to_json());
    } else {
        print!("{report}");
    }
}

fn open(path: &Path) -> Result<File, Unreadable> {
    File::open(path).map_err(|error| Unreadable(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<String, Unreadable> {
    let mut text = String::new();
    let length = open(path)?.take(MAX_LEN + 1).read_to_string(&mut text);
    let length = length.map_err(|error| Unreadable(format!("{}: {error}", path.display())))?;
    if u64::try_from(length).is_ok_and(|length| length <= MAX_LEN) {
        Ok(text)
    } else {
        Err(Unreadable(format!("{}: longer than {MAX_LEN} bytes", path.display())))
    }
}

fn key(text: &str) -> Result<Verifier, &'static str> {
    Verifier::parse(text).ok_or("a key is NAME+ID+KEY as the log's owner publishes it")
}

fn entry(text: &str) -> Result<Entry, &'static str> {
    hex::decode(text).map(Entry).map_err(|_| "an entry is written in hexadecimal")
}
