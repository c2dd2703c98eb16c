//! `cargo xtask check`: formatting, lints, types, dependency rules.

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::test::FEATURES;
use crate::{packages, rules, ui};

/// Everything that needs no test to run.
pub(crate) fn check() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    ui::build()?;
    judge()
}

/// The same over pages that are built.
pub(crate) fn judge() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    rules::check()?;
    ui::npm("ui", &["run", "check"])?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--features", FEATURES, "--", "-D", "warnings"]))
}
