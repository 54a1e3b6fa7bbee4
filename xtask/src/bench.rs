//! Builds for release and runs the bench program against it; what is measured is in `tests/src/bin/avow-bench`.

use crate::services::{self, Durability};
use crate::setup::{self, Scope};
use crate::shell::{cargo, root, run as run_command, step, target_dir};
use crate::widget::{self, Budget};
use anyhow::Result;
use std::process::Command;

pub fn run(arguments: &[&str]) -> Result<()> {
    let gate = arguments.first() == Some(&"gate");
    setup::run(Scope::Build)?;
    widget::run(Budget::Warns)?;
    step("build for release", || {
        let mut build = cargo();
        build.args(["build", "--release", "--package", "avow-server", "--package", "avow-tests"]);
        run_command(build.args(["--bin", "avow", "--bin", "avow-bench", "--example", "forward"]))
    })?;
    let binaries = target_dir().join("release");
    let mut bench = Command::new(binaries.join("avow-bench"));
    bench.current_dir(root()).args(arguments);
    bench.env("AVOW_BIN", binaries.join("avow")).env("AVOW_DIST", root().join("widget/dist"));
    if gate {
        bench.env("AVOW_FORWARD", binaries.join("examples/forward"));
        if let Some(nginx) = step("setup: nginx, to measure against", setup::nginx)? {
            bench.env("AVOW_NGINX", nginx);
        }
    } else if !arguments.first().is_some_and(|part| ["log", "geo"].contains(part))
        && let Some(bin) = services::postgres_bin()
    {
        // Measured as it is run: every commit on disk.
        let url = step("start PostgreSQL", || services::start_postgres(&bin, Durability::Default))?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(bin).chain(std::env::split_paths(&path));
        bench.env("AVOW_TEST_POSTGRES_URL", url).env("PATH", std::env::join_paths(path)?);
    }
    step("bench", || run_command(&mut bench))
}
