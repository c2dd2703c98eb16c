//! Devices without a browser (RFC 8628): they ask for a code, the lab user answers at `GET /oauth2/device`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::asked::{details, resources, scope};
use super::client::authenticate;
use super::form::Form;
use super::issue::{Answered, json_answer};
use super::pending::{Consent, DEVICE, INTERVAL};
use super::with_seen;
use crate::LAB_USER;
use crate::families::Grant;
use crate::fault::FaultGroup;
use crate::lab::Lab;

/// `POST /oauth2/device_authorization` (RFC 8628 §3.1, §3.2)
pub(crate) fn begin(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    let form = Form::read(&parts.headers, content)?;
    let client = authenticate(lab, parts, &form)?;
    let grant = Grant {
        client: client.id.to_owned(),
        subject: LAB_USER.to_owned(),
        scope: scope(form.get("scope"))?,
        resource: resources(lab, &form.all("resource"))?,
        authorization_details: details(form.get("authorization_details"))?,
        jkt: None,
    };
    let (code, device) = lab.pending().device(grant, lab.seconds());
    let page = format!("{}{}", lab.origin, lab.dialect.endpoint_path("device"));
    let body = json!({
        "device_code": code,
        "user_code": device.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", device.user_code),
        "expires_in": DEVICE,
        "interval": INTERVAL,
    });
    Ok((json_answer(StatusCode::OK, &body), format!("{}, device code", client.id)))
}

/// `GET /oauth2/device?user_code=…`: the lab user approves, or refuses with `answer=deny` (RFC 8628 §3.3).
pub(crate) async fn consent(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    let id = lab.log.next_id();
    let (parts, _) = request.into_parts();
    let form = Form::parse(parts.uri.query().unwrap_or_default()).unwrap_or_default();
    let on_purpose = lab.has(FaultGroup::Token, "consent-denied");
    let denies = on_purpose || form.get("answer") == Some("deny");
    let (status, words) = match form.get("user_code") {
        None => (StatusCode::OK, "Add ?user_code= with the code the device shows."),
        Some(code) => {
            let consent = if denies { Consent::Denied } else { Consent::Given };
            match lab.pending().consent(code, consent, lab.seconds()) {
                true if denies => (StatusCode::OK, "The device is refused."),
                true => (StatusCode::OK, "The device is approved."),
                false => (StatusCode::NOT_FOUND, "No device waits with this code."),
            }
        }
    };
    lab.saw(id, format!("GET {}", parts.uri.path()), Some(status.as_u16()), words.to_owned(), on_purpose);
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    with_seen((status, text, format!("{words}\n")).into_response(), id)
}
