//! The answer to "who did the server prove to be?".

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Timestamp;

/// The verifier's yes or no, and whether there is something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum VerdictState {
    /// Verified; findings at most of severity info.
    Trusted,
    /// Verified, and something is worth reading.
    TrustedWithFindings,
    /// Refused.
    NotTrusted,
    /// Nothing was checked; `reason` says why.
    NotChecked,
}

impl VerdictState {
    /// The words shown to a person.
    pub fn words(self) -> &'static str {
        match self {
            VerdictState::Trusted => "Trusted",
            VerdictState::TrustedWithFindings => "Trusted with findings",
            VerdictState::NotTrusted => "Not trusted",
            VerdictState::NotChecked => "Not checked",
        }
    }
}

/// Which rules apply to notes on certificates: those for public CAs only under a public anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Profile {
    /// Public where the anchor is in the Mozilla set, else private.
    #[default]
    Auto,
    /// RFC 5280 and safety rules.
    Private,
    /// CA/Browser Forum rules too.
    Public,
}

/// Verdict on the chain of one handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Verdict {
    /// Yes, no, or not checked.
    pub state: VerdictState,
    /// `path.valid`, a finding's id, or `verification_off`, `plain_http`, `handshake_failed`, `work_budget`.
    pub reason: String,
    /// The label of the store that holds the root of the accepted path: `os`, `mozilla`, `gateway`, a workspace CA's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The wall-clock time the dates were judged at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// Which rules applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}
