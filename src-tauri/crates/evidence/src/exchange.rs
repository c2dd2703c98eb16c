//! One exchange: everything that was observed between "send" and the last byte of the answer.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    Acceptance, CertificateView, Explained, Finding, Handshake, PathView, Problem, Signature, Timestamp, Timing, Token,
    Verdict,
};

/// The schema name of this version.
pub const SCHEMA: &str = "countersign.evidence/1";

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Outcome {
    /// The server answered, with whatever status; for an inspection: the handshake completed.
    Answered,
    /// Cancelled by the user.
    Cancelled,
    /// No answer came; `error` says why.
    Failed,
    /// We did not send; `error` says why.
    RefusedByUs,
}

/// Where secrets rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SecretStore {
    /// macOS keychain.
    MacosKeychain,
    /// Memory of this process.
    Memory,
    /// A file sealed under a passphrase.
    Passphrase,
    /// The Secret Service of the desktop session.
    SecretService,
    /// Windows Credential Manager.
    WindowsCredentialManager,
}

impl SecretStore {
    /// The name shown to a person.
    pub fn words(self) -> &'static str {
        match self {
            SecretStore::MacosKeychain => "Keychain",
            SecretStore::Memory => "memory",
            SecretStore::Passphrase => "passphrase vault",
            SecretStore::SecretService => "Secret Service",
            SecretStore::WindowsCredentialManager => "Credential Manager",
        }
    }
}

/// Which credential an exchange used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, rename = "CredentialUse")]
pub struct CredentialView {
    /// Its name: the file name without `.toml`.
    pub name: String,
    /// Where its slots rest.
    pub store: SecretStore,
    /// Which slots were read; empty when the token was reused and nothing was signed.
    pub slots: Vec<String>,
}

/// The socket an attempt used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ConnectionView {
    /// ULID.
    pub id: String,
    /// When the connect began.
    pub opened_at: Timestamp,
    /// Whether an earlier request had used it.
    pub reused: bool,
    /// Resolved addresses in the order tried.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The address that answered, with port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

/// A field line: name and value, redacted.
pub type FieldLine = (String, String);

/// Content by reference: never inline in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ContentView {
    /// Bytes.
    pub length: u64,
    /// `sha256:…` in hex; absent when nothing was kept.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Media type, where one was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Why the content is not, or not wholly, kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<String>,
}

/// The request as sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct RequestView {
    /// RFC 9110 method.
    pub method: String,
    /// Target URI, without userinfo and with known query secrets struck.
    pub target: String,
    /// `HTTP/1.1`, `HTTP/2`; absent when nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Fields in order, redacted.
    pub fields: Vec<FieldLine>,
    /// What was sent as content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentView>,
    /// Whether a byte of it left this machine.
    pub sent: bool,
}

/// The response as received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ResponseView {
    /// RFC 9110 status code.
    pub status: u16,
    /// The reason phrase registered for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields in order, redacted.
    pub fields: Vec<FieldLine>,
    /// What came as content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentView>,
}

/// Why a handshake failed, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RootCause {
    /// The sentence.
    pub sentence: String,
    /// What was tried to find out.
    #[serde(default)]
    pub probes: Vec<String>,
}

/// Why an attempt was followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum AttemptReason {
    /// The server asked for a DPoP nonce.
    DpopNonce,
    /// The response was a redirect.
    Redirect,
    /// It gave the ticket that the next connection resumes from.
    Resumption,
    /// The token was refused and renewed.
    TokenRenewed,
}

/// An earlier attempt of the same exchange: the same members, and why it was not the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Attempt {
    /// Why another followed.
    pub reason: AttemptReason,
    /// What was observed.
    #[serde(flatten)]
    pub exchange: Exchange,
}

/// The document `countersign.evidence/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Exchange {
    /// `countersign.evidence/1`.
    pub schema: String,
    /// ULID.
    pub exchange: String,
    /// For `tour --json`: which step of the tour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tour_step: Option<String>,
    /// Wall clock at the start.
    pub started_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// One sentence: what happened.
    pub title: String,
    /// Which credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialView>,
    /// Which socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionView>,
    /// What was negotiated; absent for plain HTTP and where no TLS was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Handshake>,
    /// The chain: as sent, then the anchor from its store.
    #[serde(default)]
    pub certificates: Vec<CertificateView>,
    /// The verdict on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What is worth reading, most specific first.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Who accepts this chain: this console, and models of other verifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<Vec<Acceptance>>,
    /// Every path, best first, where there is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<PathView>>,
    /// The chain once more, with what its certificates point at; only where somebody asked for it to be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Box<Explained>>,
    /// What was checked and is not the cause, in words.
    #[serde(default)]
    pub ruled_out: Vec<String>,
    /// For a failed handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<RootCause>,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// The signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestView>,
    /// The response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseView>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// Which step the error belongs to; the cause row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_step: Option<crate::Step>,
    /// Microseconds per phase.
    pub timing: Timing,
    /// Earlier attempts, oldest first.
    #[serde(default)]
    pub previous_attempts: Vec<Attempt>,
}

impl Exchange {
    /// An empty document of this schema version.
    pub fn new(id: impl Into<String>, started_at: Timestamp) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            exchange: id.into(),
            tour_step: None,
            started_at,
            outcome: Outcome::Failed,
            title: String::new(),
            credential: None,
            connection: None,
            handshake: None,
            certificates: Vec::new(),
            verdict: None,
            findings: Vec::new(),
            acceptance: None,
            paths: None,
            explained: None,
            ruled_out: Vec::new(),
            root_cause: None,
            token: None,
            signature: None,
            request: None,
            response: None,
            error: None,
            failed_step: None,
            timing: Timing::default(),
            previous_attempts: Vec::new(),
        }
    }
}
