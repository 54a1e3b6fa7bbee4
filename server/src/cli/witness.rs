//! `avow witness`: the options of a witness.

use crate::clock::Clock;
use crate::rng::Rng;
use crate::witness::{Witness, read_logs, serve::serve};
use anyhow::Context as _;
use avow_shared::note::Verifier;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Options.
#[derive(Clone, Debug, clap::Args)]
#[group(id = "witness")]
pub struct Args {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "AVOW_LISTEN", default_value = "127.0.0.1:8030", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Folder of what the witness remembers; made if it is not there
    #[arg(long, env = "AVOW_WITNESS_STATE", value_name = "DIR")]
    state: PathBuf,
    /// Its name: like a URL without the scheme, `witness.example.org/w1`
    #[arg(long, env = "AVOW_WITNESS_NAME")]
    name: String,
    /// File of its private key, 32 bytes in base64; made if it is not there
    #[arg(long, env = "AVOW_WITNESS_KEY", value_name = "FILE")]
    key: PathBuf,
    /// A log to watch: its public key, `name+id+key`; may be given several times
    #[arg(long = "log-key", value_name = "KEY", value_parser = log_key)]
    log_keys: Vec<Verifier>,
    /// File with the public keys of logs to watch, one a line
    #[arg(long = "log-keys", env = "AVOW_WITNESS_LOG_KEYS", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Serves until a signal says stop.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut logs = args.log_keys;
    if let Some(path) = &args.file {
        logs.extend(read_logs(path)?);
    }
    let witness = Witness::open(&args.name, &args.key, &args.state, logs, Clock::system(), &Rng::system())
        .context("the witness")?;
    serve(args.listen, witness).await
}

fn log_key(text: &str) -> Result<Verifier, &'static str> {
    Verifier::parse(text).ok_or("a log's key is written NAME+ID+KEY, as the log publishes it")
}
