//! Every check, in two tiers. A failed step does not hide the next one; the summary names them all.
//!
//! Read next: `services.rs` (databases), `vectors.rs` (the engine in WebAssembly), `reproduce.rs` (same bytes twice).

use crate::services::{self, Durability};
use crate::setup::{self, Scope};
use crate::shell::{cargo, is_ci, root, run as run_command, step, succeeds, target_dir};
use crate::{children, failures, lists, reproduce, tidy, vectors, widget};
use anyhow::{Result, bail};
use std::ffi::OsString;
use std::process::Command;
use std::time::Instant;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// At most 30 minutes on two cores; what CI runs.
    Quick,
    /// Also the long rounds.
    Full,
}

/// One build of everything serves all steps, so all of them name the same packages and features.
const EVERYTHING: [&str; 3] = ["--workspace", "--features", "avow-shared/vectors"];

pub fn run_as_ci() -> Result<()> {
    let program = std::env::current_exe()?;
    run_command(Command::new(program).arg("test").env("CI", "true"))
}

pub fn run(tier: Tier) -> Result<()> {
    let start = Instant::now();
    let mut steps = Steps::default();
    // Cheap and often wrong: first.
    steps.take("format", || run_command(cargo().args(["fmt", "--all", "--", "--check"])));
    steps.take("tidy", tidy::run);
    // Nothing below makes sense without what this brings.
    setup::run(Scope::Everything)?;
    steps.take("widget", || widget::run(widget::Budget::Fails));
    steps.take("vectors in WebAssembly", vectors::run);
    steps.take("clippy", || {
        run_command(check("clippy").args(EVERYTHING).args(["--all-targets", "--", "-D", "warnings"]))
    });
    steps.take("documentation", || {
        run_command(check("doc").args(EVERYTHING).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
    });
    let built = steps.take("build", || run_command(check("build").args(EVERYTHING).arg("--all-targets")));
    if tier == Tier::Full {
        step("setup: nginx", setup::nginx)?;
    }
    if built {
        tests(&mut steps, tier)?;
    }
    if tier == Tier::Full {
        steps.take("the widget's bytes are reproducible", reproduce::run);
        steps.take("licences and sources", deny);
    }
    steps.finish(start)
}

/// The tests, with real servers around them.
fn tests(steps: &mut Steps, tier: Tier) -> Result<()> {
    let environment = step("start PostgreSQL and Redis", environment)?;
    steps.take("tests", || {
        let mut tests = check("test");
        tests.args(EVERYTHING).args(["--no-fail-fast"]).envs(environment);
        if tier == Tier::Full {
            tests.env("AVOW_TEST_FULL", "1");
        }
        failures::run(&mut tests)
    });
    children::stop_all();
    Ok(())
}

/// What the tests are told; see `tests/src/tools.rs`.
fn environment() -> Result<Vec<(&'static str, OsString)>> {
    let binaries = target_dir().join("debug");
    let mut variables: Vec<(&str, OsString)> = vec![
        ("AVOW_BIN", binaries.join("avow").into()),
        ("AVOW_DEMO_BIN", binaries.join("avow-demo").into()),
    ];
    variables
        .extend(setup::browsers().into_iter().filter_map(|(name, program)| Some((name, program?.into()))));
    let judges = [
        ("AVOW_GO", setup::go()),
        ("AVOW_GOPATH", setup::go_packages()),
        ("AVOW_EASYPRIVACY", lists::easyprivacy()),
    ];
    variables.extend(judges.into_iter().filter_map(|(name, place)| Some((name, place?.into()))));
    match services::postgres_bin() {
        Some(bin) => {
            variables.push((
                "AVOW_TEST_POSTGRES_URL",
                services::start_postgres(&bin, Durability::ThrowAway)?.into(),
            ));
        }
        None => missing("PostgreSQL")?,
    }
    match services::redis_server() {
        Some(program) => variables.push(("AVOW_TEST_REDIS_URL", services::start_redis(&program)?.into())),
        None => missing("Redis")?,
    }
    Ok(variables)
}

fn missing(what: &str) -> Result<()> {
    if is_ci() {
        bail!("{what} is missing");
    }
    println!("    {what} is missing: its tests are skipped");
    Ok(())
}

fn check(command: &str) -> Command {
    let mut cargo = cargo();
    cargo.arg(command);
    if is_ci() {
        // A build that is thrown away needs no notes for the next one.
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    cargo
}

fn deny() -> Result<()> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        step("install cargo-deny", || run_command(cargo().args(["install", "--locked", "cargo-deny"])))?;
    }
    // Advisories need a database from the network, which is not everywhere to be had.
    run_command(cargo().args(["deny", "check", "licenses", "bans", "sources"]))
}

/// What was done so far and how it ended.
#[derive(Default)]
struct Steps {
    done: Vec<(String, bool, f32)>,
}

impl Steps {
    fn take(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> bool {
        let start = Instant::now();
        let done = step(name, work);
        if let Err(error) = &done {
            eprintln!("xtask: {name}: {error:#}");
        }
        self.done.push((name.to_owned(), done.is_ok(), start.elapsed().as_secs_f32()));
        done.is_ok()
    }

    fn finish(self, start: Instant) -> Result<()> {
        println!("\n==> summary, {:.0} s in {}", start.elapsed().as_secs_f32(), root().display());
        for (name, passed, seconds) in &self.done {
            println!("    {} {name:<40} {seconds:>7.1} s", if *passed { "ok    " } else { "FAILED" });
        }
        let failed: Vec<&str> = self.done.iter().filter(|step| !step.1).map(|step| step.0.as_str()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", failed.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_whole_and_the_rest_still_runs() {
        let mut steps = Steps::default();
        assert!(!steps.take("one", || bail!("broken")));
        assert!(steps.take("two", || Ok(())));
        let said = steps.finish(Instant::now()).expect_err("one step failed").to_string();
        assert_eq!(said, "failed: one");
    }
}
