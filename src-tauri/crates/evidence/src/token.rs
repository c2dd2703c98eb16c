//! An access token as it may be shown: never the token itself.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Exchange, Timestamp};

/// Where a key's token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TokenState {
    /// None yet.
    Absent,
    /// The first one is being obtained.
    Acquiring,
    /// A refresh was sent and its answer lost; one of two tokens is current.
    Ambiguous,
    /// Cannot be obtained any more without a person.
    Dead,
    /// Past its life.
    Expired,
    /// Valid, and its successor is being obtained.
    Renewing,
    /// Usable.
    Valid,
}

/// Where the token of this exchange came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum TokenOrigin {
    /// Obtained for this exchange.
    Acquired,
    /// Taken over from another process.
    Adopted,
    /// Renewed for or during this exchange.
    Renewed,
    /// Was there.
    Reused,
}

/// The token used by an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Token {
    /// Where it stands.
    pub state: TokenState,
    /// RFC 6749 §5.1 `token_type`, as answered.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Granted scope, as answered or claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Requested scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_scope: Option<String>,
    /// When the request for it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// When it dies, counted on a clock that runs in sleep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it is renewed in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_at: Option<Timestamp>,
    /// Counts the tokens of this key.
    #[serde(default)]
    pub generation: u64,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<TokenOrigin>,
    /// First 8 hex digits of the SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// JOSE header of a JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "Record<string, unknown>")]
    pub header: Option<serde_json::Map<String, serde_json::Value>>,
    /// Claims of a JWT; the signature is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "Record<string, unknown>")]
    pub claims: Option<serde_json::Map<String, serde_json::Value>>,
    /// The exchange that obtained it, when one was made for this send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Box<Exchange>>,
}
