//! Exchanges as the inspector and the history show them.

use countersign_evidence::{Event, Exchange, Finding, Handshake, Ladder, Story, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One exchange with its ladder; attempts oldest first, the last one is the document itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ExchangeView {
    /// The document.
    pub evidence: Exchange,
    /// Its ladder.
    pub ladder: Ladder,
    /// Ladders of earlier attempts, oldest first.
    pub previous: Vec<Ladder>,
    /// The request it was sent from, when one was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_path: Option<String>,
    /// The environment it was sent in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The entry of the local gateway's log that judged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_seen: Option<u64>,
}

/// The handshake of the connection an exchange used, as its page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct HandshakeView {
    /// With messages, the names of the key schedule, and the checks; absent where there was no TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Handshake>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Story>,
    /// Where the secrets left memory: when they were last known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept_after: Option<Timestamp>,
}

/// What streams to the host while a send goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum SendProgress {
    /// The exchange's id, first of all, so that it can be cancelled.
    Started {
        /// ULID.
        exchange: String,
    },
    /// A step changed.
    Step {
        /// The change.
        event: Event,
    },
}

/// What streams to the host while a scan goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum ScanProgress {
    /// Its id, first of all, so that it can be cancelled as a send is.
    Started {
        /// ULID.
        scan: String,
    },
    /// More probes ended.
    Probes {
        /// So many by now.
        ended: u64,
    },
}

/// One row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct HistoryRow {
    /// ULID.
    pub exchange: String,
    /// When it started.
    pub started_at: Timestamp,
    /// Method; `TLS` for an inspection.
    pub method: String,
    /// Host with port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Status, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Microseconds.
    pub duration_us: u64,
    /// `Trusted`, `Trusted, 1 finding`, `Not trusted`, `Not checked`, or empty where TLS was not reached.
    pub verdict: String,
    /// First code or finding id, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The verdict sentence.
    pub title: String,
    /// Environment name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Credential name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// A page of the history, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct HistoryPage {
    /// Rows.
    pub rows: Vec<HistoryRow>,
    /// How many match in all.
    pub total: u64,
    /// Exchanges kept at most.
    pub bound_exchanges: u64,
    /// Bytes of content kept at most.
    pub bound_bytes: u64,
    /// Bytes of content kept now.
    pub bytes: u64,
    /// Pass as `before` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One compared value of two exchanges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ComparedValue {
    /// `Handshake`, `Token`, `Signature`, `Response`.
    pub group: String,
    /// What is compared.
    pub name: String,
    /// In the older exchange.
    pub left: String,
    /// In the newer exchange.
    pub right: String,
    /// Whether they differ.
    pub differs: bool,
}

/// Two exchanges side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Comparison {
    /// The values, in order.
    pub values: Vec<ComparedValue>,
    /// What it comes to, one sentence.
    pub sentence: String,
}

/// Where two signature bases part, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Parted {
    /// Line, counted from 1.
    pub line: usize,
    /// Its component.
    pub component: String,
    /// Index of the first differing character in the line.
    pub at: usize,
    /// Our line.
    pub ours: String,
    /// Their line.
    pub theirs: String,
    /// What most likely happened; empty: nothing known fits.
    pub cause: String,
    /// What to do.
    pub fix: String,
}

/// Why an exchange was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DiagnosisView {
    /// Which one.
    pub exchange: String,
    /// Its title.
    pub title: String,
    /// Causes, the most certain first.
    pub causes: Vec<Finding>,
    /// Checked, and not the cause.
    pub ruled_out: Vec<String>,
}
