//! Client assertions (RFC 7523 §2.2, §3): a JWT in the place of a secret.

use countersign_secret::SecretText;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Error, JwtKey};

/// `client_assertion_type` (RFC 7523 §2.2).
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion lives this long, seconds: servers refuse those that live longer than five minutes.
const LIFE: i64 = 60;

/// Whom an assertion is for. Servers differ: some take the issuer alone, some the token endpoint alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AssertionAudience {
    /// The issuer (RFC 7523bis and OpenID Connect Core as of 2025).
    #[default]
    Issuer,
    /// The token endpoint (OpenID Connect Core 1.0 §9 as first published).
    TokenEndpoint,
    /// Both, as an array.
    Both,
}

impl AssertionAudience {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            AssertionAudience::Issuer => "issuer",
            AssertionAudience::TokenEndpoint => "token-endpoint",
            AssertionAudience::Both => "both",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Issuer, Self::TokenEndpoint, Self::Both].into_iter().find(|one| one.name() == name)
    }

    /// The value of `aud`. Where no issuer is known, the token endpoint stands in.
    fn value(self, issuer: &str, token_endpoint: &str) -> Value {
        match self {
            _ if issuer.is_empty() => json!(token_endpoint),
            AssertionAudience::Issuer => json!(issuer),
            AssertionAudience::TokenEndpoint => json!(token_endpoint),
            AssertionAudience::Both => json!([issuer, token_endpoint]),
        }
    }
}

/// What an assertion says.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// `iss`: for client authentication the client id.
    pub issuer: &'a str,
    /// `sub`: for client authentication the client id, for the grant of RFC 7523 §2.1 who is acted for.
    pub subject: &'a str,
    /// The authorization server's issuer; may be empty.
    pub server: &'a str,
    /// Its token endpoint.
    pub token_endpoint: &'a str,
    /// Whom it is for.
    pub audience: AssertionAudience,
    /// Now by the server's clock, seconds since 1970.
    pub now: i64,
    /// Unique (RFC 7519 §4.1.7).
    pub jti: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Value,
    jti: &'a str,
    iat: i64,
    exp: i64,
}

/// Signs an assertion that lives a minute.
///
/// # Errors
/// [`Error::Key`]: the key does not sign.
pub fn assertion(key: &JwtKey, says: &Assertion<'_>) -> Result<SecretText, Error> {
    let aud = says.audience.value(says.server, says.token_endpoint);
    let (iat, exp) = (says.now, says.now.saturating_add(LIFE));
    key.sign("JWT", false, &Claims { iss: says.issuer, sub: says.subject, aud, jti: says.jti, iat, exp })
}
