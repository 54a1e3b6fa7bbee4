//! The leak matrix: how much of each vector gets through, by install form, consent state and engine.
//!
//! `cargo xtask leaks` runs all of it; without `AVOW_TEST_FULL` a quick part runs with all other tests.
//! Read next: `vectors.rs` (what is tried), `visit.rs` (one page load), `expected.rs` (what may be seen).

mod apart;
mod cells;
mod expected;
mod libraries;
mod page;
mod report;
mod run;
mod runner;
mod site;
mod vectors;
mod visit;
mod visitor;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use avow_tests::tools;

use crate::run::{Engine, Form, Run};
use crate::runner::{Bench, Suite};
use crate::site::Site;
use crate::vectors::Vectors;

fn main() -> ExitCode {
    let mut suite = Suite::default();
    suite.add_plain("expected_cells_read_back_as_written", expected::selftest);
    suite.add_plain("the_docs_say_what_is_expected", report::is_current);
    suite.add_plain("the_86_ids_are_frozen", frozen);
    for engine in Engine::ALL {
        for form in Form::ALL {
            let quick = engine != Engine::WebKit && matches!(form, Form::Snippet | Form::Gate);
            if quick || tools::full() {
                suite.add(engine, form.name(), move |bench| matrix(bench, engine, form));
            }
            if tools::full() || (quick && form == Form::Snippet) {
                let name = format!("{}_libraries", form.name());
                suite.add(engine, &name, move |bench| libraries::held_then_working(bench, form));
            }
            if tools::full() {
                suite
                    .add(engine, &format!("{}_apart", form.name()), move |bench| beside(bench, engine, form));
            }
        }
    }
    suite.run()
}

/// The second list, of a form in an engine.
async fn beside(bench: Bench, engine: Engine, form: Form) -> Result<()> {
    let site = Site::start(form, site::pages).await?;
    let cells = apart::visit(&site, form, bench.engines()).await?;
    bench.judge(&format!("{}.apart.{}", form.name(), engine.name()), &cells)
}

/// All consent states of a form in an engine.
async fn matrix(bench: Bench, engine: Engine, form: Form) -> Result<()> {
    let site = Site::start(form, site::pages).await?;
    let mut faults = Vec::new();
    for &state in form.states() {
        let (visitor, version) = bench.engines().visitor().await?;
        let run = Run { form, state, engine }.to_string();
        let cells = visit::visit(&site, &visitor, state).await;
        visitor.close().await?;
        bench.measured_with(engine, &version);
        if let Err(fault) = bench.judge(&run, &cells.with_context(|| run.clone())?) {
            faults.push(fault.to_string());
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// None may get lost: the ids in their order, as a sum.
fn frozen() -> Result<()> {
    let vectors = Vectors::of_the_file();
    let mut ids: Vec<&str> =
        vectors.all().filter(|vector| !vector.is_control()).map(|v| v.id.as_str()).collect();
    ensure!(ids.len() == 86, "there are {}", ids.len());
    ids.sort_unstable();
    let sum = avow_shared::id::hex(&<sha2::Sha256 as sha2::Digest>::digest(ids.join("\n"))[..8]);
    ensure!(sum == "966cdb80b447bbe2", "the ids sum to {sum}");
    Ok(())
}
