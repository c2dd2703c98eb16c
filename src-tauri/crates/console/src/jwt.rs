//! A token that somebody pasted: read and explained, its signature withheld.

use countersign_evidence::{Fact, Fault, Finding, Problem, Timestamp};
use countersign_oauth::diagnosis::{Around, Facts, Token, diagnose};
use countersign_oauth::{explain_claims, view};
use countersign_secret::SecretText;
use serde::Serialize;
use serde_json::{Map, Value};

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
}

/// Reads a JWT strictly (RFC 7515 §2, RFC 7519 §4), and judges it by the time `now`.
///
/// # Errors
/// `jwt.malformed` with the part and the place; an opaque token is said to be one.
pub fn inspect_token(token: &SecretText, now: Timestamp) -> Result<TokenText, Problem> {
    let text = token.expose_secret().trim();
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    let read = view(text).map_err(|e| {
        Problem::new("jwt.malformed", Fault::Caller, "this is not a JWT", e.to_string())
            .with_citation("RFC 7519", "7.2")
            .with_hint("An opaque token cannot be read: ask the authorization server by introspection (RFC 7662).")
    })?;
    let facts = Facts {
        token: Token {
            sent: true,
            header: read.header.clone(),
            claims: read.claims.clone(),
            length: text.len(),
            ..Token::default()
        },
        around: Around { now: now.unix_seconds(), ..Around::default() },
        ..Facts::default()
    };
    Ok(TokenText {
        schema: "countersign.token/1",
        fingerprint: countersign_secret::token_fingerprint(token),
        explained: explain_claims(&read),
        findings: diagnose(&facts).findings,
        header: read.header,
        claims: read.claims,
    })
}
