//! A person's folders, thrown away with the test: workspace, data folder, home.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Throw-away folders, and the environment that points a program at them.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["workspace", "data", "home", "tmp"] {
            std::fs::create_dir(sandbox.path().join(name)).unwrap();
        }
        sandbox
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn workspace(&self) -> PathBuf {
        self.path().join("workspace")
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Points a program here. The session bus stays: the throw-away keychain is on it.
    pub fn enter<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("HOME", self.path().join("home"))
            .env("XDG_DATA_HOME", self.path().join("home/data"))
            .env("XDG_CONFIG_HOME", self.path().join("home/config"))
            .env("XDG_CACHE_HOME", self.path().join("home/cache"))
            .env("TMPDIR", self.path().join("tmp"))
            .env("COUNTERSIGN_WORKSPACE", self.workspace())
            .env("COUNTERSIGN_DATA_DIR", self.data())
            .env("NO_COLOR", "1")
            .env_remove("SSLKEYLOGFILE")
            .current_dir(self.path())
    }
}
