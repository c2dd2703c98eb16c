//! The command table, the window's router, its permission list and the TypeScript table are equal.

use std::collections::BTreeSet;
use std::fs;

use countersign_console::command::COMMANDS;

use crate::support::root;

fn table() -> BTreeSet<String> {
    COMMANDS.iter().map(|c| c.name.to_owned()).collect()
}

#[test]
fn the_permission_list_names_every_operation_and_no_other() {
    let file = fs::read_to_string(root().join("src-tauri/permissions/console.toml")).unwrap();
    let listed: BTreeSet<String> = file
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",").map(ToOwned::to_owned))
        .collect();
    assert_eq!(listed, table(), "permissions are written by hand and must not drift");
}

#[test]
fn the_router_handles_every_operation_and_no_other() {
    let file = fs::read_to_string(root().join("src-tauri/src/commands/mod.rs")).unwrap();
    let list = file.split("generate_handler![").nth(1).unwrap().split(']').next().unwrap();
    let handled: BTreeSet<String> =
        list.split(',').filter_map(|path| path.trim().split("::").nth(1).map(ToOwned::to_owned)).collect();
    assert_eq!(handled, table(), "an operation without a handler is a dead button");
}

#[test]
fn only_one_file_of_the_pages_imports_the_window_framework() {
    let mut found = Vec::new();
    let mut folders = vec![root().join("ui/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).unwrap_or_default().contains("@tauri-apps/") {
                found.push(path.strip_prefix(root()).unwrap().display().to_string());
            }
        }
    }
    assert_eq!(found, ["ui/src/lib/ipc/tauri.ts"], "the rest sees one Transport");
}

#[test]
fn no_command_returns_secret_text() {
    for command in COMMANDS {
        assert!(!command.result.contains("Secret"), "`{}` returns {}", command.name, command.result);
    }
}
