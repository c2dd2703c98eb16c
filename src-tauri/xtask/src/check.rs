//! `cargo xtask check`: formatting, lints, types, dependency rules.

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::{packages, rules, ui};

/// Everything that needs no test to run.
pub(crate) fn check() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    rules::check()?;
    ui::build()?;
    ui::npm("ui", &["run", "check"])?;
    run(cargo()
        .args(["clippy", "--workspace", "--all-targets", "--features", "countersign-desktop/custom-protocol"])
        .args(["--", "-D", "warnings"]))
}
