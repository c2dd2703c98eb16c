//! A chain explained: every path, everything wrong on it, and who would accept it. `countersign.explain/1`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CertificateView, Finding, Verdict};

/// The schema name of [`Explained`].
pub const EXPLAIN_SCHEMA: &str = "countersign.explain/1";

/// One way from the end entity to an anchor, or to where it ends without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct PathView {
    /// Indices into `certificates[]`, end entity first, without the anchor.
    pub certificates: Vec<u32>,
    /// Subject of the anchor; absent where no store has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<String>,
    /// Label of the store that holds the anchor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// Whether nothing on it refuses.
    pub accepted: bool,
    /// Everything that refuses it, most specific first.
    pub problems: Vec<Finding>,
}

/// What one set of rules says of the chain. All but this console are models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Acceptance {
    /// `countersign`, `openssl_strict`, `go`, `browser`.
    pub verifier: String,
    /// Its name in words.
    pub name: String,
    /// Whether it accepts.
    pub accepts: bool,
    /// Why, in a sentence.
    pub sentence: String,
    /// The id of the finding that makes it refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}

/// The document of `certificate explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Explained {
    /// `countersign.explain/1`.
    pub schema: String,
    /// One sentence: the answer.
    pub title: String,
    /// What to do; empty where nothing has to be done.
    pub fix: String,
    /// Yes or no.
    pub verdict: Verdict,
    /// The chain as given, then fetched issuers, then the anchor of the best path.
    pub certificates: Vec<CertificateView>,
    /// Every path, best first.
    pub paths: Vec<PathView>,
    /// Of the best path: what refuses it, then notes.
    pub findings: Vec<Finding>,
    /// Who accepts this chain.
    pub acceptance: Vec<Acceptance>,
    /// The chain as it should be sent, RFC 7468; absent where it cannot be made or is right already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fullchain: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo of each certificate of the best path, base64.
    pub pins: Vec<String>,
    /// What was fetched for it, because somebody asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetched: Vec<Fetched>,
}

/// One document that a certificate points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Fetched {
    /// `issuer`, `crl`, `ocsp`.
    pub kind: String,
    /// Where it was asked for.
    pub url: String,
    /// Of which certificate; an index into `certificates`.
    pub certificate: u32,
    /// Whether it came.
    pub ok: bool,
    /// In words: `1,024 bytes`, or why there is none.
    pub says: String,
}
