//! `docs/leaks.md`: made from the vectors, the expected cells and the reasons, so that it cannot say anything else.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use avow_tests::tools;
use serde::Deserialize;
use serde_json::Value;

use crate::apart::{APART, Apart};
use crate::cells::Cell;
use crate::expected::Expected;
use crate::run::{Engine, Form, Run, State};
use crate::vectors::{Vector, Vectors};

/// The page up to the figures.
const HEAD: &str = "\
# What leaks, and what does not

For website owners who must know, and for those who change the guard or the gate.
This page is made by `cargo xtask leaks --accept` from `tests/testdata/leaks/expected.toml`; a test keeps the two equal, and the runs keep the cells true.

Each of 86 frozen vectors is one way in which a page can tell a third party of a visit, run its code, or store something.
All of them stand on one page, sent in one write, which is the worst case for browsers that look ahead.
The tracker is a host of its own on loopback, over TLS; it notes every connection, request and datagram.
What ran is a mark that the code left; what is stored is read back from a clean page of the same origin and from the browser's cookie jar.
Choices are made in the banner, with a real click, and stored by the server.

- **R**: the tracker got a request or a datagram.
- **X**: its code ran.
- **K**: something is on the device.

A vector leaks if any of these was seen; a vector about storage leaks only if something was stored, since a request to the site itself is none.

```sh
cargo xtask leaks           # the whole matrix; a cell that is other than expected fails
cargo xtask leaks --quick   # the part that is in every test run
cargo xtask leaks --accept  # writes measured cells and this page, for review
```

";

