//! The expected cells: `tests/testdata/leaks/expected.toml`, which a person reviews.
//!
//! A vector that is not listed is expected to be blocked. A race lists every outcome that is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use avow_tests::tools;
use toml::{Table, Value};

use crate::cells::{Cell, Cells};

/// First lines of the file.
const HEAD: &str = "\
# Expected cells of the leak matrix, by install form, consent state and engine. A vector that is not listed is
# blocked. R: a third party heard of it. X: its code ran. K: something is on the device.
# `race` lists all allowed outcomes of a vector; an empty text is: blocked.
# `cargo xtask leaks --accept` writes what it measures, for review; tests only read.
";

/// What may be seen of each vector, by run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The engines' versions with which the cells were measured.
    pub versions: BTreeMap<String, String>,
    runs: BTreeMap<String, Allowed>,
}

/// Allowed outcomes by vector.
pub type Allowed = BTreeMap<String, BTreeSet<Cell>>;

impl Expected {
    /// Where the file is.
    pub fn path() -> PathBuf {
        tools::root().join("tests/testdata/leaks/expected.toml")
    }

    /// Reads the file.
    pub fn read() -> Result<Self> {
        let path = Self::path();
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut read = Self::default();
        for (form, states) in text.parse::<Table>().context("expected.toml")? {
            for (state, engines) in table(states)? {
                if let (true, Value::String(version)) = (form == "versions", &engines) {
                    read.versions.insert(state, version.clone());
                    continue;
                }
                for (engine, cells) in table(engines)? {
                    let run = format!("{form}.{state}.{engine}");
                    let allowed = allowed(table(cells)?).with_context(|| run.clone())?;
                    read.runs.insert(run, allowed);
                }
            }
        }
        Ok(read)
    }

    /// The text of the file.
    pub fn to_toml(&self) -> String {
        let mut text = String::from(HEAD);
        text.push_str("\n[versions]\n");
        for (engine, version) in &self.versions {
            let _ = writeln!(text, "{engine} = {version:?}");
        }
        for (run, allowed) in &self.runs {
            let _ = writeln!(text, "\n[{run}]");
            let mut by_cell = BTreeMap::<Cell, Vec<&str>>::new();
            let mut races = Vec::new();
            for (id, outcomes) in allowed {
                match outcomes.first() {
                    Some(only) if outcomes.len() == 1 => by_cell.entry(*only).or_default().push(id),
                    _ => races.push((id, outcomes)),
                }
            }
            for (cell, ids) in by_cell {
                let _ = writeln!(text, "{cell} = [{}]", wrapped(&ids));
            }
            for (id, outcomes) in races {
                let outcomes: Vec<String> =
                    outcomes.iter().map(|cell| format!("{:?}", cell.to_string())).collect();
                let _ = writeln!(text, "race.{id} = [{}]", outcomes.join(", "));
            }
        }
        text
    }

    /// The allowed outcomes of a run, if it is in the file.
    pub fn run(&self, run: &str) -> Option<&Allowed> {
        self.runs.get(run)
    }

    /// One line for each vector that did other than allowed.
    pub fn differences(&self, run: &str, cells: &Cells) -> Vec<String> {
        let Some(allowed) = self.run(run) else { return vec![format!("{run}: no expected cells")] };
        let blocked = BTreeSet::from([Cell::default()]);
        let mut lines = Vec::new();
        for (id, found) in cells {
            let outcomes = allowed.get(id).unwrap_or(&blocked);
            if !outcomes.contains(found) {
                let outcomes: Vec<String> = outcomes.iter().copied().map(shown).collect();
                lines.push(format!(
                    "{run}: {id}: expected {}, found {}",
                    outcomes.join(" or "),
                    shown(*found)
                ));
            }
        }
        for id in allowed.keys().filter(|id| !cells.contains_key(*id)) {
            lines.push(format!("{run}: {id}: expected, and no such vector"));
        }
        lines
    }

