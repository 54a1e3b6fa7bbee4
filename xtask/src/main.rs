//! `cargo xtask`: the project's own commands. This file reads the command line and nothing else.
//!
//! Read next: `setup.rs` (what a machine needs), `widget.rs` (the WebAssembly build), `test.rs` (what CI runs).

mod bench;
mod children;
mod demo;
mod failures;
mod glue;
mod leaks;
mod lists;
mod npm;
mod reproduce;
mod services;
mod setup;
mod shell;
mod size;
mod test;
mod tidy;
mod toolchain;
mod vectors;
mod verifier;
mod widget;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  setup           install or name what is missing (WebAssembly, npm tools, browsers, databases, Go)
  widget          build the widget into widget/dist and check its size
  demo            build everything and serve the demo site until Ctrl-C
  test [--full]   every check; --full adds the long rounds
  bench [ARGS]    measure the release build; ARGS go to avow-bench
  leaks [ARGS]    measure what leaks, in three engines; --help for the ARGS
  reproduce       build the widget a second time, elsewhere, and compare the bytes
  tidy            the rules of ARCHITECTURE.md and CONTRIBUTING.md that no compiler checks
  ci              test, as the build server runs it: a missing service is a failure
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = children::handle_signals().and_then(|()| run(&arguments));
    children::stop_all();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["setup"] => setup::run(setup::Scope::Everything),
        ["widget"] => widget::run(widget::Budget::Fails),
        ["demo"] => demo::run(),
        ["test"] => test::run(test::Tier::Quick),
        ["test", "--full"] => test::run(test::Tier::Full),
        ["bench", rest @ ..] => bench::run(rest),
        ["leaks", rest @ ..] => leaks::run(rest),
        ["reproduce"] => reproduce::run(),
        ["tidy"] => tidy::run(),
        ["ci"] => test::run_as_ci(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown command `{}`\n\n{USAGE}", other.join(" ")),
    }
}
