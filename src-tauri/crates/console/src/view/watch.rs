//! The watch list as hosts show it.

use countersign_evidence::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a watched certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum WatchState {
    /// More than a third of its life is left.
    Good,
    /// Less is left.
    RenewalDue,
    /// Its life is over.
    Expired,
    /// The chain is refused for another reason.
    NotTrusted,
    /// No certificate came.
    Unreachable,
}

/// One watched endpoint, looked at just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct WatchRow {
    /// `host:port`.
    pub host: String,
    /// How it stands.
    pub state: WatchState,
    /// Why, in words; empty where all is well.
    pub says: String,
    /// Of the server's own certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// When its life begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Whole days left; negative when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// From when it is to be renewed: a third of its life is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_from: Option<Timestamp>,
    /// Limits on the life of public certificates that it could not be issued under again.
    #[serde(default)]
    pub limits: Vec<String>,
}