/// What is held and works, by kind.
const LIBRARIES: [(&str, &str); 6] = [
    ("product analytics", "posthog-js"),
    ("session replay", "rrweb"),
    ("error monitoring with replay", "@sentry/browser"),
    ("an advertisement's pixel", "@dailymotion/vast-client"),
    ("video embed", "video.js"),
    ("the app around them", "react"),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasons {
    reason: Vec<Reason>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    title: String,
    why: String,
    forms: Vec<String>,
    vectors: Vec<String>,
}

/// Where the page is.
pub fn path() -> PathBuf {
    tools::root().join("docs/leaks.md")
}

/// The page that these cells make.
pub fn render(expected: &Expected) -> Result<String> {
    let reasons: Reasons =
        toml::from_str(include_str!("../testdata/leaks/reasons.toml")).context("reasons.toml")?;
    let mut page = String::from(HEAD);
    counts(&mut page, expected);
    for form in Form::ALL.into_iter().filter(|form| *form != Form::Bare) {
        remainders(&mut page, expected, &reasons, form)?;
    }
    held(&mut page, expected);
    matrix(&mut page, expected);
    apart(&mut page, expected);
    libraries(&mut page)?;
    Ok(page)
}

/// The page in the repository is the one that the expected cells make.
pub fn is_current() -> Result<()> {
    let found = std::fs::read_to_string(path()).context("read docs/leaks.md")?;
    ensure!(
        found == render(&Expected::read()?)?,
        "docs/leaks.md is old: `cargo xtask leaks --accept` writes it"
    );
    Ok(())
}

fn counts(page: &mut String, expected: &Expected) {
    page.push_str("## How many of the 86\n\n| | |");
    for engine in Engine::ALL {
        let version = expected.versions.get(engine.name()).map_or("", String::as_str);
        let _ = write!(page, " {} {version} |", engine.title());
    }
    page.push_str("\n|---|---|---|---|---|\n");
    for form in Form::ALL {
        for &state in form.states() {
            let _ = write!(page, "| {} | {} |", form.title(), state.title());
            for engine in Engine::ALL {
                let _ = write!(page, " {} |", count(expected, Run { form, state, engine }));
            }
            page.push('\n');
        }
    }
    page.push_str(
        "\nWithout Avow the number is that of the vectors which the engine knows at all: the control.\n\
         With everything allowed it should be the same: what was held works.\n\n",
    );
}

/// How many vectors leak; from–to where there are races.
fn count(expected: &Expected, run: Run) -> String {
    let Some(allowed) = expected.run(&run.to_string()) else { return "not measured".to_owned() };
    let (mut least, mut most) = (0, 0);
    for vector in Vectors::of_the_file().all() {
        if let Some(outcomes) = allowed.get(&vector.id) {
            least += usize::from(outcomes.iter().all(|cell| cell.leaks(vector)));
            most += usize::from(outcomes.iter().any(|cell| cell.leaks(vector)));
        }
    }
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

fn remainders(page: &mut String, expected: &Expected, reasons: &Reasons, form: Form) -> Result<()> {
    let _ = writeln!(page, "## What remains with {}\n", form.title());
    let mut left: Vec<(&Vector, Vec<&str>)> = Vec::new();
    for vector in Vectors::of_the_file().all().filter(|vector| !vector.is_control()) {
        let engines = Engine::ALL.into_iter().filter(|&engine| {
            [State::None, State::Partial].into_iter().any(|state| {
                outcomes(expected, Run { form, state, engine }, vector).iter().any(|cell| cell.leaks(vector))
            })
        });
        let engines: Vec<&str> = engines.map(Engine::title).collect();
        if !engines.is_empty() {
            left.push((vector, engines));
        }
    }
    if left.is_empty() {
        page.push_str("Nothing of the 86.\n\n");
    }
    let mut explained = BTreeSet::new();
    for reason in reasons.reason.iter().filter(|reason| reason.forms.iter().any(|name| name == form.name())) {
        let here: Vec<_> = left
            .iter()
            .filter(|(vector, _)| reason.vectors.contains(&vector.id) && explained.insert(&vector.id))
            .collect();
        if here.is_empty() {
            continue;
        }
        let _ = writeln!(page, "**{}.**\n{}\n", reason.title, reason.why.replace(". ", ".\n"));
        for (vector, engines) in here {
            let only = if engines.len() == Engine::ALL.len() {
                String::new()
            } else {
                format!(" ({})", engines.join(", "))
            };
            let _ = writeln!(page, "- `{}`: {}{only}", vector.id, vector.what);
        }
        page.push('\n');
    }
    for (vector, _) in &left {
        ensure!(explained.contains(&vector.id), "{} leaks with {} and has no reason", vector.id, form.name());
    }
    Ok(())
}

/// What does not work with everything allowed, though it does without Avow.
fn held(page: &mut String, expected: &Expected) {
    page.push_str("## What is held though everything is allowed\n\n");
    let mut lines = String::new();
    for form in Form::ALL.into_iter().filter(|form| *form != Form::Bare) {
        for engine in Engine::ALL {
            let bare = Run { form: Form::Bare, state: State::None, engine };
            let all = Run { form, state: State::All, engine };
            let lost = Vectors::of_the_file().all().filter(|vector| {
                let (before, after) = (outcomes(expected, bare, vector), outcomes(expected, all, vector));
                before.iter().all(|cell| *cell != Cell::default()) && after.contains(&Cell::default())
            });
            let lost: Vec<String> = lost.map(|vector| format!("`{}`", vector.id)).collect();
            if !lost.is_empty() {
                let _ = writeln!(lines, "- {}, {}: {}", form.title(), engine.title(), lost.join(", "));
            }
        }
    }
    if lines.is_empty() {
        lines.push_str("Nothing.\n");
    } else {
        lines.push_str(
            "\nFirefox looks ahead under the strict policy that stands in the markup, although the snippet then takes it out of \
             force: hints such as `preload` do nothing there. What the page really needs is loaded all the same.\n",
        );
    }
    let _ = writeln!(page, "{lines}");
}

fn matrix(page: &mut String, expected: &Expected) {
    page.push_str(
        "## Every cell before a choice\n\n\
         One value: the same in all engines; else Chromium/Firefox/WebKit. `·` is nothing, `?` a race.\n\n| vector | what |",
    );
    for form in Form::ALL {
        let _ = write!(page, " {} |", form.title());
    }
    page.push_str("\n|---|---|");
    page.push_str(&"---|".repeat(Form::ALL.len()));
    page.push('\n');
    for vector in Vectors::of_the_file().all() {
        let _ = write!(page, "| `{}` | {} |", vector.id, vector.what);
        for form in Form::ALL {
            let cells = Engine::ALL.map(|engine| {
                let outcomes = outcomes(expected, Run { form, state: State::None, engine }, vector);
                let shown: Vec<String> = outcomes
                    .iter()
                    .map(|cell| if *cell == Cell::default() { "·".to_owned() } else { cell.to_string() })
                    .collect();
                if shown.len() > 1 { format!("{}?", shown.join(" or ")) } else { shown.concat() }
            });
            let same = cells.iter().all(|cell| *cell == cells[0]);
            let _ = write!(page, " {} |", if same { cells[0].clone() } else { cells.join("/") });
        }
        page.push('\n');
    }
}

fn apart(page: &mut String, expected: &Expected) {
    page.push_str(
        "\n## Beside the 86\n\n\
         Ways that are not counted above, with no choice made or with one withdrawn; each is tried on its own.\n\
         R: the tracker heard of it. `·`: it did not. `-`: this engine does not do it without Avow either. \
         Chromium/Firefox/WebKit where they differ.\n\n| way | what | |",
    );
    let forms = || Form::ALL.into_iter().filter(|form| *form != Form::Bare);
    for form in forms() {
        let _ = write!(page, " {} |", form.title());
    }
    page.push_str("\n|---|---|---|");
    page.push_str(&"---|".repeat(forms().count()));
    page.push('\n');
    let sent = |form: Form, engine: Engine, id: &str| {
        let run = expected.run(&format!("{}.apart.{}", form.name(), engine.name()));
        run.is_some_and(|allowed| allowed.contains_key(id))
    };
    for Apart { id, what, answer } in &APART {
        let _ = write!(page, "| `{id}` | {what} | {answer} |");
        for form in forms() {
            let cells =
                Engine::ALL.map(|engine| match (sent(Form::Bare, engine, id), sent(form, engine, id)) {
                    (_, true) => "R",
                    (true, false) => "·",
                    (false, false) => "-",
                });
            let same = cells.iter().all(|cell| *cell == cells[0]);
            let _ = write!(page, " {} |", if same { cells[0].to_owned() } else { cells.join("/") });
        }
        page.push('\n');
    }
    page.push_str(
        "\nNot tried: `rel=dns-prefetch` (names are resolved inside of the browsers, where it cannot be seen), 103 Early Hints (the hosts of the test speak HTTP/1.1 only), and \
         what the site's own server passes on to others.\n",
    );
}

/// The libraries of `libraries.rs`, in the versions that are installed.
fn libraries(page: &mut String) -> Result<()> {
    let manifest: Value = serde_json::from_str(include_str!("../package.json")).context("package.json")?;
    page.push_str(
        "\n## Real libraries\n\n\
         These run unmodified as tags of a single-page app in React, served by a host of their own, in every form and all three engines (`tests/leaks/libraries.rs`).\n\
         Before a choice nothing of them runs, leaves or is stored, on any route; after it what each sends arrives; after withdrawal their declared items are gone and the site's own cookie is there.\n\
         With form (a) the tags are marked, since requests of unmarked ones may leave; with (b) and (c) they are not.\n\
         Without Avow all of them send at once: the control.\n\n| kind | package | version |\n|---|---|---|\n",
    );
    for (kind, package) in LIBRARIES {
        let version = manifest["devDependencies"][package].as_str();
        let version = version.with_context(|| format!("{package} is not in tests/package.json"))?;
        let _ = writeln!(page, "| {kind} | `{package}` | {version} |");
    }
    Ok(())
}

fn outcomes(expected: &Expected, run: Run, vector: &Vector) -> BTreeSet<Cell> {
    let found = expected.run(&run.to_string()).and_then(|allowed| allowed.get(&vector.id).cloned());
    found.unwrap_or_else(|| BTreeSet::from([Cell::default()]))
}
