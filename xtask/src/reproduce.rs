//! Builds the widget a second time from a copy of the sources elsewhere and compares the bytes.

use crate::shell::{root, target_dir};
use crate::{toolchain, widget};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// All that the widget's build reads. The longer path would show in the bytes if a path got into them.
const SOURCES: [&str; 6] = ["Cargo.toml", "Cargo.lock", "shared", "verify", "widget", "xtask/vectors"];

pub fn run() -> Result<()> {
    let Some(toolchain) = toolchain::find() else {
        bail!("no toolchain for WebAssembly: run `cargo xtask setup`")
    };
    let here = target_dir().join("reproduce/at/a/longer/path");
    if here.exists() {
        fs::remove_dir_all(&here)?;
    }
    for source in SOURCES {
        copy(&root().join(source), &here.join(source))?;
    }
    keep_members(&here)?;
    let dist = here.join("dist");
    widget::build(&toolchain, &here, &here.join("target"), &dist)?;
    if !widget::same_files(&dist, &root().join("widget/dist")) {
        bail!("two builds of the widget differ: compare {} with widget/dist", dist.display());
    }
    fs::remove_dir_all(&here).context("remove the copy")
}

/// Only the copied packages are members of the copied workspace.
fn keep_members(workspace: &Path) -> Result<()> {
    let manifest = workspace.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    let kept = text.lines().map(|line| {
        if let Some(members) = line.strip_prefix("members = ") {
            // What stands between the first and the second quotation mark, the third and the fourth, and so on.
            let members = members.split('"').skip(1).step_by(2);
            let copied = members.filter(|member| workspace.join(member).join("Cargo.toml").exists());
            format!("members = {:?}", copied.collect::<Vec<_>>())
        } else if line.starts_with("default-members = ") {
            String::new()
        } else {
            line.to_owned()
        }
    });
    let kept = kept.collect::<Vec<_>>().join("\n") + "\n";
    fs::write(manifest, kept)?;
    Ok(())
}

/// Copies a file or a folder, without what was built or installed in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::copy(from, to)?;
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if name != "node_modules" && name != "dist" && name != "target" {
            copy(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}
