//! Cards and terminals of the `ni-platform` dialect: required fields, `NISrvRequest` and `NISrvResponse`, refusals with 200.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use countersign_evidence::Timestamp;
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::payments::protected;
use crate::replay::Came;
use crate::tokens::random_text;

/// Seconds a `Unique-Reference-Code` is remembered.
const REMEMBERED: i64 = 86_400;

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// `POST /SB/…`: any operation, by the name in its envelope.
pub(crate) async fn operation(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    protected(lab, request, "payments:write", |lab, parts, content| {
        let asked = serde_json::from_slice::<Value>(content).unwrap_or_default();
        let envelope = asked["NISrvRequest"].as_object().and_then(|members| members.iter().next());
        let named = envelope.and_then(|(name, request)| name.strip_prefix("request_").map(|name| (name, request)));
        let refusal =
            refused(lab, parts).or_else(|| named.is_none().then_some(("104", "The content is not an NISrvRequest")));
        let (name, request) = named.unwrap_or(("unknown", &Value::Null));
        let mut reply = request["header"].as_object().cloned().unwrap_or_default();
        let function = reply.get("msg_function").and_then(Value::as_str).unwrap_or_default();
        let function = function.replacen("REQ_", "REP_", 1);
        reply.insert("msg_function".into(), function.into());
        let (status, code, description) = match refusal {
            Some((code, description)) => ("F", code, description),
            None => ("S", "000", "Success"),
        };
        let mut answer = json!({
            "header": reply,
            "exception_details": {
                "application_name": "TCC-ADP",
                "date_time": Timestamp::from_unix_seconds(lab.seconds()),
                "status": status,
                "error_code": code,
                "error_description": description,
            },
        });
        if refusal.is_none() {
            answer["body"] = json!({"reference": random_text()});
        }
        // a refusal of the business comes with 200 too
        json_answer(StatusCode::OK, &json!({"NISrvResponse": {format!("response_{name}"): answer}}))
    })
    .await
}

/// Why the platform does not act: code and description.
fn refused(lab: &Lab, parts: &Parts) -> Option<(&'static str, &'static str)> {
    let field = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).filter(|v| !v.is_empty());
    if field("financial-id").is_none() {
        return Some(("101", "Financial-Id is missing"));
    }
    let Some(reference) = field("unique-reference-code") else {
        return Some(("102", "Unique-Reference-Code is missing"));
    };
    let now = lab.seconds();
    let first = lab.references.judge(reference, now + REMEMBERED, now) == Came::First;
    (!first).then_some(("103", "Unique-Reference-Code was used before"))
}

/// `POST /ngenius-webapi/payments/push/v1/{tid}/{mid}/{action}`
pub(crate) async fn terminal(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    protected(lab, request, "payments:write", |_, parts, _| {
        let chain = parts.headers.get("chain-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if chain.is_empty() {
            let body = json!({"resultCode": "999911", "resultDescription": "Invalid Chain-ID"});
            return json_answer(StatusCode::UNAUTHORIZED, &body);
        }
        let action = parts.uri.path().rsplit('/').next().unwrap_or_default();
        json_answer(StatusCode::OK, &json!({"resultCode": "0", "resultDescription": "Success", "action": action}))
    })
    .await
}
