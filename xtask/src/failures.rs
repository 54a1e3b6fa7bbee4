//! What tests said when they failed, to be said again at the end: the run of a workspace is thousands of lines long.

use crate::shell;
use anyhow::Result;
use std::process::Command;

/// Of one failure, so many lines and bytes of each are said again.
const LINES: usize = 10;
const WIDTH: usize = 900;

/// Runs tests with their output shown, and after them, if some failed, shows again why.
pub fn run(tests: &mut Command) -> Result<()> {
    let mut failures = Failures::default();
    let done = shell::run_and_read(tests, |line| failures.read(line));
    if !failures.found.is_empty() {
        println!("\n==> what failed");
        for line in &failures.found {
            println!("    {line}");
        }
    }
    done
}

/// Reads the output of libtest and of what imitates it.
#[derive(Default)]
struct Failures {
    found: Vec<String>,
    /// How many lines of the failure that is being read may still be taken.
    left: usize,
}

impl Failures {
    fn read(&mut self, line: &str) {
        let heading = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----"));
        if let Some(name) = heading {
            self.left = LINES;
            self.found.push(name.strip_suffix(" stdout").unwrap_or(name).to_owned());
        } else if line == "failures:" || line.starts_with("test result:") {
            self.left = 0;
        } else if self.left > 0 && !line.trim().is_empty() {
            self.left -= 1;
            let end = line.floor_char_boundary(WIDTH);
            self.found.push(format!("  {}", &line[..end]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_found_with_its_reason() {
        let mut failures = Failures::default();
        let wide = "é".repeat(WIDTH);
        let output = format!(
            "test one ... FAILED\ntest two ... ok\n\nfailures:\n\n---- one stdout ----\nassertion failed: 1 > 2\n\n\
             ---- chromium::three ----\n{wide}\n\nfailures:\n    one\n    chromium::three\n\ntest result: FAILED. 1 passed"
        );
        output.lines().for_each(|line| failures.read(line));
        let cut = format!("  {}", "é".repeat(WIDTH / 2));
        assert_eq!(failures.found, ["one", "  assertion failed: 1 > 2", "chromium::three", &cut]);
    }
}
