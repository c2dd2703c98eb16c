//! What was signed, and how.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Fact;

/// One signature of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Signature {
    /// `rfc9421` and later the other schemes of the command line.
    pub scheme: String,
    /// The signature's label in `Signature-Input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// RFC 9421 §6.2 algorithm name.
    pub alg: String,
    /// Key identifier, as the verifier looks it up.
    pub keyid: String,
    /// Covered component identifiers, in order.
    pub covered: Vec<String>,
    /// The signature base, redacted: a covered `authorization` reads `Bearer ‹token 3f9a1c2e›`.
    pub base: String,
    /// Length of the true base in bytes.
    pub base_length: u64,
    /// Base64 of the signature.
    pub value: String,
    /// `Content-Digest` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_digest: Option<String>,
    /// `Signature-Input` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_input: Option<String>,
    /// Where each covered component's value came from: name = component, value = origin in words.
    #[serde(default)]
    pub origins: Vec<Fact>,
    /// What the server said differs, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<SignatureDifference>,
}

/// The first component in which the two ends disagree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct SignatureDifference {
    /// Component identifier, `content-digest`; empty when the server did not say.
    pub component: String,
    /// Our value, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<String>,
    /// The server's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<String>,
    /// Index of the first differing character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}
