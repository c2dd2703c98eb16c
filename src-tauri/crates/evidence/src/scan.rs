//! What a server offers, as a scan found it: the document `countersign.scan/1`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Finding, Timestamp};

/// The schema name of this version.
pub const SCAN_SCHEMA: &str = "countersign.scan/1";

/// The document `countersign.scan/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Scan {
    /// `countersign.scan/1`.
    pub schema: String,
    /// `host:port`.
    pub endpoint: String,
    /// The name asked for.
    pub server_name: String,
    /// Wall clock at the start.
    pub started_at: Timestamp,
    /// One sentence: what was found.
    pub title: String,
    /// What is worth reading, most serious first.
    pub findings: Vec<Finding>,
    /// Every version, newest first.
    pub versions: Vec<ScannedVersion>,
    /// Groups for the key exchange.
    pub groups: Vec<ScannedGroup>,
    /// Whether the server's order of groups counts; absent where there is one group or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_in_server_order: Option<bool>,
    /// Signature schemes of the handshake, as far as they can be seen without keys: those of TLS 1.2.
    pub signature_schemes: Vec<String>,
    /// The rest, by name.
    pub features: Vec<ScannedFeature>,
    /// ClientHellos sent.
    pub probes: u64,
    /// Microseconds from the first to the last.
    pub duration_us: u64,
}

/// One version of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ScannedVersion {
    /// `TLS 1.3`.
    pub name: String,
    /// Whether the server speaks it.
    pub accepted: bool,
    /// What it said: `alert protocol_version`; `6 suites` where it speaks it.
    pub answer: String,
    /// Its cipher suites, in the order in which they are chosen.
    pub suites: Vec<ScannedSuite>,
    /// Whether that order is the server's; absent where there is one suite or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_order: Option<bool>,
}

/// One cipher suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ScannedSuite {
    /// The registry's name.
    pub name: String,
    /// What speaks against it: `CBC`, `no forward secrecy`, `RC4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScannedGroup {
    /// The registry's name.
    pub name: String,
    /// Whether it withstands a quantum computer.
    pub post_quantum: bool,
}

/// Something a server does or does not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ScannedFeature {
    /// `Extended master secret`.
    pub name: String,
    /// `yes`.
    pub value: String,
}
