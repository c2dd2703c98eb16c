//! Recipes as hosts show and edit them.

use countersign_evidence::{Fact, Finding};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::ExchangeView;

/// A recipe as a form: every member a text, empty where it is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipeForm {
    /// Identifier; empty: made from the name.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// The slot its secret rests in.
    pub slot: String,
    /// Token endpoint a credential without one uses.
    pub token_endpoint: String,
    /// `GET`, `POST`, `PUT`.
    pub method: String,
    /// `basic-form`, `basic-raw`, `basic-verbatim`, or an RFC 7591 name; empty: the credential's.
    pub client_auth: String,
    /// `Accept`.
    pub accept: String,
    /// `Content-Type`.
    pub content_type: String,
    /// `empty`, `form`, `json`, `text`.
    pub content: String,
    /// For JSON and text, with `{{client_id}}`, `{{client_secret}}`, `{{grant_type}}`, `{{scope}}`, `{{audience}}`.
    pub template: String,
    /// Statuses that count as success.
    pub status: Vec<u16>,
    /// JSON pointer (RFC 6901) to the token.
    pub access_token: String,
    /// To its type.
    pub token_type: String,
    /// To its life.
    pub expires_in: String,
    /// `seconds`, `milliseconds`, `epoch-seconds`, `epoch-milliseconds`, `rfc3339`.
    pub expires_unit: String,
    /// Seconds, where the answer says no life.
    pub default_life: u64,
    /// To the refresh token.
    pub refresh_token: String,
    /// To the granted scope.
    pub scope: String,
    /// To the code of a refusal.
    pub error_code: String,
    /// To its words.
    pub error_message: String,
    /// `mint`, `refresh`.
    pub renewal: String,
}

/// A recipe in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipeView {
    /// Its values.
    pub form: RecipeForm,
    /// Part of the key of a token; an edit raises it.
    pub version: u32,
    /// Comes with Countersign, and cannot be edited.
    pub built_in: bool,
    /// Names of the credentials that use it.
    pub used_by: Vec<String>,
    /// The file.
    pub toml: String,
}

/// Somewhere a recipe may look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipeMember {
    /// RFC 6901.
    pub pointer: String,
    /// `text of 812 characters`, `number`.
    pub kind: String,
}

/// What a recipe finds in an answer. The token itself is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipeReading {
    /// Whether it finds a token.
    pub issued: bool,
    /// What it finds, in one sentence.
    pub sentence: String,
    /// Type, life, scope; of a refusal its code and words.
    pub facts: Vec<Fact>,
    /// What is odd about the answer.
    pub findings: Vec<Finding>,
    /// Where something stands in the answer.
    pub members: Vec<RecipeMember>,
}

/// A recipe tried at the real token endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct RecipeTest {
    /// The call.
    pub exchange: ExchangeView,
    /// What it found; `None`: nothing was answered.
    pub reading: Option<RecipeReading>,
}

/// One way of sending id and secret that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EncodingTry {
    /// `form`, `raw`, `verbatim`, `post`.
    pub way: String,
    /// In words.
    pub words: String,
    /// Whether a token came.
    pub issued: bool,
    /// What the server said: `a token`, `401 invalid_client`.
    pub said: String,
    /// The call.
    pub exchange: String,
}

/// Whether the encoding of id and secret is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct EncodingProbe {
    /// What it comes to.
    pub sentence: String,
    /// The way the server takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
    /// Each in its order.
    pub tried: Vec<EncodingTry>,
}
