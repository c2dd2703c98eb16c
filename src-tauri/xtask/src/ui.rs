//! The window's pages: packages, build, types.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{cargo, has, run};

/// npm in a folder of the project.
pub(crate) fn npm(folder: &str, arguments: &[&str]) -> Result<()> {
    if !has("npm") {
        bail!("Node.js with npm is needed (version 20 or later): https://nodejs.org");
    }
    run(Command::new("npm").args(["--prefix", folder]).args(arguments))
}

/// Installs exactly what the lock file names, when it is not there yet or the lock file is newer.
pub(crate) fn install(folder: &str) -> Result<()> {
    let stamp = Path::new(folder).join("node_modules/.package-lock.json");
    let lock = Path::new(folder).join("package-lock.json");
    let time = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    if time(&stamp).is_some() && time(&stamp) >= time(&lock) {
        return Ok(());
    }
    npm(folder, &["ci", "--no-audit", "--no-fund"])
}

/// Builds the pages into `ui/dist`.
pub(crate) fn build() -> Result<()> {
    install("ui")?;
    npm("ui", &["run", "build"])
}

/// Makes the TypeScript types of the boundary again.
pub(crate) fn types() -> Result<()> {
    run(cargo().args(["test", "--quiet", "--package", "countersign-evidence", "--lib", "export_bindings"]))?;
    run(cargo().args(["test", "--quiet", "--package", "countersign-console", "--lib", "export_bindings"]))
}
