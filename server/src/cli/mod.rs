//! The command line: what each command is called, and who runs it.

pub mod audit;
pub mod counts;
pub mod doctor;
pub mod export;
pub mod gate;
pub mod geo;
pub mod headers;
pub mod hold;
pub mod key;
pub mod migrate;
pub mod processing;
pub mod restore;
mod seen;
pub mod serve;
pub mod site;
pub mod snippet;
pub mod token;
pub mod verify;
pub mod witness;

use crate::config::Database;
use crate::store::Store;
use anyhow::Context as _;
use avow_shared::id::SiteId;
use clap::{Parser, Subcommand};
use std::future::Future;
use std::io::IsTerminal as _;

/// Avow: cookie consent that can be proved.
#[derive(Debug, Parser)]
#[command(name = "avow", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    database: Database,
    /// How much to log, and of what: `info`, `debug`, `avow_server=debug`
    #[arg(
        long,
        env = "AVOW_LOG",
        default_value = "info,actix_server=warn",
        global = true,
        value_name = "FILTER"
    )]
    log: String,
    /// In which form
    #[arg(long, env = "AVOW_LOG_FORMAT", default_value = "pretty", global = true)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LogFormat {
    /// For people
    Pretty,
    /// One JSON object per line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve consents over HTTP
    Serve(serve::Command),
    /// Stand before a site and hold back what its visitors did not allow; serves Avow as well
    Gate(gate::Args),
    /// Bring the database's schema up to date
    Migrate,
    /// Publish and list the policies of sites
    #[command(subcommand)]
    Site(site::Command),
    /// Print the inline snippet of a site
    Snippet(snippet::Args),
    /// Print the content security policies of a site, for a server that is not behind the gate
    Headers(headers::Args),
    /// Make and revoke access tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Write a site's records to a file
    Export(export::Args),
    /// Print what a site does with whose data: the record of processing activities
    Processing(processing::Args),
    /// Look for what does not fit
    #[command(subcommand)]
    Doctor(doctor::Command),
    /// List and replace the keys that sign
    #[command(subcommand)]
    Key(key::Command),
    /// Where visitors are
    #[command(subcommand)]
    Geo(geo::Command),
    /// Print what a site counts and does not keep
    Counts(counts::Args),
    /// Keep records that would be erased otherwise
    #[command(subcommand)]
    Hold(hold::Command),
    /// Go on with a site's log after a backup was put back
    Restore(restore::Args),
    /// List who read or exported the records of a site
    Audit(audit::Args),
    /// Cosign the heads of logs that only grow
    Witness(witness::Args),
    /// Check a receipt, a proof or a whole log, with public keys alone
    Verify(verify::Args),
    /// Print the JSON Schema of policy files
    PolicySchema,
}

/// Runs a command to its end.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    start_log(&cli.log, cli.log_format)?;
    let database = cli.database;
    match cli.command {
        Command::Serve(args) => block_on(serve::run(database, args)),
        Command::Gate(args) => block_on(gate::run(database, args)),
        Command::Migrate => block_on(migrate::run(database)),
        Command::Site(command) => block_on(site::run(database, command)),
        Command::Snippet(args) => block_on(snippet::run(database, args)),
        Command::Headers(args) => block_on(headers::run(database, args)),
        Command::Token(command) => block_on(token::run(database, command)),
        Command::Export(args) => block_on(export::run(database, args)),
        Command::Processing(args) => block_on(processing::run(database, args)),
        Command::Doctor(command) => block_on(doctor::run(database, command)),
        Command::Key(command) => block_on(key::run(database, command)),
        Command::Geo(command) => geo::run(&database, command),
        Command::Counts(args) => block_on(counts::run(database, args)),
        Command::Hold(command) => block_on(hold::run(database, command)),
        Command::Restore(args) => block_on(restore::run(database, args)),
        Command::Audit(args) => block_on(audit::run(database, args)),
        Command::Witness(args) => block_on(witness::run(args)),
        Command::Verify(args) => block_on(verify::run(args)),
        Command::PolicySchema => site::schema(),
    }
}

/// Opens the database that is meant, with its schema up to date.
pub async fn open(database: &Database) -> anyhow::Result<Store> {
    let store = Store::open(&database.location()).await.context("opening the database")?;
    store.migrate().await.context("bringing the database's schema up to date")?;
    Ok(store)
}

/// Reads a site's id from the command line.
pub fn site_id(text: &str) -> Result<SiteId, &'static str> {
    SiteId::parse(text).ok_or("a site is a to z, 0 to 9 and hyphens, at most 32, beginning with a letter")
}

fn block_on(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        // Beside the server's own workers. Two of them spend their time waking each other.
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(command)
}

/// Logs go to stderr; stdout belongs to what a command prints.
fn start_log(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).context("--log")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colors are for people, not for files.
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Pretty => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
