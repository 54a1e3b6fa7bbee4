//! Runs the tests: the engines side by side, each with one browser for all of its tests.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use avow_tests::tools;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;
use tokio::sync::Mutex as Turn;

use crate::cells::Cells;
use crate::expected::Expected;
use crate::report;
use crate::run::Engine;
use crate::visitor::Engines;

/// No test may hang the whole run.
const AT_MOST: Duration = Duration::from_mins(5);

type Work = Arc<dyn Fn(Bench) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;
type Browsers = Arc<Turn<Option<Arc<Engines>>>>;

enum Test {
    Plain(String, fn() -> Result<()>),
    Engine(String, Engine, Work),
}

/// The tests, in the order in which they were added.
#[derive(Default)]
pub struct Suite {
    tests: Vec<Test>,
}

/// What a test is given: its engine, and a place for what it measures.
#[derive(Clone)]
pub struct Bench {
    engines: Arc<Engines>,
    accepted: Option<Arc<Mutex<Expected>>>,
}

impl Bench {
    /// The running browser.
    pub fn engines(&self) -> &Engines {
        &self.engines
    }

    /// Compares cells with what is expected of the run, or takes them as such if that is asked for.
    pub fn judge(&self, run: &str, cells: &Cells) -> Result<()> {
        if let Some(accepted) = &self.accepted {
            accepted.lock().expect("no holder panics").accept(run, cells);
            return Ok(());
        }
        let differences = Expected::read()?.differences(run, cells);
        ensure!(
            differences.is_empty(),
            "{} cells differ:\n  {}",
            differences.len(),
            differences.join("\n  ")
        );
        Ok(())
    }

    /// Notes the engine's version; one that is not the expected cells' is told, and no failure by itself.
    pub fn measured_with(&self, engine: Engine, version: &str) {
        let name = engine.name();
        if let Some(accepted) = &self.accepted {
            let mut accepted = accepted.lock().expect("no holder panics");
            accepted.versions.insert(name.to_owned(), version.to_owned());
        } else if let Ok(expected) = Expected::read()
            && expected.versions.get(name).is_some_and(|before| before != version)
        {
            eprintln!("{name} is {version}; its cells were measured with {:?}", expected.versions.get(name));
        }
    }
}

impl Suite {
    /// Adds a test that needs no browser.
    pub fn add_plain(&mut self, name: &str, test: fn() -> Result<()>) {
        self.tests.push(Test::Plain(name.to_owned(), test));
    }

    /// Adds a test in an engine.
    pub fn add<F>(&mut self, engine: Engine, name: &str, test: impl Fn(Bench) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let name = format!("{}::{name}", engine.name());
        self.tests.push(Test::Engine(name, engine, Arc::new(move |bench| Box::pin(test(bench)))));
    }

    /// Runs what the command line asks for. With `AVOW_LEAKS_ACCEPT` what was measured is written down.
    pub fn run(self) -> ExitCode {
        let mut arguments = Arguments::from_args();
        // More would only queue: the machine that this is made for has two cores.
        arguments.test_threads = Some(arguments.test_threads.unwrap_or(2).min(2));
        let runtime = Arc::new(Runtime::new().expect("a runtime can be made"));
        let accepted = std::env::var_os("AVOW_LEAKS_ACCEPT")
            .is_some_and(|value| !value.is_empty())
            .then(|| Arc::new(Mutex::new(Expected::read().unwrap_or_default())));
        let browsers = Engine::ALL.map(|engine| (engine, Browsers::default()));
        let trials = self.tests.into_iter().map(|test| match test {
            Test::Plain(name, work) => {
                Trial::test(name, move || work().map_err(|error| format!("{error:#}").into()))
            }
            Test::Engine(name, engine, work) => {
                let (runtime, accepted) = (Arc::clone(&runtime), accepted.clone());
                let (_, own) = browsers
                    .iter()
                    .find(|(kept, _)| *kept == engine)
                    .cloned()
                    .expect("every engine is there");
                Trial::test(name, move || {
                    runtime
                        .block_on(turn(engine, &own, &work, accepted))
                        .map_err(|error| format!("{error:#}").into())
                })
            }
        });
        let conclusion = libtest_mimic::run(&arguments, trials.collect());
        runtime.block_on(async {
            for (_, own) in browsers {
                if let Some(engines) = own.lock().await.take().and_then(Arc::into_inner) {
                    engines.close().await;
                }
            }
        });
        let written = accepted.map_or(Ok(()), |accepted| write(&accepted.lock().expect("no holder panics")));
        if let Err(error) = written {
            eprintln!("{error:#}");
            return ExitCode::FAILURE;
        }
        conclusion.exit_code()
    }
}

/// One test in its engine, when it is its turn.
async fn turn(
    engine: Engine,
    own: &Browsers,
    work: &Work,
    accepted: Option<Arc<Mutex<Expected>>>,
) -> Result<()> {
    if !Engines::are_here(engine) {
        return tools::skip(engine.name());
    }
    let mut own = own.lock().await;
    let engines = match own.as_ref() {
        Some(engines) => Arc::clone(engines),
        None => Arc::clone(own.insert(Arc::new(Engines::launch(engine).await?))),
    };
    let bench = Bench { engines, accepted };
    match tokio::time::timeout(AT_MOST, tokio::spawn(work(bench))).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => bail!("{panic}"),
        Err(_) => bail!("not done within {} s", AT_MOST.as_secs()),
    }
}

fn write(accepted: &Expected) -> Result<()> {
    let path = Expected::path();
    std::fs::write(&path, accepted.to_toml()).with_context(|| format!("write {}", path.display()))?;
    let docs = report::path();
    std::fs::write(&docs, report::render(accepted)?).with_context(|| format!("write {}", docs.display()))?;
    println!("written for review: {} and {}", path.display(), docs.display());
    Ok(())
}
