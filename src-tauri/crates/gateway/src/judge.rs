//! Judging a request to the protected API: the token on every request, the signature where there is one.

use std::sync::atomic::Ordering;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::config::Dialect;
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::signature;
use crate::tokens::Refused;

/// Accepted: what was proved, in words.
pub(crate) struct Accepted {
    pub(crate) words: String,
}

/// Refused: the answer, and in words.
pub(crate) struct Denied {
    pub(crate) response: Response,
    pub(crate) words: String,
    pub(crate) on_purpose: bool,
}

fn challenge(lab: &Lab, status: StatusCode, challenge: &str, body: &Value) -> Response {
    let mut body = body.clone();
    if lab.dialect == Dialect::Ngenius {
        body["errors"] = json!([{"message": body["title"]}]);
    }
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response();
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// The token (signature, `exp`, `iss`, `aud`, scope; RFC 6750 §3.1), then the message signature.
pub(crate) fn judge(lab: &Lab, parts: &Parts, content: &[u8], scope: &str) -> Result<Accepted, Box<Denied>> {
    let mut words = token(lab, parts, scope)?;
    match signature::check(lab, parts, content) {
        signature::Checked::Absent if lab.signature_required.load(Ordering::Relaxed) => {
            let body = json!({"title": "signature missing", "status": 401, "error": "signature_required"});
            return Err(denied(
                challenge(lab, StatusCode::UNAUTHORIZED, "Signature realm=\"countersign\"", &body),
                "not signed",
                false,
            ));
        }
        signature::Checked::Absent => words.push_str(" accepted, not signed"),
        signature::Checked::Verified => words.push_str(" and signature accepted"),
        signature::Checked::Differs { body, words, on_purpose } => {
            let response = challenge(
                lab,
                StatusCode::UNAUTHORIZED,
                "Signature realm=\"countersign\", error=\"invalid_signature\"",
                &body,
            );
            return Err(denied(response, &words, on_purpose));
        }
    }
    Ok(Accepted { words })
}

/// `error_description` has no quote, no backslash and nothing outside of ASCII (RFC 6750 §3): what a client wrote into
/// its token comes back as `?` there.
fn quotable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '?' }).collect()
}

fn denied(response: Response, words: &str, on_purpose: bool) -> Box<Denied> {
    Box::new(Denied { response, words: words.to_owned(), on_purpose })
}

fn token(lab: &Lab, parts: &Parts, scope: &str) -> Result<String, Box<Denied>> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) else {
        let body = json!({"title": "no token", "status": 401});
        return Err(denied(
            challenge(lab, StatusCode::UNAUTHORIZED, "Bearer realm=\"countersign\"", &body),
            "no token",
            false,
        ));
    };
    if lab.has(FaultGroup::Token, "unauthorized-storm") {
        return Err(denied(StatusCode::UNAUTHORIZED.into_response(), "refused without a reason", true));
    }
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let revoked = lab.has(FaultGroup::Token, "token-revoked");
    let verified = match token {
        Some(_) if revoked => Err(Refused::Revoked),
        Some(token) => lab.tokens.verify(token, &lab.issuer, &lab.base_url, lab.seconds()),
        None => Err(Refused::Malformed),
    };
    let claims = verified.map_err(|refused| {
        let description = quotable(&refused.description());
        let value =
            format!("Bearer realm=\"countersign\", error=\"invalid_token\", error_description=\"{description}\"");
        let body = json!({"title": description, "status": 401, "error": "invalid_token"});
        let on_purpose = revoked || matches!(refused, Refused::Audience { .. } | Refused::UnknownKid { .. });
        denied(challenge(lab, StatusCode::UNAUTHORIZED, &value, &body), &refused.judged(), on_purpose)
    })?;
    if claims.scope.split(' ').any(|granted| granted == scope) {
        return Ok("token".into());
    }
    let value = format!("Bearer realm=\"countersign\", error=\"insufficient_scope\", scope=\"{scope}\"");
    let body = json!({"title": "insufficient scope", "status": 403, "error": "insufficient_scope", "scope": scope});
    let narrowed = lab.has(FaultGroup::Token, "scope-narrowed");
    Err(denied(challenge(lab, StatusCode::FORBIDDEN, &value, &body), &format!("{scope} missing"), narrowed))
}