    /// Takes measured cells in: in the place of single outcomes, and in addition to those of races.
    pub fn accept(&mut self, run: &str, cells: &Cells) {
        let before = self.runs.remove(run).unwrap_or_default();
        let mut after = Allowed::new();
        for (id, found) in cells {
            let mut outcomes =
                before.get(id).filter(|outcomes| outcomes.len() > 1).cloned().unwrap_or_default();
            outcomes.insert(*found);
            if outcomes.len() > 1 || *found != Cell::default() {
                after.insert(id.clone(), outcomes);
            }
        }
        self.runs.insert(run.to_owned(), after);
    }
}

fn shown(cell: Cell) -> String {
    if cell == Cell::default() { "nothing".to_owned() } else { cell.to_string() }
}

/// Ids in quotes, a few to a line.
fn wrapped(ids: &[&str]) -> String {
    let mut text = String::new();
    let mut width = 0;
    for id in ids {
        if width == 0 || width + id.len() > 100 {
            text.push_str("\n   ");
            width = 3;
        }
        let _ = write!(text, " {id:?},");
        width += id.len() + 4;
    }
    text.push('\n');
    text
}

fn allowed(cells: Table) -> Result<Allowed> {
    let mut allowed = Allowed::new();
    let mut put = |id: String, outcomes: BTreeSet<Cell>| match allowed.insert(id.clone(), outcomes) {
        None => Ok(()),
        Some(_) => bail!("{id} is listed twice"),
    };
    for (cell, ids) in cells {
        if cell == "race" {
            for (id, outcomes) in table(ids)? {
                let outcomes: Result<BTreeSet<Cell>> =
                    texts(&outcomes)?.iter().map(|text| parsed(text)).collect();
                put(id, outcomes?)?;
            }
            continue;
        }
        let outcome = BTreeSet::from([parsed(&cell)?]);
        for id in texts(&ids)? {
            put(id, outcome.clone())?;
        }
    }
    Ok(allowed)
}

fn parsed(text: &str) -> Result<Cell> {
    Cell::parse(text).with_context(|| format!("{text:?} is no cell"))
}

fn table(value: Value) -> Result<Table> {
    match value {
        Value::Table(table) => Ok(table),
        other => bail!("{other} is no table"),
    }
}

fn texts(value: &Value) -> Result<Vec<String>> {
    let list = value.as_array().with_context(|| format!("{value} is no list"))?;
    list.iter()
        .map(|text| Ok(text.as_str().with_context(|| format!("{text} is no text"))?.to_owned()))
        .collect()
}

/// The file reads back as it was written, and a wrong cell is a difference.
pub fn selftest() -> Result<()> {
    let text = "[versions]\nfirefox = \"1\"\n[snippet.none.firefox]\nRX = [\"a\"]\nrace.b = [\"\", \"R\"]\n";
    let mut expected = Expected::parse(text)?;
    anyhow::ensure!(Expected::parse(&expected.to_toml())? == expected, "{}", expected.to_toml());
    let cell = |text| parsed(text);
    let run = "snippet.none.firefox";
    let right = Cells::from([("a".into(), cell("RX")?), ("b".into(), cell("R")?), ("c".into(), cell("")?)]);
    anyhow::ensure!(expected.differences(run, &right).is_empty(), "{:?}", expected.differences(run, &right));
    let wrong = Cells::from([("a".into(), cell("R")?), ("b".into(), cell("K")?), ("c".into(), cell("X")?)]);
    anyhow::ensure!(expected.differences(run, &wrong).len() == 3, "every wrong cell is told");
    anyhow::ensure!(
        expected.differences("snippet.all.firefox", &right).len() == 1,
        "a run must be in the file"
    );
    expected.accept(run, &wrong);
    anyhow::ensure!(expected.differences(run, &wrong).is_empty(), "what was accepted is expected");
    anyhow::ensure!(expected.differences(run, &right).len() == 2, "and a race keeps what it allowed");
    Ok(())
}
