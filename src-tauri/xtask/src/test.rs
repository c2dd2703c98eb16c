//! `cargo xtask test`: set up and run every test, the real window and the real keychain included.

use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run};
use crate::{check, fuzz, packages, ui};

/// Everything; words after the command are a filter and skip the checks.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    set_up()?;
    if arguments.is_empty() {
        check::judge()?;
        ui::npm("ui", &["test"])?;
    }
    build()?;
    run(wrapped(&["test", "--workspace", "--features", FEATURES]).arg("--").args(arguments))?;
    if arguments.is_empty() {
        fuzz::short(FUZZED)?;
    }
    Ok(())
}

/// Seconds of each fuzz target: enough to find what a change broke at once.
const FUZZED: u64 = 15;

/// Pictures of the real window into `docs/screenshots`.
pub(crate) fn shots(arguments: &[String]) -> Result<()> {
    set_up()?;
    build()?;
    let picture = ["test", "--package", "countersign-tests", "--", "--ignored", "shots::"];
    run(wrapped(&picture).args(arguments))
}

/// The desktop program serves its own pages under test.
pub(crate) const FEATURES: &str = "countersign-desktop/custom-protocol";

fn set_up() -> Result<()> {
    packages::ensure(packages::BUILD)?;
    packages::ensure(packages::TEST)?;
    ui::install("tests/peers")?;
    ui::build()
}

/// Both programs, as the tests start them.
fn build() -> Result<()> {
    run(cargo().args(["build", "--workspace", "--bins", "--features", FEATURES]))
}

/// cargo in a private session: throw-away keychain, virtual display.
pub(crate) fn wrapped(arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.args(["tests/scripts/with-keyring", "bash", "tests/scripts/with-display"]);
    command.arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}
