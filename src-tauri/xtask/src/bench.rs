//! `cargo xtask bench`: measurements, side by side in one run (docs/performance.md).

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run, say};
use crate::{packages, test, ui};

/// The scanner to compare with, from PyPI.
const SSLYZE: &str = "sslyze==6.3.1";

/// Builds everything in release and runs the benches; words after the command choose some by name.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TEST)?;
    if arguments.is_empty() || arguments.iter().any(|word| word == "scan") {
        packages::ensure(packages::BENCH)?;
        sslyze()?;
    }
    ui::build()?;
    // one set of features for all of it: each other set would be built anew
    let all = ["--workspace", "--features", test::FEATURES];
    run(cargo().args(["build", "--release", "--bins", "--example", "empty_window"]).args(all))?;
    run(test::wrapped(&["bench", "--bench", "side_by_side"]).args(all).arg("--").args(arguments))
}

/// A virtual environment of its own, made once.
fn sslyze() -> Result<()> {
    if Path::new("target/sslyze/bin/sslyze").is_file() {
        return Ok(());
    }
    say("installing sslyze into target/sslyze");
    run(Command::new("python3").args(["-m", "venv", "target/sslyze"]))?;
    run(Command::new("target/sslyze/bin/pip").args(["install", "--quiet", SSLYZE]))
}
