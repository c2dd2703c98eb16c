//! Credentials and tokens without their secrets.

use countersign_evidence::{Fact, Finding, Timestamp, Token, TokenOrigin};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use crate::workspace::GrantFile;

/// Whether a slot holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SlotState {
    /// Nothing stored on this machine.
    Empty,
    /// Stored; `fingerprint` tells two apart.
    Stored,
    /// The store cannot be asked now; the vault's state says why.
    Unknown,
}

/// One secret slot of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct SlotView {
    /// `client_secret`, `api_key`, `signing_key`.
    pub name: String,
    /// What it is, in words: `client secret`, `Ed25519 signing key`.
    pub title: String,
    /// Whether it is filled.
    pub state: SlotState,
    /// Where it rests, a sentence: `Stored in Secret Service`.
    pub place: String,
    /// Keyed fingerprint, 8 hex digits; not a hash of the secret alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// When it was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_at: Option<Timestamp>,
    /// Things noticed at entry, for example a line break at the end.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// A credential: what the API's owner gave you.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct CredentialView {
    /// File name without `.toml`.
    pub name: String,
    /// The name shown.
    pub title: String,
    /// `oauth2`, `client-certificate`.
    pub kind: String,
    /// Environments it belongs to; empty: all.
    pub environments: Vec<String>,
    /// Hosts it may be sent to.
    pub allowed_hosts: Vec<String>,
    /// Recipe id.
    pub recipe: String,
    /// Token endpoint, templates kept.
    pub token_endpoint: String,
    /// Token endpoint with templates resolved; absent while they have no value (gateway stopped).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_resolved: Option<String>,
    /// Issuer, when one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// RFC 6749 §2.2.
    pub client_id: String,
    /// RFC 7591 name.
    pub token_endpoint_auth_method: String,
    /// `form`, `raw`, `verbatim`.
    pub basic_encoding: String,
    /// Whether the encoding makes a difference for this id and secret; absent while the secret is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_encoding_matters: Option<bool>,
    /// `client_credentials`.
    pub grant_type: String,
    /// Scope asked for.
    pub scope: String,
    /// The rest of its grant.
    pub grant: GrantFile,
    /// Its client certificate, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ClientCertificateView>,
    /// Slots.
    pub slots: Vec<SlotView>,
    /// When an exchange used it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// Its token in the chosen environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenRow>,
    /// What is worth knowing of how it is set up.
    pub findings: Vec<Finding>,
    /// Requests that name it.
    pub used_by: Vec<String>,
    /// Whether it is the demo of the first run.
    pub demo: bool,
}

/// A client certificate: what a server will see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClientCertificateView {
    /// Subject.
    pub subject: String,
    /// Issuer: a server that names acceptable issuers has to name this one, or one above it.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// `EC P-256`, `RSA 2048`.
    pub key: String,
    /// Begin of its validity.
    pub not_before: Timestamp,
    /// End of its validity.
    pub not_after: Timestamp,
    /// `89 d left`, or `expired …`.
    pub life: String,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Subjects of the certificates sent above it.
    pub above: Vec<String>,
    /// What a server will object to.
    pub findings: Vec<Finding>,
}

/// Which credential an imported client certificate becomes or belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct CertificateForm {
    /// A present credential that gets it; absent: a new one of kind `client-certificate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
    /// The name shown; the file name of a new one is made from it.
    pub title: String,
    /// Hosts it may be shown to.
    pub allowed_hosts: Vec<String>,
    /// Environments; empty: all.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// What the add and edit form sends. No secret: those go by `credential_set_secret`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct CredentialForm {
    /// The present name, when an existing credential is edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
    /// The name shown; the file name is made from it.
    pub title: String,
    /// Recipe id.
    pub recipe: String,
    /// Token endpoint.
    pub token_endpoint: String,
    /// RFC 6749 §2.2.
    pub client_id: String,
    /// RFC 7591 name.
    pub token_endpoint_auth_method: String,
    /// `form`, `raw`, `verbatim`.
    pub basic_encoding: String,
    /// Scope.
    pub scope: String,
    /// Hosts it may be sent to, besides the token endpoint's.
    pub allowed_hosts: Vec<String>,
    /// Environments; empty: all.
    pub environments: Vec<String>,
    /// Issuer; absent: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `grant_type`, or a short name of it; absent: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The rest of the grant; absent: as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantFile>,
}

