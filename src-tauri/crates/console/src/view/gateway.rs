//! The local gateway as its page shows it.

use countersign_evidence::{Problem, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One lesson of the zoo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ZooLesson {
    /// `expired`.
    pub id: String,
    /// `Dates`.
    pub group: String,
    /// The name that is asked for.
    pub host: String,
    /// Where it is served; absent for a chain that is only a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `An expired certificate`.
    pub title: String,
    /// What is broken.
    pub broken: String,
    /// What a client should say, and why it matters.
    pub say: String,
    /// The verdict it should come to.
    pub verdict: String,
    /// The code that should be told first; absent where nothing is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
}

/// A fault one can switch on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct FaultChoice {
    /// `certificate-expired`, with an argument where it takes one: `delay=2s`.
    pub id: String,
    /// The label: `Expired`.
    pub label: String,
    /// One sentence of effect.
    pub effect: String,
}

/// A group of faults of which one may be active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct FaultGroup {
    /// `certificate`, `token`, `signature`, `response`, `clock`.
    pub id: String,
    /// The label.
    pub label: String,
    /// Choices; the first three stand in the row, the rest in its menu.
    pub choices: Vec<FaultChoice>,
    /// The active one's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<String>,
}

/// One request the gateway saw, and how it judged it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct SeenRow {
    /// Counts from 1.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// `POST /v1/payments`.
    pub request: String,
    /// Status, when one was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `token and signature accepted`.
    pub judged: String,
    /// The exchange of this console that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
}

/// An address to copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Endpoint {
    /// `API`, `Token`, `Metadata`, `JWKS`.
    pub name: String,
    /// The address.
    pub url: String,
}

/// The gateway's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct GatewayView {
    /// Whether it runs.
    pub running: bool,
    /// `https://localhost:8443`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// API port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Why it does not run, when it was to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// `rfc`, `ngenius`.
    pub dialect: String,
    /// Dialects that can be chosen, id and label.
    pub dialects: Vec<(String, String)>,
    /// Token lifetime in seconds.
    pub token_lifetime_s: u64,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Requests seen.
    pub requests: u64,
    /// Of these refused because of an active fault.
    pub refused_on_purpose: u64,
    /// Fault groups.
    pub faults: Vec<FaultGroup>,
    /// Addresses.
    pub endpoints: Vec<Endpoint>,
    /// What it saw, newest first, bounded.
    pub seen: Vec<SeenRow>,
}
