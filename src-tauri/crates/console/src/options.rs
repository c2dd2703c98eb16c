//! What a console is opened with: from the command line, or from the environment. The only reader of the environment.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_evidence::Timestamp;
use countersign_secret::SecretText;
use countersign_tls::Version;
use countersign_vault::Backend;

use crate::clock::Clock;
use crate::folder::Surroundings;

/// How connections of this process are made, beside what the workspace says.
#[derive(Clone, Debug, Default)]
pub struct ConnectionOptions {
    /// CA files that count for this process (`--ca`).
    pub ca: Vec<PathBuf>,
    /// Connect here instead of the target's own address (`--connect-to`); token calls are not affected.
    pub connect_to: Option<(String, u16)>,
    /// Ask for and verify this name instead of the target's (`--sni`).
    pub server_name: Option<String>,
    /// The highest version offered (`--tls-max`).
    pub max_version: Option<Version>,
    /// Accept the target's certificate whatever it is (`--accept-unverified`): this host, this process; recorded.
    pub accept_unverified: bool,
    /// Fetch what the certificates of an inspection point at (`--fetch`).
    pub fetch: bool,
    /// Inspect a second connection, which resumes the first (`--resume`).
    pub resume: bool,
    /// The credential whose client certificate an inspection shows to the server (`--client-cert`).
    pub client_certificate: Option<String>,
}

/// Everything a console is opened with.
#[derive(Clone, Default)]
pub struct Options {
    /// The workspace folder; absent: the user's default one.
    pub workspace: Option<PathBuf>,
    /// Whether a person named it for this command: then a folder that is no workspace is an error.
    pub workspace_named: bool,
    /// The data folder; absent: the system's place for it.
    pub data_dir: Option<PathBuf>,
    /// Where secrets rest; absent: as chosen before, else the OS keychain.
    pub vault: Option<Backend>,
    /// Environment of this process; absent: as chosen before.
    pub environment: Option<String>,
    /// `--var NAME=VALUE`.
    pub variables: Vec<(String, String)>,
    /// Where the wall clock of this process starts (`--at`).
    pub at: Option<Timestamp>,
    /// Another clock than the system's, so that hours of token life run in milliseconds; `at` does not count then.
    pub clock: Option<Clock>,
    /// Connections.
    pub connection: ConnectionOptions,
    /// Secrets for slots that are empty, by slot name; `None`: the recipe's first. With the memory vault only.
    pub secrets: Vec<(Option<String>, Arc<SecretText>)>,
    /// Nothing is made ready beside the opening: for a command that verifies nobody.
    pub cold: bool,
    /// Whether mutating calls go out in a live environment.
    pub allow_live: bool,
    /// Home and the system's folders.
    pub surroundings: Surroundings,
}

impl Options {
    /// From the environment alone: `COUNTERSIGN_WORKSPACE`, `COUNTERSIGN_DATA_DIR`, `COUNTERSIGN_VAULT`, `COUNTERSIGN_AT`.
    pub fn from_environment() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            workspace: path("COUNTERSIGN_WORKSPACE"),
            data_dir: path("COUNTERSIGN_DATA_DIR"),
            vault: text("COUNTERSIGN_VAULT").and_then(|name| Backend::parse(&name)),
            at: text("COUNTERSIGN_AT").and_then(|at| Timestamp::parse(&at)),
            surroundings: Surroundings {
                home: path("HOME"),
                xdg_data_home: path("XDG_DATA_HOME"),
                xdg_config_home: path("XDG_CONFIG_HOME"),
                local_app_data: path("LOCALAPPDATA"),
                app_data: path("APPDATA"),
            },
            ..Self::default()
        }
    }
}
