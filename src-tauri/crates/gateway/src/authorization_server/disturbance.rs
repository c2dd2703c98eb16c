//! Faults of the token endpoint that take the place of its answer, or damage it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::payments::FLUSH;

const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>";

/// Faults that answer before anything is looked at, and the one that waits.
pub(crate) async fn before(lab: &Lab) -> Option<(Response, String)> {
    let fault = lab.fault(FaultGroup::Token)?;
    let answer = match fault.name() {
        "token-delay" => {
            tokio::time::sleep(fault.duration()?).await;
            return None;
        }
        "token-rate" if lab.is_struck(fault.rate()?) => unavailable(StatusCode::SERVICE_UNAVAILABLE),
        "token-status" => unavailable(StatusCode::from_u16(fault.status()?).ok()?),
        "token-html" => (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response(),
        "rate-limited" => {
            let wait = fault.duration()?.as_secs().to_string();
            let body = json!({"error": "slow_down"}).to_string();
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)], body).into_response()
        }
        _ => return None,
    };
    Some((answer, format!("fault {fault}")))
}

fn unavailable(status: StatusCode) -> Response {
    (status, json!({"error": "temporarily_unavailable"}).to_string()).into_response()
}

/// Faults that lose or damage an answer whose work is done; `None` is no answer at all.
pub(crate) fn after(
    lab: &Lab,
    response: Response,
    judged: String,
    on_purpose: bool,
) -> (Option<Response>, String, bool) {
    let Some(fault) = lab.fault(FaultGroup::Token) else { return (Some(response), judged, on_purpose) };
    let damaged = match fault.name() {
        "token-dropped" => None,
        "token-empty" => Some((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")]).into_response()),
        "token-truncated" => Some(truncated(response)),
        _ => return (Some(response), judged, on_purpose),
    };
    (damaged, format!("{judged}, fault {fault}"), true)
}

/// The first bytes of the content, under a length that says there are more.
fn truncated(response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("107"));
    let body = Body::from_stream(futures_util::stream::unfold(0, |piece| async move {
        if piece == 0 {
            return Some((Ok(Bytes::from_static(b"{\"access_token\":\"ey")), 1));
        }
        // the first piece leaves before the end comes
        tokio::time::sleep(FLUSH).await;
        Some((Err(std::io::Error::other("truncated by a fault")), 2))
    }));
    Response::from_parts(parts, body)
}
