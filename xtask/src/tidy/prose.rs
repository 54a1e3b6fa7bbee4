//! Paths that documents name must exist.

use super::{File, Finding};
use crate::shell::{root, succeeds};
use std::path::Path;
use std::process::Command;

pub fn check(file: &File, files: &[File]) -> Vec<Finding> {
    // History names what was, too.
    if !file.is_a("md") || file.path == "CHANGELOG.md" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut fenced = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            for path in quoted(line).into_iter().chain(links(line)).filter(|path| is_path(path, files)) {
                if !exists(&file.path, path) {
                    findings.push(Finding::new(file, at + 1, format!("`{path}` does not exist")));
                }
            }
        }
    }
    findings
}

/// What stands between single backticks.
fn quoted(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Where Markdown links of this line lead, without the part after `#`.
fn links(line: &str) -> Vec<&str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()).collect()
}

/// Whether words in a document are meant as a path of this repository.
fn is_path(word: &str, files: &[File]) -> bool {
    if word.is_empty() || word.chars().any(|c| !c.is_ascii_alphanumeric() && !"._-/".contains(c)) {
        return false;
    }
    match word.split_once('/') {
        // Below a folder that exists at the top.
        Some((top, _)) => {
            files.iter().any(|file| file.path.split_once('/').is_some_and(|(folder, _)| folder == top))
        }
        None => Path::new(word).extension().is_some_and(|extension| extension == "md"),
    }
}

/// From the root, from the document's folder, or made by a build.
fn exists(document: &str, path: &str) -> bool {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    if root().join(path).exists() || root().join(folder).join(path).exists() {
        return true;
    }
    succeeds(Command::new("git").current_dir(root()).args(["check-ignore", "--quiet", path]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        let files = [File { path: "xtask/src/main.rs".to_owned(), text: String::new() }];
        check(&File { path: "docs/a.md".to_owned(), text: text.to_owned() }, &files).len()
    }

    #[test]
    fn a_named_path_must_exist() {
        assert_eq!(found("See `xtask/src/main.rs` and `Cargo.toml`.\n"), 0);
        assert_eq!(found("See `xtask/src/gone.rs`.\n"), 1);
        assert_eq!(found("See [this](xtask/gone.md#part).\n"), 1);
        assert_eq!(found("See `GONE.md`.\n"), 1);
    }

    #[test]
    fn other_words_are_no_paths() {
        assert_eq!(found("`text/html`, `/v1/consents`, `a/{b}`, <https://example.org/a.md>\n"), 0);
        assert_eq!(found("```sh\ncat `xtask/src/gone.rs`\n```\n"), 0);
    }

    #[test]
    fn what_a_build_makes_may_be_named() {
        assert_eq!(found("Look into `target/doc/index.html`.\n"), 0);
    }
}
