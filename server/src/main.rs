//! The `avow` binary: reads the command line and runs it.

use clap::Parser;
use std::process::ExitCode;

/// A request's memory is often freed by another thread than the one that took it, which the system's allocator
/// does at some cost (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = avow_server::cli::Cli::parse();
    match avow_server::cli::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain of causes on one line: `publish: database: no such file`.
            eprintln!("avow: {error:#}");
            // What could not be read is not the same as what does not hold.
            if error.is::<avow_server::verify::Unreadable>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}
