//! The protected payments API of the `rfc` dialect: `/v1/payments`, `/v1/refunds`; and the answer faults.

use std::sync::{Arc, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use countersign_evidence::Timestamp;
use serde_json::{Value, json};

use crate::authorization_server::with_seen;
use crate::fault::{Fault, FaultGroup};
use crate::judge::judge;
use crate::lab::Lab;
use crate::listener::Closing;
use crate::tokens::random_text;

/// A payment that was accepted.
#[derive(Clone)]
pub(crate) struct Payment(pub(crate) Value);

/// Largest content that is read.
const LARGEST: usize = 16 * 1024 * 1024;
/// How long the first piece of a truncated content has to leave.
pub(crate) const FLUSH: std::time::Duration = std::time::Duration::from_millis(50);
/// Payments kept.
const KEPT: usize = 1000;

/// What a handler answers once the request is judged.
pub(crate) type Act = fn(&Lab, &Parts, &[u8]) -> Response;

/// Judges the request, applies the answer fault, writes down what was seen.
pub(crate) async fn protected(lab: Arc<Lab>, request: Request, scope: &str, act: Act) -> Response {
    let id = lab.log.next_id();
    let (parts, body) = request.into_parts();
    let what = format!("{} {}", parts.method, parts.uri.path());
    let Ok(content) = axum::body::to_bytes(body, LARGEST).await else {
        lab.saw(id, what, Some(413), "content too large".into(), false);
        return with_seen(StatusCode::PAYLOAD_TOO_LARGE.into_response(), id);
    };
    let (response, words, on_purpose) = match judge(&lab, &parts, &content, scope) {
        Ok(accepted) => match lab.fault(FaultGroup::Response) {
            Some(fault) if fault.name() == "dropped" => {
                lab.saw(id, what, None, format!("{}, fault {fault}", accepted.words), true);
                return dropped(&parts).await;
            }
            Some(fault) => (
                disturbed(&lab, &fault, &parts, &content, act).await,
                format!("{}, fault {fault}", accepted.words),
                true,
            ),
            None => (act(&lab, &parts, &content), accepted.words, false),
        },
        Err(denied) => (denied.response, denied.words, denied.on_purpose),
    };
    lab.saw(id, what, Some(response.status().as_u16()), words, on_purpose);
    with_seen(response, id)
}

async fn disturbed(lab: &Lab, fault: &Fault, parts: &Parts, content: &[u8], act: Act) -> Response {
    match fault.name() {
        "status" => {
            let status =
                fault.status().and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            (
                status,
                [(header::CONTENT_TYPE, "application/json")],
                json!({"title": "fault", "status": status.as_u16()}).to_string(),
            )
                .into_response()
        }
        "delay" => {
            tokio::time::sleep(fault.duration().unwrap_or_default()).await;
            act(lab, parts, content)
        }
        "size" => sized(fault.bytes().unwrap_or_default()),
        "truncated" => {
            let body = Body::from_stream(futures_util::stream::unfold(0, |piece| async move {
                if piece == 0 {
                    return Some((Ok(Bytes::from_static(b"{\"id\":\"pay_")), 1));
                }
                // the first piece leaves before the end comes
                tokio::time::sleep(FLUSH).await;
                Some((Err(std::io::Error::other("truncated by a fault")), 2))
            }));
            ([(header::CONTENT_TYPE, "application/json"), (header::CONTENT_LENGTH, "107")], body).into_response()
        }
        "html" => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>",
        )
            .into_response(),
        _ => act(lab, parts, content),
    }
}

/// Ends the connection instead of an answer.
pub(crate) async fn dropped(parts: &Parts) -> Response {
    if let Some(closing) = parts.extensions.get::<Closing>() {
        closing.0.cancel();
        std::future::pending::<()>().await;
    }
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// A JSON array of that many bytes, made while it is sent.
fn sized(bytes: u64) -> Response {
    const LINE: &[u8] =
        b"{\"id\":\"pay_0000000000000000\",\"status\":\"authorised\",\"amount\":1250,\"currency\":\"AED\"},\n";
    let piece = Bytes::from(LINE.repeat(600));
    let length = u64::try_from(piece.len()).unwrap_or(1);
    let stream = futures_util::stream::unfold(bytes, move |left| {
        let piece = piece.clone();
        async move {
            if left == 0 {
                return None;
            }
            let take = left.min(length);
            let part = piece.slice(..usize::try_from(take).unwrap_or(0));
            Some((Ok::<_, std::io::Error>(part), left - take))
        }
    });
    (
        [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_LENGTH, &bytes.to_string())],
        Body::from_stream(stream),
    )
        .into_response()
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn problem(status: StatusCode, title: &str) -> Response {
    json_answer(status, &json!({"title": title, "status": status.as_u16()}))
}

/// `POST /v1/payments`
pub(crate) async fn create(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    protected(lab, request, "payments:write", |lab, _, content| {
        let Ok(order) = serde_json::from_slice::<Value>(content) else {
            return problem(StatusCode::BAD_REQUEST, "the content is not JSON");
        };
        let Some(amount) = order["amount"].as_u64().filter(|amount| *amount > 0) else {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "amount must be a positive integer in minor units");
        };
        let payment = json!({
            "id": format!("pay_{}", &random_text()[..10].replace(['-', '_'], "0")),
            "status": "authorised",
            "amount": amount,
            "currency": order["currency"].as_str().unwrap_or("AED"),
            "createdAt": Timestamp::from_unix_seconds(lab.seconds()),
        });
        let mut payments = lab.payments.lock().unwrap_or_else(PoisonError::into_inner);
        if payments.len() == KEPT {
            payments.remove(0);
        }
        payments.push(Payment(payment.clone()));
        json_answer(StatusCode::CREATED, &payment)
    })
    .await
}

/// `GET /v1/payments`
pub(crate) async fn list(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    protected(lab, request, "payments:read", |lab, _, _| {
        let payments = lab.payments.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<Value> = payments.iter().rev().take(50).map(|p| p.0.clone()).collect();
        json_answer(StatusCode::OK, &json!({"payments": all}))
    })
    .await
}

/// `GET /v1/payments/{id}`; `latest` is the newest one.
pub(crate) async fn one(State(lab): State<Arc<Lab>>, Path(_id): Path<String>, request: Request) -> Response {
    protected(lab, request, "payments:read", |lab, parts, _| {
        let id = parts.uri.path().rsplit('/').next().unwrap_or_default();
        let payments = lab.payments.lock().unwrap_or_else(PoisonError::into_inner);
        let found = payments.iter().rev().find(|p| id == "latest" || p.0["id"] == id);
        found.map_or_else(|| problem(StatusCode::NOT_FOUND, "no such payment"), |p| json_answer(StatusCode::OK, &p.0))
    })
    .await
}

/// `POST /v1/refunds`
pub(crate) async fn refund(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    protected(lab, request, "payments:refund", |lab, _, content| {
        let order = serde_json::from_slice::<Value>(content).unwrap_or_default();
        let refund = json!({"id": format!("ref_{}", &random_text()[..10]), "status": "refunded", "payment": order["payment"],
            "createdAt": Timestamp::from_unix_seconds(lab.seconds())});
        json_answer(StatusCode::CREATED, &refund)
    })
    .await
}
