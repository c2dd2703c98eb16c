//! A token that somebody pasted: read and explained, its signature withheld.

use countersign_evidence::{Fact, Fault, Finding, Problem, Timestamp};
use countersign_oauth::diagnosis::{Around, Facts, Token, diagnose};
use countersign_oauth::{Jwks, explain_claims, view};
use countersign_secret::SecretText;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::view::SignedView;

/// A JWT as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenText {
    /// `countersign.token/1`.
    pub schema: &'static str,
    /// First 8 hex digits of the SHA-256 of the token.
    pub fingerprint: String,
    /// JOSE header.
    pub header: Map<String, Value>,
    /// Claims.
    pub claims: Map<String, Value>,
    /// Registered claims explained.
    pub explained: Vec<Fact>,
    /// What an API would have against it, and what is odd about it, the most certain first.
    pub findings: Vec<Finding>,
    /// Whether one of the keys that were given signed it; absent: none were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedView>,
    /// The name of that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

/// Reads a JWT strictly (RFC 7515 §2, RFC 7519 §4), judges it by the time `now`, and looks among these keys, a JWKS, for the
/// one that signed it.
///
/// # Errors
/// `jwt.malformed` with the part and the place; an opaque token is said to be one. Keys that cannot be read.
pub fn inspect_token(token: &SecretText, now: Timestamp, jwks: Option<&[u8]>) -> Result<TokenText, Problem> {
    let text = token.expose_secret().trim();
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    let read = view(text).map_err(|e| {
        Problem::new("jwt.malformed", Fault::Caller, "this is not a JWT", e.to_string())
            .with_citation("RFC 7519", "7.2")
            .with_hint("An opaque token cannot be read: ask the authorization server by introspection (RFC 7662).")
    })?;
    let keys = jwks.map(Jwks::read).transpose().map_err(|reason| {
        Problem::new("token.no_keys", Fault::Caller, "the keys cannot be read", reason)
            .with_citation("RFC 7517", "5")
            .with_hint("Give the document that stands at the issuer's jwks_uri.")
    })?;
    let seen = keys.as_ref().map(|keys| keys.verify(text));
    let kids = keys.iter().flat_map(Jwks::kids).map(ToOwned::to_owned).collect();
    let facts = Facts {
        token: Token {
            kids,
            sent: true,
            header: read.header.clone(),
            claims: read.claims.clone(),
            length: text.len(),
            ..Token::default()
        },
        around: Around { now: now.unix_seconds(), ..Around::default() },
        ..Facts::default()
    };
    let mut findings = seen.as_ref().map(|seen| seen.findings.clone()).unwrap_or_default();
    for finding in diagnose(&facts).findings {
        if !findings.iter().any(|known| known.id == finding.id) {
            findings.push(finding);
        }
    }
    Ok(TokenText {
        schema: "countersign.token/1",
        fingerprint: countersign_secret::token_fingerprint(token),
        explained: explain_claims(&read),
        findings,
        signed: seen.as_ref().map(|seen| seen.signed.into()),
        signed_by: seen.and_then(|seen| seen.kid),
        header: read.header,
        claims: read.claims,
    })
}
