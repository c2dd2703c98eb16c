//! What was observed of a refused call: typed, and written down as a file of the corpus is.

use std::collections::BTreeMap;

use countersign_secret::{Secret, SecretText};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{Challenge, challenges};

/// Everything a rule may look at. What is not known is empty.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// What was sent.
    pub request: Request,
    /// Who sent it.
    pub client: Client,
    /// What came back.
    pub answer: Answer,
    /// The token that was sent or that came.
    pub token: Token,
    /// What the authorization server says about itself.
    pub server: Server,
    /// Clocks and connection.
    pub around: Around,
    /// How the credential is set up.
    pub profile: Profile,
}

/// Which kind of call it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// To a protected resource.
    Resource,
    /// To the token endpoint.
    #[default]
    Token,
}

/// What was sent.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// To which endpoint.
    pub call: Call,
    /// Method; empty: POST.
    pub method: String,
    /// Target.
    pub url: String,
    /// `form`, `json`, `empty`, `text`; empty: form.
    pub content: String,
    /// Content-Type; empty: the usual one.
    pub content_type: String,
    /// Names of the form's parameters, in order.
    pub parameters: Vec<String>,
    /// Names of the fields, lower case.
    pub fields: Vec<String>,
    /// What stands before the credentials in the Authorization field; empty: the field was not sent.
    pub scheme: String,
    /// Where the answer redirected to.
    pub location: String,
    /// `grant_type`.
    pub grant: String,
    /// Scope asked for.
    pub scope: String,
    /// Audience or resource asked for.
    pub audience: String,
    /// The recipe's id; empty: rfc6749.
    pub recipe: String,
    /// Whether the Authorization field was sent at the first hop and not at the last.
    pub authorization_dropped: bool,
}

/// Who sent it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// RFC 6749 §2.2.
    pub id: String,
    /// What was sent as secret, looked at here only.
    #[serde(deserialize_with = "secret")]
    pub secret: Option<SecretText>,
    /// RFC 7591 name; empty: `client_secret_basic`.
    pub method: String,
    /// `form`, `raw`, `verbatim`; empty: form.
    pub encoding: String,
    /// Header and claims of the client assertion, in one map.
    pub assertion: Map<String, Value>,
    /// Whether a client certificate was asked for, and sent; `None`: not known.
    pub certificate_sent: Option<bool>,
}

/// What came back.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// RFC 9110 §15.
    pub status: u16,
    /// Fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// `json`, `HTML`, `empty`, `text`; empty: json.
    pub kind: String,
    /// RFC 6749 §5.2, or the vendor's code.
    pub error: String,
    /// RFC 6749 §5.2, or the vendor's message.
    pub description: String,
    /// A success without a token.
    pub no_token: bool,
    /// Members of a success that bear on its token: `expires_in`, `token_type`, `scope`, `refresh_token`.
    pub members: Map<String, Value>,
}

/// The token of the call.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    /// Whether one was sent.
    pub sent: bool,
    /// JOSE header; empty: opaque.
    pub header: Map<String, Value>,
    /// Claims.
    pub claims: Map<String, Value>,
    /// What is wrong with its form, as the reader of JWTs says it.
    pub malformed: String,
    /// Granted scope.
    pub scope: String,
    /// Bytes.
    pub length: usize,
    /// `token_type`.
    pub kind: String,
    /// The issuer and the audience the credential expects; empty: any.
    pub issuer: String,
    /// See `issuer`.
    pub audience: String,
    /// Names of the keys the server publishes; empty: not known.
    pub kids: Vec<String>,
    /// Whether it was renewed just before and refused again.
    pub renewed: bool,
}

/// Metadata (RFC 8414).
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Its issuer; empty: not known.
    pub issuer: String,
    /// Grants; empty: not known.
    pub grants: Vec<String>,
    /// Client authentication methods; empty: not known.
    pub methods: Vec<String>,
    /// Scopes; empty: not known.
    pub scopes: Vec<String>,
}

/// Clocks and connection.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Around {
    /// Seconds since 1970 by our clock.
    pub now: i64,
    /// The server's clock less ours, milliseconds; `None`: not known.
    pub clock_ms: Option<i64>,
    /// The code the connection failed with; empty: it did not.
    pub failure: String,
    /// Another process renewed in the meantime.
    pub renewed_elsewhere: bool,
}

/// How the credential is set up.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Environment of the call, and of the credential; empty: none.
    pub environment: String,
    /// See `environment`.
    pub environments: Vec<String>,
    /// Whether verification of the server was off.
    pub unverified: bool,
    /// Fields the API wants, names in lower case, each with what it holds.
    pub wanted_fields: BTreeMap<String, String>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretText>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::new))
}

/// Whether text holds a word with nothing of a word beside it.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

impl Facts {
    /// Whether it was a token call.
    pub(super) fn is_token(&self) -> bool {
        self.request.call == Call::Token
    }

    /// A token call that was refused about the client.
    pub(super) fn client_refused(&self) -> bool {
        let refused = ["invalid_client", "invalidCredentials", "unauthorized"].contains(&self.answer.error.as_str());
        let empty = self.answer.kind == "empty" && self.answer.error.is_empty();
        self.is_token() && (refused || (self.answer.status == 401 && (empty || !self.is_odd())))
    }

    /// Whether the answer is none of an authorization server or an API.
    pub(super) fn is_odd(&self) -> bool {
        !matches!(self.answer.kind.as_str(), "" | "json") || self.answer.status >= 500 || self.answer.status == 429
    }

    /// A field of the answer.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.answer.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every challenge of the answer (RFC 9110 §11.6.1).
    pub(super) fn challenges(&self) -> Vec<Challenge> {
        let fields = self.answer.fields.iter().filter(|(name, _)| name == "www-authenticate");
        challenges(fields.map(|(_, value)| value.as_str()))
    }

    /// A parameter of the Bearer or DPoP challenge.
    pub(super) fn challenge(&self, name: &str) -> Option<String> {
        let all = self.challenges();
        let own = all.iter().filter(|c| c.is("Bearer") || c.is("DPoP"));
        own.filter_map(|c| c.parameter(name)).map(ToOwned::to_owned).next()
    }

    /// What the other side said, in lower case.
    pub(super) fn said(&self) -> String {
        let challenge = self.challenge("error_description").unwrap_or_default();
        format!("{} {} {challenge}", self.answer.error, self.answer.description).to_ascii_lowercase()
    }

    /// Whether the other side said this word, and not only its letters within another one.
    pub(super) fn says(&self, word: &str) -> bool {
        has_word(&self.said(), word)
    }

    /// Whose clock [`Self::server_now`] is, in words.
    pub(super) fn by_clock(&self) -> &'static str {
        if self.around.clock_ms.is_some() { "by the server's clock" } else { "by this computer's clock" }
    }

    /// Now by the server's clock, by ours where it is not known; seconds.
    pub(super) fn server_now(&self) -> i64 {
        self.around.now + self.around.clock_ms.unwrap_or_default().div_euclid(1000)
    }

    /// A number among the claims.
    pub(super) fn seconds(&self, claim: &str) -> Option<i64> {
        self.token.claims.get(claim).and_then(Value::as_i64)
    }

    /// Text of a claim.
    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.token.claims.get(name).and_then(Value::as_str)
    }

    /// Text of the JOSE header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.token.header.get(name).and_then(Value::as_str)
    }

    /// An API refused the token, or the caller.
    pub(super) fn resource_refused(&self) -> bool {
        !self.is_token() && matches!(self.answer.status, 400..=403)
    }
}
