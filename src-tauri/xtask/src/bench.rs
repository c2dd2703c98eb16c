//! `cargo xtask bench`: measurements, side by side in one run (docs/performance.md).

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::{packages, test, ui};

/// Builds everything in release and runs the benches; words after the command choose some by name.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TEST)?;
    ui::build()?;
    // one set of features for all of it: each other set would be built anew
    let all = ["--workspace", "--features", test::FEATURES];
    run(cargo().args(["build", "--release", "--bins", "--example", "empty_window"]).args(all))?;
    run(test::wrapped(&["bench", "--bench", "side_by_side"]).args(all).arg("--").args(arguments))
}
