//! Headers, sizes, names, white space, paths of this machine, and migrations that only grow.

use super::{File, Finding};
use crate::shell::{capture, root, succeeds};
use anyhow::Result;
use std::collections::BTreeMap;
use std::process::Command;

/// Lines without tests, from which a file must be split.
const HARD_LINES: usize = 600;
/// Where that is worth a word.
const SOFT_LINES: usize = 400;
/// Words that say nothing about what a file does.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "manager"];
/// Where packages come from, in lock files.
const REGISTRIES: [&str; 2] =
    ["https://registry.npmjs.org/", "registry+https://github.com/rust-lang/crates.io-index"];

pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.is_a("rs") {
        rust(file, &mut findings);
    }
    if is_lock(&file.path) {
        lock(file, &mut findings);
    } else {
        layout(file, &mut findings);
    }
    machine_paths(file, &mut findings);
    findings
}

fn rust(file: &File, findings: &mut Vec<Finding>) {
    if !file.text.starts_with("//!") {
        findings.push(Finding::new(file, 1, "does not start with `//!` and its one job"));
    }
    let lines = file.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    if lines > HARD_LINES {
        findings.push(Finding::new(file, 0, format!("{lines} lines without tests, more than {HARD_LINES}")));
    } else if lines > SOFT_LINES {
        println!(
            "    {}: {lines} lines without tests, more than {SOFT_LINES}; think of splitting it",
            file.path
        );
    }
    let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if EMPTY_NAMES.contains(&name) {
        findings.push(Finding::new(file, 0, format!("`{name}` says nothing: name the file by its job")));
    }
}

fn layout(file: &File, findings: &mut Vec<Finding>) {
    let verbatim = file.path.contains("/testdata/")
        || file.path.contains("/snapshots/")
        || file.path.contains("/vendor/");
    if verbatim || file.path.starts_with("LICENSE") || file.text.is_empty() {
        return;
    }
    for (at, line) in file.text.lines().enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            findings.push(Finding::new(file, at + 1, "white space at the end of the line"));
        }
        if line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") {
            findings.push(Finding::new(file, at + 1, "a merge was left unfinished"));
        }
    }
    if !file.text.ends_with('\n') {
        findings.push(Finding::new(file, 0, "does not end with a line end"));
    }
}

/// A lock file names public registries only, or none.
fn lock(file: &File, findings: &mut Vec<Finding>) {
    for (at, line) in file.text.lines().enumerate() {
        let line = line.trim();
        let source = line.strip_prefix("\"resolved\": \"").or_else(|| line.strip_prefix("source = \""));
        if source.is_some_and(|source| !REGISTRIES.iter().any(|registry| source.starts_with(registry))) {
            findings.push(Finding::new(
                file,
                at + 1,
                "a package from somewhere else than the public registry",
            ));
        }
    }
}

/// Where this copy lies, and whose home it is, are nobody's business.
fn machine_paths(file: &File, findings: &mut Vec<Finding>) {
    let here = root().to_string_lossy().into_owned();
    let home = std::env::var("HOME").unwrap_or_default();
    let private = [here, home].into_iter().filter(|path| path.len() > 1);
    for path in private {
        let path = format!("{}/", path.trim_end_matches('/'));
        for (at, line) in file.text.lines().enumerate() {
            if line.contains(&path) {
                findings.push(Finding::new(file, at + 1, "names a path of this machine"));
            }
        }
    }
}

fn is_lock(path: &str) -> bool {
    path.ends_with("Cargo.lock") || path.ends_with("package-lock.json")
}

