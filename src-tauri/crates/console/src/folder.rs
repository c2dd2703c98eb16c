//! Where this person's files lie on this machine: one data folder, one configuration folder.
//!
//! The environment is a parameter ([`Surroundings`]); nothing here reads it and nothing is made before it is written to.

use std::path::{Path, PathBuf};

/// What the environment says about folders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_DATA_HOME`; counts where it is absolute (XDG Base Directory Specification).
    pub xdg_data_home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`; counts where it is absolute.
    pub xdg_config_home: Option<PathBuf>,
    /// `LOCALAPPDATA`, on Windows.
    pub local_app_data: Option<PathBuf>,
    /// `APPDATA`, on Windows.
    pub app_data: Option<PathBuf>,
}

/// Our folder in each of them.
const OURS: &str = "countersign";

impl Surroundings {
    /// The data folder: `$XDG_DATA_HOME/countersign`, `~/Library/Application Support/countersign`, `%LOCALAPPDATA%\countersign`.
    pub fn data_root(&self) -> Option<PathBuf> {
        self.root(&self.xdg_data_home, &self.local_app_data, ".local/share")
    }

    /// The configuration folder.
    pub fn config_root(&self) -> Option<PathBuf> {
        self.root(&self.xdg_config_home, &self.app_data, ".config")
    }

    fn root(&self, xdg: &Option<PathBuf>, windows: &Option<PathBuf>, below_home: &str) -> Option<PathBuf> {
        let absolute = |path: &Option<PathBuf>| path.as_ref().filter(|path| path.is_absolute()).cloned();
        let home = absolute(&self.home);
        let base = if cfg!(windows) {
            absolute(windows)
        } else if cfg!(target_os = "macos") {
            home.map(|home| home.join("Library/Application Support"))
        } else {
            absolute(xdg).or_else(|| home.map(|home| home.join(below_home)))
        };
        base.map(|base| base.join(OURS))
    }
}

/// The data folder and the configuration folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    root: PathBuf,
    config: PathBuf,
}

impl DataFolder {
    /// Over these two folders, which may be one.
    pub fn new(root: PathBuf, config: PathBuf) -> Self {
        Self { root, config }
    }

    /// The data folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration folder itself.
    pub fn config_root(&self) -> &Path {
        &self.config
    }

    /// The workspace used when no other is named.
    pub fn workspace_default(&self) -> PathBuf {
        self.root.join("workspaces").join("default")
    }

    /// What is one person's of a workspace: vault backend, slot generations, the chosen environment.
    pub fn state_file(&self, workspace_id: &str) -> PathBuf {
        let plain = workspace_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let name = if plain && !workspace_id.is_empty() { workspace_id } else { "unnamed" };
        self.root.join("state").join(format!("{name}.toml"))
    }

    /// Sealed vault files.
    pub fn vaults(&self) -> PathBuf {
        self.root.join("vaults")
    }

    /// Advisory locks between processes.
    pub fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// The history.
    pub fn history_db(&self) -> PathBuf {
        self.root.join("history.db")
    }

    /// Contents by their SHA-256.
    pub fn content(&self) -> PathBuf {
        self.root.join("content")
    }

    /// Where exports go when no other place is named.
    pub fn exports(&self) -> PathBuf {
        self.root.join("exports")
    }

    /// Preferences of this person.
    pub fn preferences(&self) -> PathBuf {
        self.config.join("preferences.toml")
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{DataFolder, Surroundings};

    #[test]
    #[cfg(target_os = "linux")]
    fn the_xdg_folders_count_where_they_are_absolute() {
        let home = Surroundings { home: Some("/home/mara".into()), ..Surroundings::default() };
        assert_eq!(home.data_root(), Some("/home/mara/.local/share/countersign".into()), "the specification's default");
        assert_eq!(home.config_root(), Some("/home/mara/.config/countersign".into()), "the specification's default");
        let set = Surroundings { xdg_data_home: Some("/data".into()), xdg_config_home: Some("conf".into()), ..home };
        assert_eq!(set.data_root(), Some("/data/countersign".into()), "as set");
        assert_eq!(set.config_root(), Some("/home/mara/.config/countersign".into()), "a relative path is ignored");
        assert_eq!(Surroundings::default().data_root(), None, "no home, no folder");
    }

    #[test]
    fn every_place_lies_in_its_folder() {
        let folder = DataFolder::new("/d".into(), "/c".into());
        assert_eq!(folder.state_file("01jz8q4t6v"), PathBuf::from("/d/state/01jz8q4t6v.toml"));
        assert_eq!(folder.workspace_default(), PathBuf::from("/d/workspaces/default"));
        assert_eq!(folder.preferences(), PathBuf::from("/c/preferences.toml"));
        assert_eq!(folder.state_file("../../x"), PathBuf::from("/d/state/unnamed.toml"), "an id never leads elsewhere");
    }
}
