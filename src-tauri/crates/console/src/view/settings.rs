//! Preferences, the vault's state, trust settings, and the status bar.

use countersign_evidence::{Problem, SecretStore};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ClockView;

/// Preferences of this person on this machine (`preferences.toml`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "snake_case")]
#[ts(export)]
pub struct Preferences {
    /// `system`, `light`, `dark`.
    pub theme: String,
    /// `compact`, `regular`, `loose`.
    pub density: String,
    /// Exchanges kept in the history.
    pub history_exchanges: u64,
    /// MiB of content kept in the history.
    pub history_mib: u64,
    /// Seconds until a request is given up, where it does not say.
    pub timeout_s: u64,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: "system".into(),
            density: "regular".into(),
            history_exchanges: 1000,
            history_mib: 256,
            timeout_s: 30,
        }
    }
}

/// Where the vault stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct VaultView {
    /// `os`, `passphrase`, `memory`.
    pub backend: String,
    /// `probing`, `available`, `locked`, `missing`, `denied`, `key_lost`, `stuck`, `passphrase_locked`, `passphrase_open`, `memory_only`.
    pub state: String,
    /// The store, when one is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<SecretStore>,
    /// The store's name: `Secret Service`.
    pub store_name: String,
    /// One sentence: `The system keychain is locked.`
    pub sentence: String,
    /// Why, and what to do, when it is not usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// Whether secrets can be read and written now.
    pub usable: bool,
    /// What can be chosen now: `unlock`, `check_again`, `passphrase`, `memory`, `os`.
    pub choices: Vec<String>,
}

/// A CA added in this workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TrustedCa {
    /// File, relative to the workspace.
    pub file: String,
    /// Subject of the certificate, or why it cannot be read.
    pub subject: String,
    /// Hosts it counts for.
    pub hosts: Vec<String>,
    /// `89 d left`, or `expired …`.
    pub life: String,
}

/// A store of trust anchors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct TrustStore {
    /// `os`, `mozilla`, as `trust_store` takes it; absent for one that cannot be switched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `Operating system`.
    pub name: String,
    /// Number of roots.
    pub roots: u64,
    /// Whether it counts.
    pub used: bool,
}

/// A pinned key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct PinView {
    /// `host` or `host:port`.
    pub host: String,
    /// SHA-256 of the SubjectPublicKeyInfo, base64.
    pub spki_sha256: String,
}

/// Trust settings of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct TrustView {
    /// Stores, in use or not.
    pub stores: Vec<TrustStore>,
    /// `auto`, `public`, `private`: which rules apply to notes on certificates.
    pub profile: String,
    /// Added CAs.
    pub ca: Vec<TrustedCa>,
    /// Pinned keys.
    pub pins: Vec<PinView>,
    /// Hosts whose chain is accepted unverified until Countersign closes.
    pub unverified: Vec<String>,
}

/// The status bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct StatusView {
    /// The vault.
    pub vault: VaultView,
    /// Clock difference to the last server that told its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockView>,
    /// `localhost:8443`, whose clock it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_origin: Option<String>,
    /// Labels of the gateway's active faults; empty: none. Absent: the gateway is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_faults: Option<Vec<String>>,
    /// Exchanges in the history.
    pub history: u64,
    /// The gateway's port while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_port: Option<u16>,
}

/// Something changed; a view that shows it reads it again. Sent over one channel, so nothing polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Change {
    /// Credentials or their slots.
    Credentials,
    /// The gateway's state, faults or log.
    Gateway,
    /// The history.
    History,
    /// Preferences.
    Preferences,
    /// The status bar.
    Status,
    /// Tokens.
    Tokens,
    /// Trust settings.
    Trust,
    /// Requests, folders, environments.
    Workspace,
}