/// Migrations are numbered without gaps, and every database has the same ones.
pub fn check_migrations(files: &[File]) -> Vec<Finding> {
    let mut dialects: BTreeMap<&str, Vec<(&str, &File)>> = BTreeMap::new();
    for file in files {
        if let Some((dialect, name)) = migration(&file.path) {
            dialects.entry(dialect).or_default().push((name, file));
        }
    }
    let mut findings = Vec::new();
    let names = |list: &[(&str, &File)]| list.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let first = dialects.values().next().map(|list| names(list)).unwrap_or_default();
    for list in dialects.values_mut() {
        list.sort_by_key(|(name, _)| *name);
        for (at, (name, file)) in list.iter().enumerate() {
            if !name.starts_with(&format!("{:04}_", at + 1)) {
                findings.push(Finding::new(file, 0, format!("the number must be {:04}", at + 1)));
            }
            if !first.contains(&(*name).to_owned()) {
                findings.push(Finding::new(file, 0, "the other database has no migration of this name"));
            }
        }
        if list.len() < first.len() {
            findings.push(Finding::new(list[0].1, 0, "the other database has more migrations"));
        }
    }
    findings
}

/// A migration that was released has run somewhere: it may not change any more.
pub fn check_released_migrations(files: &[File]) -> Result<Vec<Finding>> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(root()).args(arguments);
        git
    };
    let tags = capture(&mut git(&["tag", "--list", "v*", "--sort=-v:refname"]))?;
    let Some(tag) = tags.lines().next() else { return Ok(Vec::new()) };
    let released = capture(&mut git(&["ls-tree", "-r", "--name-only", tag, "migrations"]))?;
    let mut findings = Vec::new();
    for path in released.lines().filter(|path| migration(path).is_some()) {
        if !succeeds(&mut git(&["diff", "--quiet", tag, "--", path])) {
            let gone = File { path: path.to_owned(), text: String::new() };
            let file = files.iter().find(|file| file.path == path).unwrap_or(&gone);
            findings.push(Finding::new(
                file,
                0,
                format!("was released with {tag}: add a new migration instead"),
            ));
        }
    }
    Ok(findings)
}

/// The database and the name of a migration.
fn migration(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("migrations/")?.strip_suffix(".sql")?.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_rust_file_says_its_job_and_stays_small() {
        assert!(check(&file("a/b.rs", "//! One job.\n")).is_empty());
        assert_eq!(check(&file("a/b.rs", "fn main() {}\n")).len(), 1);
        let long = format!("//! One job.\n{}", "// line\n".repeat(HARD_LINES));
        assert_eq!(check(&file("a/b.rs", &long)).len(), 1);
        let tests = format!("//! One job.\n#[cfg(test)]\n{}", "// line\n".repeat(HARD_LINES));
        assert!(check(&file("a/b.rs", &tests)).is_empty());
        assert_eq!(check(&file("a/utils.rs", "//! One job.\n")).len(), 1);
    }

    #[test]
    fn a_lock_names_public_registries_only() {
        let other = "      \"resolved\": \"https://mirror.example/esbuild.tgz\",\n";
        assert_eq!(check(&file("widget/package-lock.json", other)).len(), 1);
        let public = "      \"resolved\": \"https://registry.npmjs.org/esbuild.tgz\",\n";
        assert!(check(&file("widget/package-lock.json", public)).is_empty());
    }

    #[test]
    fn paths_of_this_machine_are_found() {
        let text = format!("see {}/target\n", root().display());
        assert_eq!(check(&file("docs/a.md", &text)).len(), 1);
    }

    #[test]
    fn both_databases_have_the_same_numbered_migrations() {
        let same =
            [file("migrations/sqlite/0001_first.sql", ""), file("migrations/postgres/0001_first.sql", "")];
        assert!(check_migrations(&same).is_empty());
        let gap =
            [file("migrations/sqlite/0002_first.sql", ""), file("migrations/postgres/0002_first.sql", "")];
        assert_eq!(check_migrations(&gap).len(), 2);
        let one =
            [file("migrations/sqlite/0001_first.sql", ""), file("migrations/postgres/0001_other.sql", "")];
        assert!(!check_migrations(&one).is_empty());
    }
}
