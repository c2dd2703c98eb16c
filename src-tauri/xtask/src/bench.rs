//! `cargo xtask bench`: measurements, side by side in one run (docs/performance.md).

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::{packages, test, ui};

/// Builds everything in release and runs the benches; words after the command choose some by name.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TEST)?;
    ui::build()?;
    let features = ["--features", "countersign-desktop/custom-protocol"];
    run(cargo().args(["build", "--release", "--workspace", "--bins"]).args(features))?;
    run(cargo()
        .args(["build", "--release", "--package", "countersign-desktop", "--example", "empty_window"])
        .args(features))?;
    run(test::wrapped(&["bench", "--package", "countersign-tests", "--bench", "side_by_side", "--"]).args(arguments))
}