/// A token of the engine: state and deadlines, for lists and countdowns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct TokenRow {
    /// Credential name.
    pub credential: String,
    /// Environment name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The token as it may be shown.
    pub token: Token,
    /// Milliseconds until it is renewed, at the moment this was made; negative: past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews_in_ms: Option<i64>,
    /// Milliseconds until it dies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<i64>,
    /// Its whole life in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_ms: Option<i64>,
    /// Why it is in this state, in words.
    pub reason: String,
    /// How many exchanges used this generation.
    pub uses: u64,
    /// Authorization server.
    pub authorization_server: String,
    /// Client authentication, wire name.
    pub client_authentication: String,
    /// Clock difference to the authorization server in milliseconds, and its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockView>,
    /// Generations and why each was obtained, newest first.
    pub generations: Vec<Generation>,
    /// The newest exchanges that were sent with it, of whatever generation, newest first.
    pub last_uses: Vec<TokenUse>,
    /// Registered claims explained: name = claim, value = meaning of its value.
    pub claims_explained: Vec<Fact>,
    /// What is odd about it.
    pub findings: Vec<Finding>,
}

impl Eq for TokenRow {}

/// One token of a key's past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct Generation {
    /// Counts from 1.
    pub generation: u64,
    /// When it was obtained, or the attempt failed.
    pub at: Timestamp,
    /// `first use`, `renewed before expiry`, `the server refused generation 2`, `on request`.
    pub reason: String,
    /// The exchange that obtained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// Whether it failed.
    pub failed: bool,
    /// Obtained, renewed or taken over; absent: it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<TokenOrigin>,
    /// Its whole life in milliseconds, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_ms: Option<i64>,
}

/// One exchange that was sent with a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct TokenUse {
    /// Its id.
    pub exchange: String,
    /// When it began.
    pub at: Timestamp,
    /// Of the token.
    pub generation: u64,
    /// Method.
    pub method: String,
    /// The target as it may be shown.
    pub target: String,
    /// The saved request, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_path: Option<String>,
    /// What came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// A clock difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ClockView {
    /// Server minus ours, milliseconds.
    pub difference_ms: i64,
    /// Plus or minus, milliseconds.
    pub error_ms: i64,
}

/// What an authorization server says about itself (RFC 8414).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ServerView {
    /// As it was typed; it may hold a template.
    pub issuer: String,
    /// RFC 8414 §2.
    pub token_endpoint: String,
    /// RFC 8705 §5; empty: none of its own.
    pub mtls_token_endpoint: String,
    /// RFC 7517; may be empty.
    pub jwks_uri: String,
    /// RFC 7591 names; empty: it says nothing, and `client_secret_basic` is meant.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Grants.
    pub grant_types_supported: Vec<String>,
    /// Scopes.
    pub scopes_supported: Vec<String>,
    /// Its other endpoints, as they go into a credential.
    pub grant: GrantFile,
}

/// Whether a token is signed by a published key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum SignedView {
    /// By the one named.
    Yes,
    /// By none.
    No,
    /// An algorithm that is not known here, or an opaque token.
    Unknown,
}

/// A token held against the keys its issuer publishes (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct VerificationView {
    /// The outcome.
    pub signed: SignedView,
    /// The same in a sentence.
    pub sentence: String,
    /// Where the keys stand.
    pub jwks_uri: String,
    /// Their names.
    pub keys: Vec<String>,
    /// When they were read.
    pub read_at: Timestamp,
    /// Whether they were read once more because the token names a key that was not among them.
    pub reread: bool,
    /// Why not, or what is odd.
    pub findings: Vec<Finding>,
}

/// What a server says about a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct IntrospectionView {
    /// Whether it may be used.
    pub active: bool,
    /// Every member, as sent.
    #[ts(type = "Record<string, unknown>")]
    pub members: std::collections::BTreeMap<String, serde_json::Value>,
}

/// What streams to the host while a person signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export, optional_fields)]
pub enum SignInProgress {
    /// Its id, first of all, so that it can be cancelled as a send is.
    Started {
        /// ULID.
        exchange: String,
    },
    /// This address is to be opened in a browser.
    Browser {
        /// The authorization request (RFC 6749 §4.1.1).
        url: String,
    },
    /// This code is to be entered on another device (RFC 8628 §3.3).
    Device {
        /// What is entered.
        user_code: String,
        /// Where.
        verification_uri: String,
        /// The same with the code in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verification_uri_complete: Option<String>,
        /// Until when.
        expires_at: Timestamp,
    },
    /// The browser came back; the token is asked for.
    Answered,
}
