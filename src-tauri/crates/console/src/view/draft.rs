//! A request while it is edited. The same shape is read from and written to the request's file.

use countersign_evidence::{Fact, Problem, Signature};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One field line of a draft, or one query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct DraftField {
    /// Name; may hold templates.
    pub name: String,
    /// Value; may hold templates.
    pub value: String,
    /// Kept, not sent.
    #[serde(default)]
    pub off: bool,
}

/// Which credential authorises the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct DraftAuthorization {
    /// The credential's name; `none` cuts inheritance.
    pub credential: String,
    /// A subset of the credential's scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// A request while it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct RequestDraft {
    /// Path without `.toml`; absent for a request never saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name shown.
    #[serde(default)]
    pub name: String,
    /// Method.
    pub method: String,
    /// Target URI; may hold templates.
    pub url: String,
    /// Query parameters, appended to the URI.
    #[serde(default)]
    pub query: Vec<DraftField>,
    /// Fields, in order.
    #[serde(default)]
    pub fields: Vec<DraftField>,
    /// Credential and scope; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<DraftAuthorization>,
    /// Name of the signing profile; absent: not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<String>,
    /// The credential whose client certificate is shown to the server; absent: that of the authorization, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// Media type of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Content as text; sent byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Content from a file beside the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_file: Option<String>,
    /// Seconds until the exchange is given up; absent: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<u64>,
    /// Redirects followed at most; absent: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirects: Option<u32>,
    /// `auto`, `1.1`, `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
}

/// What would be sent, computed while editing, before anything leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct RequestPreview {
    /// Target URI with templates resolved.
    pub target: String,
    /// Bytes of content.
    pub content_length: u64,
    /// Templates that have no value.
    pub unresolved: Vec<String>,
    /// Where each template got its value: name = template, value = provenance in words.
    pub variables: Vec<Fact>,
    /// The signature that would be made; its `authorization` line names the present token or says that one is obtained first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// Why it cannot be sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// A signing profile of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SigningProfileView {
    /// File name without `.toml`.
    pub name: String,
    /// `rfc9421`.
    pub scheme: String,
    /// Algorithm.
    pub alg: String,
    /// Key identifier.
    pub keyid: String,
    /// The slot of the key, `demo-client/signing_key`.
    pub key: String,
    /// Covered components.
    pub covered: Vec<String>,
    /// Signature parameters, in order.
    pub parameters: Vec<String>,
    /// `sha-256`, `sha-512`, or empty.
    pub content_digest: String,
}
