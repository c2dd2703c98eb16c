//! Rules on dependencies and files that no lint knows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, output, say};

/// One TLS and JOSE provider, no C library of another one, no run-time download of either.
const BANNED: &[&str] = &["ring", "openssl-sys", "native-tls"];

/// Says every broken rule at once.
pub(crate) fn check() -> Result<()> {
    let mut broken = Vec::new();
    for banned in BANNED {
        if tree(&["--workspace", "--prefix", "none", "--format", "{p}"])?
            .lines()
            .any(|line| line.split(' ').next() == Some(banned))
        {
            broken.push(format!("`{banned}` is in the tree: aws-lc-rs is the one provider"));
        }
    }
    for member in fs::read_dir("src-tauri/crates").context("src-tauri/crates")? {
        let name = member?.file_name().to_string_lossy().into_owned();
        let package = format!("countersign-{name}");
        let needs =
            tree(&["--package", &package, "--prefix", "none", "--format", "{p}", "--edges", "normal,build,dev"])?;
        if needs.lines().any(|line| line.split(' ').next() == Some("tauri")) {
            broken.push(format!("`{package}` depends on tauri: only the root package may"));
        }
    }
    broken.extend(undocumented_dependencies()?);
    broken.extend(shell_size()?);
    if broken.is_empty() {
        say("rules: one provider, tauri in the root only, every dependency has its line, the shell is small");
        return Ok(());
    }
    bail!("broken rules:\n  {}", broken.join("\n  "));
}

fn tree(arguments: &[&str]) -> Result<String> {
    output(cargo().args(["tree", "--quiet", "--locked"]).args(arguments))
}

/// Each direct dependency has a line in docs/dependencies.md.
fn undocumented_dependencies() -> Result<Vec<String>> {
    let page = fs::read_to_string("docs/dependencies.md").context("docs/dependencies.md")?;
    let manifest = fs::read_to_string("Cargo.toml").context("Cargo.toml")?;
    let names = manifest
        .lines()
        .skip_while(|line| !line.starts_with("[workspace.dependencies]"))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name.trim()))
        .filter(|name| !name.starts_with("countersign-") && !name.starts_with('#'));
    Ok(names
        .filter(|name| !page.contains(&format!("`{name}`")))
        .map(|name| format!("`{name}` has no line in docs/dependencies.md"))
        .collect())
}

/// The shell knows no protocol, so it stays small.
fn shell_size() -> Result<Option<String>> {
    let mut lines = 0;
    for file in rust_files(Path::new("src-tauri/src"))? {
        lines += fs::read_to_string(&file)?.lines().count();
    }
    Ok((lines > 1200).then(|| format!("the desktop shell has {lines} lines; 1,200 is the most")))
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
