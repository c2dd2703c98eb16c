//! Orders in the `ngenius` dialect: vendor media types, minor units, HAL links.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::payments::protected;
use crate::tokens::random_text;

/// The vendor's media type of the payment service.
const PAYMENT: &str = "application/vnd.ni-payment.v2+json";

fn errors(status: StatusCode, message: &str) -> Response {
    let body = json!({"message": message, "code": status.as_u16(), "errors": [{"message": message}]});
    (status, [(header::CONTENT_TYPE, PAYMENT)], body.to_string()).into_response()
}

/// `POST /transactions/outlets/{outlet}/orders`
pub(crate) async fn create(State(lab): State<Arc<Lab>>, Path(_outlet): Path<String>, request: Request) -> Response {
    protected(lab, request, "payments:write", |lab, parts, content| {
        let field = |name| parts.headers.get(name).and_then(|v: &header::HeaderValue| v.to_str().ok()).unwrap_or_default();
        if !field(header::CONTENT_TYPE).starts_with(PAYMENT) {
            return errors(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type");
        }
        if !field(header::ACCEPT).contains(PAYMENT) {
            return errors(StatusCode::NOT_ACCEPTABLE, "Not acceptable");
        }
        let Ok(order) = serde_json::from_slice::<Value>(content) else {
            return errors(StatusCode::BAD_REQUEST, "The content is not JSON");
        };
        let action = order["action"].as_str().unwrap_or_default();
        if !["SALE", "AUTH", "PURCHASE"].contains(&action) {
            return errors(StatusCode::UNPROCESSABLE_ENTITY, "action must be SALE, AUTH or PURCHASE");
        }
        let Some(value) = order["amount"]["value"].as_u64() else {
            return errors(StatusCode::UNPROCESSABLE_ENTITY, "amount.value must be an integer in minor units");
        };
        let reference = random_text();
        let own = format!("{}{}/{reference}", lab.base_url, parts.uri.path());
        let body = json!({
            "_id": format!("urn:order:{reference}"),
            "reference": reference,
            "action": action,
            "amount": {"currencyCode": order["amount"]["currencyCode"], "value": value},
            "_links": {"self": {"href": own}, "payment": {"href": format!("{}/pay?code={}", lab.base_url, &reference[..8])}},
            "_embedded": {"payment": [{"_id": format!("urn:payment:{}", random_text()), "state": "STARTED"}]},
        });
        (StatusCode::CREATED, [(header::CONTENT_TYPE, PAYMENT)], body.to_string()).into_response()
    })
    .await
}
