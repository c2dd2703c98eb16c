//! The identity service of N-Genius: a key verbatim in Basic, the vendor's media type, no form.

use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::Secret;
use serde_json::Value;

use super::client::Client;
use super::issue::{Answered, Issue, Refresh};
use super::refusal::refuse;
use crate::families::Grant;
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::{DEMO_CLIENT, DEMO_SCOPES};

/// The vendor's media type of the identity service.
const IDENTITY: &str = "application/vnd.ni-identity.v1+json";

/// `POST /identity/auth/access-token`
pub(crate) fn token(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    if parts.method != Method::POST {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", "Method not allowed", "not POST"));
    }
    let text = |name| parts.headers.get(name).and_then(|v: &header::HeaderValue| v.to_str().ok()).unwrap_or_default();
    if !text(header::CONTENT_TYPE).starts_with(IDENTITY) {
        let (status, words) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type");
        return Err(refuse(status, "unsupportedMediaType", words, "not the vendor media type"));
    }
    if !content.is_empty() && serde_json::from_slice::<Value>(content).is_err() {
        let (status, words) = (StatusCode::BAD_REQUEST, "The content is not JSON");
        return Err(refuse(status, "malformedRequest", words, "content is not JSON"));
    }
    let failed = || refuse(StatusCode::UNAUTHORIZED, "invalidCredentials", "Invalid credentials", "client refused");
    let key = text(header::AUTHORIZATION).strip_prefix("Basic ").ok_or_else(failed)?;
    if lab.has(FaultGroup::Token, "client-refused") {
        return Err(failed().on_purpose());
    }
    let issued_key = Secret::new(key.to_owned());
    let pair = Secret::new(STANDARD.encode(format!("{DEMO_CLIENT}:{}", lab.demo_secret.expose_secret())));
    if !issued_key.eq_constant_time(&lab.demo_secret) && !issued_key.eq_constant_time(&pair) {
        return Err(failed());
    }
    let client = Client { id: DEMO_CLIENT, method: "verbatim", certificate: None };
    let grant = Grant {
        client: DEMO_CLIENT.to_owned(),
        subject: DEMO_CLIENT.to_owned(),
        scope: DEMO_SCOPES.join(" "),
        ..Grant::default()
    };
    Issue { refresh: Refresh::New, ..Issue::new(&client, grant) }.answer(lab)
}
