//! Holds the shared code in WebAssembly to the recorded answers that the native code is held to as well.

use crate::shell::{capture, root, target_dir};
use crate::toolchain;
use crate::widget::compile;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The runners, each with cases `NAME.json` and answers `NAME.answers.json`.
const RUNNERS: [&str; 2] = ["decisions", "log"];
/// Reads the cases, writes the answers.
const SCRIPT: &str = "const fs = require('node:fs'); const shared = require(process.argv[1]); \
    process.stdout.write(shared[process.argv[3]](fs.readFileSync(process.argv[2], 'utf8')));";

pub fn run() -> Result<()> {
    let Some(toolchain) = toolchain::find() else {
        bail!("no toolchain for WebAssembly: run `cargo xtask setup`")
    };
    let bound = compile(&toolchain, &root(), &target_dir().join("widget"), "avow-vectors", "nodejs")?;
    RUNNERS.iter().try_for_each(|runner| answers_alike(&bound.join("avow_vectors.js"), runner))
}

fn answers_alike(module: &Path, runner: &str) -> Result<()> {
    let testdata = root().join("shared/testdata");
    let mut node = Command::new("node");
    node.args(["-e", SCRIPT]).arg(module).arg(testdata.join(format!("{runner}.json"))).arg(runner);
    let answers: Value = serde_json::from_str(&capture(&mut node)?)
        .with_context(|| format!("{runner}: read the answers of WebAssembly"))?;
    let recorded = fs::read_to_string(testdata.join(format!("{runner}.answers.json")))
        .with_context(|| format!("{runner}: read the recorded answers"))?;
    let recorded: Value = serde_json::from_str(&recorded)?;
    match first_difference(&answers, &recorded) {
        None => println!("    {runner}: {} cases answered alike", recorded.as_array().map_or(0, Vec::len)),
        Some((answer, expected)) => {
            bail!("{runner}: WebAssembly answered\n{answer}\nand not the recorded\n{expected}")
        }
    }
    Ok(())
}

fn first_difference(answers: &Value, recorded: &Value) -> Option<(Value, Value)> {
    if answers == recorded {
        return None;
    }
    let (Some(left), Some(right)) = (answers.as_array(), recorded.as_array()) else {
        return Some((answers.clone(), recorded.clone()));
    };
    let longest = left.len().max(right.len());
    let at = |values: &[Value], index: usize| values.get(index).cloned().unwrap_or(Value::Null);
    (0..longest).map(|index| (at(left, index), at(right, index))).find(|(left, right)| left != right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_case_that_differs_is_shown() {
        assert_eq!(first_difference(&json!([1, 2]), &json!([1, 2])), None);
        assert_eq!(first_difference(&json!([1, 2]), &json!([1, 3])), Some((json!(2), json!(3))));
        assert_eq!(first_difference(&json!([1]), &json!([1, 3])), Some((Value::Null, json!(3))));
    }
}
