//! The workspace as the sidebar shows it.

use countersign_evidence::Problem;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An environment: values for sandbox, production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EnvironmentView {
    /// File name without `.toml`.
    pub name: String,
    /// The name shown.
    pub title: String,
    /// `grey`, `blue`, `green`, `amber`, `red`.
    pub colour: String,
    /// Whether mutating calls ask once.
    pub live: bool,
}

/// A request in the tree: enough to draw its row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RequestRow {
    /// Path without `.toml`, `payments/create-payment`.
    pub path: String,
    /// The name shown.
    pub name: String,
    /// Method.
    pub method: String,
}

/// A folder of requests. The root folder has an empty path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FolderView {
    /// Path, `payments`.
    pub path: String,
    /// The name shown.
    pub name: String,
    /// Folders in it, in order.
    pub folders: Vec<FolderView>,
    /// Requests in it, in order.
    pub requests: Vec<RequestRow>,
}

/// The open workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct WorkspaceView {
    /// ULID.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// Chosen environment, by file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// All environments.
    pub environments: Vec<EnvironmentView>,
    /// The tree of requests.
    pub requests: FolderView,
    /// Files that could not be read, each named with its line; the others are loaded.
    pub problems: Vec<Problem>,
    /// Whether nothing was ever done here: the first-run page shows.
    pub first_run: bool,
    /// Whether demo data of the first run is here.
    pub demo: bool,
    /// Path of the request that was open last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<String>,
}
