//! `cargo xtask run`: from a clone to the first signed request.

use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run as execute, say, succeeds};
use crate::{packages, ui};

/// Builds and opens the window; without a display, the tour in the terminal.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if !has_display() {
        say("there is no display here: running the tour in the terminal instead of the window");
        return tour();
    }
    packages::ensure(packages::BUILD)?;
    ui::build()?;
    execute(
        cargo()
            .args(["run", "--package", "countersign-desktop", "--features", "custom-protocol"])
            .args(["--bin", "countersign-desktop"])
            .args(arguments),
    )
}

/// The main job in the terminal, with secrets in memory where no keychain answers.
fn tour() -> Result<()> {
    packages::ensure(packages::COMPILE)?;
    execute(cargo().args(["build", "--package", "countersign-cli"]))?;
    let program = "target/debug/countersign";
    let mut tour = Command::new(program);
    tour.arg("tour");
    if !succeeds(program, &["vault", "status"]) {
        say("no keychain answers here: the demo secret stays in memory (--vault memory)");
        tour.args(["--vault", "memory"]);
    }
    execute(&mut tour)
}

fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}
