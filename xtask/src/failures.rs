//! What tests said when they failed, to be said again at the end: the run of a workspace is thousands of lines long.

use crate::shell;
use anyhow::Result;
use std::process::Command;

/// Of one failure, so many lines are said again, and more from where it panicked; of each so many bytes of both ends.
const LINES: usize = 10;
const END: usize = 500;

/// Runs tests with their output shown, and after them, if some failed, shows again why.
pub fn run(tests: &mut Command) -> Result<()> {
    let mut failures = Failures::default();
    let done = shell::run_and_read(tests, |line| failures.read(line));
    if done.is_err() && failures.found.is_empty() {
        println!(
            "\n==> what failed said nothing on its standard output: a build, or a program that was ended"
        );
    } else if done.is_err() {
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
    /// Whether a failure is being read, and how many of its lines may still be taken.
    inside: bool,
    left: usize,
}

impl Failures {
    fn read(&mut self, line: &str) {
        let heading = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----"));
        if let Some(name) = heading {
            (self.inside, self.left) = (true, LINES);
            self.found.push(name.strip_suffix(" stdout").unwrap_or(name).to_owned());
        } else if line.starts_with("test result: FAILED") {
            (self.inside, self.left) = (false, 0);
            self.found.push(line.to_owned());
        } else if line == "failures:" || line.starts_with("test result:") {
            (self.inside, self.left) = (false, 0);
        } else if self.inside && line.contains("panicked at") {
            // What was printed before may have taken all lines.
            self.left = LINES / 2;
            self.found.push(format!("  {}", ends(line)));
        } else if self.left > 0 && !line.trim().is_empty() {
            self.left -= 1;
            self.found.push(format!("  {}", ends(line)));
        }
    }
}

/// A line without its middle, if it is long.
fn ends(line: &str) -> String {
    if line.len() <= 2 * END {
        return line.to_owned();
    }
    let (first, last) = (line.floor_char_boundary(END), line.ceil_char_boundary(line.len() - END));
    format!("{} … {}", &line[..first], &line[last..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_found_with_its_reason() {
        let mut failures = Failures::default();
        let (wide, printed) = ("é".repeat(2 * END), "printed\n".repeat(LINES + 5));
        let output = format!(
            "test one ... FAILED\ntest two ... ok\n\nfailures:\n\n---- one stdout ----\n{printed}thread 'one' panicked at x.rs:1:\nno\n\n\
             ---- chromium::three ----\n{wide}\n\nfailures:\n    one\n    chromium::three\n\ntest result: FAILED. 1 passed"
        );
        output.lines().for_each(|line| failures.read(line));
        let half = "é".repeat(END / 2);
        let mut expected = vec!["one".to_owned()];
        expected.extend(std::iter::repeat_n("  printed".to_owned(), LINES));
        expected.extend(
            [
                "  thread 'one' panicked at x.rs:1:",
                "  no",
                "chromium::three",
                &format!("  {half} … {half}"),
                "test result: FAILED. 1 passed",
            ]
            .map(str::to_owned),
        );
        assert_eq!(failures.found, expected);
    }
}
