//! Runs each test in both engines: one browser per engine and habit, started when first needed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use avow_tests::browser::{Browser, Engine, Habit};
use avow_tests::tools;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// No test may hang the whole run.
const AT_MOST: Duration = Duration::from_mins(3);

/// A browser older than this is replaced before the next test: one that has run for some minutes takes tabs that
/// nobody looks at for idle and ends them, its driver's own too.
const YOUNG: Duration = Duration::from_secs(90);

type Run = Arc<dyn Fn(Browsers) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

struct Test {
    name: String,
    engine: Engine,
    /// The other engine waits: this test measures.
    alone: bool,
    run: Run,
}

/// The tests, in the order in which they were added.
#[derive(Default)]
pub struct Suite {
    tests: Vec<Test>,
}

/// One engine's browsers, one per habit.
#[derive(Clone)]
pub struct Browsers {
    /// Which engine.
    pub engine: Engine,
    running: Arc<Mutex<BTreeMap<u8, Running>>>,
}

/// A browser, and since when it runs.
type Running = (Arc<Browser>, Instant);

impl Browsers {
    /// Ends browsers that are no longer young; no test may be using them.
    async fn renew(&self) {
        let mut running = self.running.lock().await;
        let old: Vec<u8> = running
            .iter()
            .filter(|(_, (_, since))| since.elapsed() > YOUNG)
            .map(|(habit, _)| *habit)
            .collect();
        for (browser, _) in old.into_iter().filter_map(|habit| running.remove(&habit)) {
            if let Some(browser) = Arc::into_inner(browser) {
                browser.close().await;
            }
        }
    }

    /// The shared browser with this habit.
    pub async fn with(&self, habit: Habit) -> Result<Arc<Browser>> {
        let mut running = self.running.lock().await;
        if let Some((browser, _)) = running.get(&(habit as u8)) {
            return Ok(Arc::clone(browser));
        }
        // A third browser at once would only slow two cores down: the odd habits are not kept.
        running.retain(|kept, _| *kept == Habit::Plain as u8);
        let browser = Arc::new(Browser::launch(self.engine, habit).await?);
        running.insert(habit as u8, (Arc::clone(&browser), Instant::now()));
        Ok(browser)
    }

    /// The shared browser as installed.
    pub async fn plain(&self) -> Result<Arc<Browser>> {
        self.with(Habit::Plain).await
    }
}

impl Suite {
    /// Adds a test for both engines.
    pub fn add<F>(&mut self, name: &str, test: impl Fn(Browsers) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let test: Run = Arc::new(move |browsers| Box::pin(test(browsers)));
        for engine in Engine::ALL {
            let run = Arc::clone(&test);
            self.tests.push(Test { name: name.to_owned(), engine, alone: false, run });
        }
    }

    /// Adds a test for one engine, which has the machine for itself.
    pub fn add_alone<F>(
        &mut self,
        engine: Engine,
        name: &str,
        test: impl Fn(Browsers) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let run: Run = Arc::new(move |browsers| Box::pin(test(browsers)));
        self.tests.push(Test { name: name.to_owned(), engine, alone: true, run });
    }

    /// Runs what the command line asks for.
    pub fn run(self) -> ExitCode {
        let mut arguments = Arguments::from_args();
        // One thread per engine; more would only queue for the same browser.
        arguments.test_threads = Some(arguments.test_threads.unwrap_or(2).min(2));
        let runtime = Arc::new(Runtime::new().expect("a runtime can be made"));
        let all = Engine::ALL.map(|engine| {
            let turn = Arc::new(Mutex::new(()));
            (Browsers { engine, running: Arc::default() }, turn)
        });
        let trials = self
            .tests
            .into_iter()
            .map(|Test { name, engine, alone, run }| {
                let (browsers, turn) =
                    all.iter().find(|(kept, _)| kept.engine == engine).cloned().expect("both are there");
                let other =
                    all.iter().find(|(kept, _)| kept.engine != engine).cloned().expect("both are there").1;
                let runtime = Arc::clone(&runtime);
                Trial::test(format!("{}::{name}", engine.name()), move || {
                    runtime
                        .block_on(async {
                            if !Browser::is_here(engine) {
                                return tools::skip(engine.name());
                            }
                            // Tabs of one engine would steal the focus from each other.
                            let _turn = turn.lock().await;
                            let _quiet = if alone { Some(other.lock().await) } else { None };
                            browsers.renew().await;
                            once(&run, &browsers).await
                        })
                        .map_err(|error| format!("{error:#}").into())
                })
            })
            .collect();
        let conclusion = libtest_mimic::run(&arguments, trials);
        runtime.block_on(async {
            for (browsers, _) in all {
                let running = std::mem::take(&mut *browsers.running.lock().await);
                for browser in running.into_values().filter_map(|(browser, _)| Arc::into_inner(browser)) {
                    browser.close().await;
                }
            }
        });
        conclusion.exit_code()
    }
}

/// One try of a test, within its time.
async fn once(run: &Run, browsers: &Browsers) -> Result<()> {
    match tokio::time::timeout(AT_MOST, tokio::spawn(run(browsers.clone()))).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => bail!("{panic}"),
        Err(_) => bail!("not done within {} s", AT_MOST.as_secs()),
    }
}
