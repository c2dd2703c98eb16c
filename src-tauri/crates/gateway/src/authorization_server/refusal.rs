//! Refusals of the authorization server, and how each dialect writes them (RFC 6749 §5.2).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::dialect::Refusals;
use crate::lab::Lab;

/// A refusal of an endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// RFC 6749 §5.2.
    pub(crate) error: &'static str,
    pub(crate) description: String,
    /// For the list of what was seen.
    pub(crate) judged: String,
    pub(crate) on_purpose: bool,
}

impl Refusal {
    /// It is a fault's doing.
    pub(crate) fn on_purpose(self) -> Self {
        Self { on_purpose: true, ..self }
    }
}

pub(crate) fn refuse(status: StatusCode, error: &'static str, description: &str, judged: &str) -> Refusal {
    Refusal { status, error, description: description.into(), judged: judged.into(), on_purpose: false }
}

/// 400 with that error.
pub(crate) fn bad(error: &'static str, description: &str, judged: &str) -> Refusal {
    refuse(StatusCode::BAD_REQUEST, error, description, judged)
}

pub(crate) fn invalid_request(description: &str, judged: &str) -> Refusal {
    bad("invalid_request", description, judged)
}

pub(crate) fn invalid_grant(description: &str, judged: &str) -> Refusal {
    bad("invalid_grant", description, judged)
}

pub(crate) fn invalid_client(description: &str) -> Refusal {
    refuse(StatusCode::UNAUTHORIZED, "invalid_client", description, "client refused")
}

/// The characters RFC 6749 §5.2 allows in `error_description`; what the client sent may hold others.
pub(crate) fn described(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='!' | '#'..='[' | ']'..='~') { c } else { '?' }).collect()
}

/// RFC 6749 §5.1: never stored.
pub(crate) fn uncached() -> [(header::HeaderName, &'static str); 3] {
    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")]
}

/// The answer, as the dialect writes it.
pub(crate) fn written(lab: &Lab, refusal: &Refusal) -> Response {
    let standard = json!({"error": refusal.error, "error_description": described(&refusal.description)});
    let mut response = match lab.manner().refusals {
        Refusals::Standard => {
            let mut response = (refusal.status, uncached(), standard.to_string()).into_response();
            if refusal.status == StatusCode::UNAUTHORIZED {
                let challenge = HeaderValue::from_static("Basic realm=\"countersign\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
        Refusals::Ngenius => {
            let body = json!({"errors": [{"message": refusal.description, "errorCode": refusal.error}]});
            (refusal.status, uncached(), body.to_string()).into_response()
        }
        Refusals::Platform => {
            let code = if refusal.status == StatusCode::UNAUTHORIZED { "999913" } else { "999900" };
            let body = json!({"errorCode": code, "errorMessage": refusal.description});
            (refusal.status, uncached(), body.to_string()).into_response()
        }
        Refusals::Sloppy => return sloppy(refusal, &standard.to_string()),
    };
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        // RFC 9110 §15.5.6
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// What the client did decides in which of three wrong ways it is told.
fn sloppy(refusal: &Refusal, standard: &str) -> Response {
    match refusal.error {
        "invalid_client" => StatusCode::FORBIDDEN.into_response(),
        "invalid_request" => (
            StatusCode::INTERNAL_SERVER_ERROR,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Internal Server Error</h1></body></html>",
        )
            .into_response(),
        _ => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], standard.to_owned()).into_response(),
    }
}
