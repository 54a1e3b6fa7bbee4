//! The rules of `ARCHITECTURE.md` and `CONTRIBUTING.md` that no compiler checks.
//!
//! Read next: `tidy/arrows.rs` (who may name what), `tidy/prose.rs` (paths in documents), `tidy/files.rs` (the rest).

mod arrows;
mod files;
mod prose;

use crate::shell::{capture, root};
use anyhow::{Result, bail};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

/// One file that is, or is about to be, in the repository.
pub struct File {
    /// From the workspace's root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn is_a(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// One broken rule.
pub struct Finding {
    path: String,
    /// From 1; 0 is the whole file.
    line: usize,
    rule: String,
}

impl Finding {
    pub fn new(file: &File, line: usize, rule: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, rule: rule.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

pub fn run() -> Result<()> {
    let files = files()?;
    let mut findings = Vec::new();
    for file in &files {
        findings.extend(files::check(file));
        findings.extend(arrows::check(file));
        findings.extend(prose::check(file, &files));
    }
    findings.extend(files::check_migrations(&files));
    findings.extend(files::check_released_migrations(&files)?);
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} broken rules", findings.len());
    }
    println!("    tidy: {} files", files.len());
    Ok(())
}

/// The text files that git knows or would add.
fn files() -> Result<Vec<File>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut files = Vec::new();
    for path in capture(&mut git)?.split('\0').filter(|path| !path.is_empty()) {
        let file = root().join(path);
        // A deleted file is listed until the deletion is recorded; a binary one has no text.
        if let Some(text) = fs::read(&file).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}
