//! `cargo xtask bench`: measurements, side by side in one run (docs/performance.md).

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::{packages, test, ui};

/// Builds everything in release and runs the benches; words after the command choose some by name.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TEST)?;
    ui::build()?;
    run(cargo().args(["build", "--release", "--workspace", "--bins", "--features", "countersign-desktop/custom-protocol"]))?;
    run(test::wrapped(&["bench", "--package", "countersign-tests", "--bench", "side_by_side", "--"]).args(arguments))
}
