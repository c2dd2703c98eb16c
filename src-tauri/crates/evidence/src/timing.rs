//! Durations of the phases of one attempt, in microseconds on one monotonic clock.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Microseconds per phase. A phase that did not happen (a reused connection) is 0, never invented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
#[serde(default)]
pub struct Timing {
    /// Reading slots from the vault.
    pub credential: u64,
    /// Obtaining the token, its own exchange included.
    pub token: u64,
    /// Resolving the name.
    pub name: u64,
    /// TCP connect.
    pub tcp: u64,
    /// ClientHello to Finished sent.
    pub tls: u64,
    /// Making the signature.
    pub sign: u64,
    /// Writing the request.
    pub request: u64,
    /// From the request written to the first byte of the response.
    pub first_byte: u64,
    /// From the first byte to the end of the content.
    pub content: u64,
    /// From the start of the attempt to its end.
    pub total: u64,
    /// Our own share of it: everything that was not waiting.
    pub overhead: u64,
}
