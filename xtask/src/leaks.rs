//! Runs the leak matrix: builds what it drives, then the test that measures; its page is `docs/leaks.md`.

use crate::setup::{self, Scope};
use crate::shell::{cargo, run as run_command, step, target_dir};
use crate::widget::{self, Budget};
use anyhow::{Result, bail};

pub const USAGE: &str = "\
cargo xtask leaks [--quick] [--accept] [FILTER]

  --quick    the part that every test run includes
  --accept   write what is measured into tests/testdata/leaks/expected.toml, and docs/leaks.md after it
  FILTER     only tests with this in their names, e.g. firefox::snippet";

pub fn run(arguments: &[&str]) -> Result<()> {
    let (mut quick, mut accept, mut only) = (false, false, None);
    for argument in arguments {
        match *argument {
            "--quick" => quick = true,
            "--accept" => accept = true,
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            flag if flag.starts_with('-') => bail!("unknown flag `{flag}`\n\n{USAGE}"),
            filter if only.is_none() => only = Some(filter),
            second => bail!("one filter at a time, and `{second}` is a second\n\n{USAGE}"),
        }
    }
    setup::run(Scope::Everything)?;
    widget::run(Budget::Warns)?;
    step("build", || run_command(cargo().args(["build", "--package", "avow-server"])))?;
    step("leak matrix", || {
        let mut test = cargo();
        test.args(["test", "--package", "avow-tests", "--test", "leaks", "--"]).args(only);
        test.env("AVOW_BIN", target_dir().join("debug/avow"));
        for (variable, program) in setup::browsers() {
            if let Some(program) = program {
                test.env(variable, program);
            }
        }
        if !quick {
            test.env("AVOW_TEST_FULL", "1");
        }
        if accept {
            test.env("AVOW_LEAKS_ACCEPT", "1");
        }
        run_command(&mut test)
    })
}
