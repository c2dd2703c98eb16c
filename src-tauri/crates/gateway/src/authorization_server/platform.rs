//! The token service of the NI platform: by GET with raw Basic, or by POST with the credentials in the form.

use axum::http::Method;
use axum::http::request::Parts;

use super::client::authenticate;
use super::form::Form;
use super::issue::{Answered, Issue};
use super::posted;
use super::refusal::bad;
use crate::DEMO_SCOPES;
use crate::families::Grant;
use crate::lab::Lab;

/// `GET` or `POST /v1/tokenkc/generate`, and the older `/oauth2/token`.
pub(crate) fn token(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    let by_get = parts.method == Method::GET;
    let form = if by_get {
        Form::default()
    } else {
        posted(parts)?;
        Form::read(&parts.headers, content)?
    };
    let client = authenticate(lab, parts, &form)?;
    if client.is_public() || !(by_get || form.get("grant_type") == Some("client_credentials")) {
        return Err(bad("unsupported_grant_type", "grant_type must be client_credentials", "grant not offered"));
    }
    let grant = Grant {
        client: client.id.to_owned(),
        subject: client.id.to_owned(),
        scope: DEMO_SCOPES.join(" "),
        ..Grant::default()
    };
    Issue::new(&client, grant).answer(lab)
}
