//! Demonstrating proof of possession (RFC 9449): a proof for one request.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::SecretText;
use serde::Serialize;

use crate::{Error, JwtKey};

/// What a proof is for.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// The request's method.
    pub method: &'a str,
    /// Its target; query and fragment are left out (RFC 9449 §4.2).
    pub target: &'a str,
    /// Now by the server's clock, seconds since 1970.
    pub now: i64,
    /// Unique.
    pub jti: &'a str,
    /// What the server asked to be put in (RFC 9449 §8).
    pub nonce: Option<&'a str>,
    /// The access token that goes along to a protected resource.
    pub access_token: Option<&'a SecretText>,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
}

/// The value of the `DPoP` field.
///
/// # Errors
/// [`Error::Key`]: the key does not sign.
pub fn proof(key: &JwtKey, of: &Proof<'_>) -> Result<SecretText, Error> {
    let htu = of.target.split(['?', '#']).next().unwrap_or(of.target);
    let ath = of.access_token.map(|token| hashed(token.expose_secret()));
    key.sign("dpop+jwt", true, &Claims { jti: of.jti, htm: of.method, htu, iat: of.now, nonce: of.nonce, ath })
}

/// SHA-256, base64url (RFC 9449 §4.2 `ath`; RFC 7636 §4.2 `S256`).
pub(crate) fn hashed(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}
