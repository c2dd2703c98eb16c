//! The authorization server: one code path for all dialects. Start at [`token`]; `grants` is RFC 6749 and its family,
//! `ngenius` and `platform` are the vendors' own ways to ask, `issue` and `refusal` write what is answered.

mod asked;
mod assertion;
mod authorize;
mod client;
mod device;
mod disturbance;
mod form;
mod grants;
mod introspection;
mod issue;
mod metadata;
mod ngenius;
pub(crate) mod pending;
mod platform;
mod refusal;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};

use self::form::Form;
use self::issue::Answered;
use self::refusal::{Refusal, refuse};
use crate::dialect::Dialect;
use crate::dpop;
use crate::lab::Lab;

/// Largest content that is read.
const LARGEST: usize = 1024 * 1024;

/// What judges a request of an endpoint.
type Judge = fn(&Lab, &Parts, &[u8]) -> Answered;

/// The routes of a dialect. Only those that speak RFC 6749 have metadata.
pub(crate) fn routes(dialect: Dialect) -> Router<Arc<Lab>> {
    let shared = Router::new().route(dialect.token_path(), any(token)).route(dialect.jwks_path(), get(metadata::jwks));
    let beside = |router: Router<Arc<Lab>>, name: &str, judge: Judge| {
        let handler = move |state, request| endpoint(state, request, judge);
        router.route(&dialect.endpoint_path(name), any(handler))
    };
    let standard = |router: Router<Arc<Lab>>| {
        let router = beside(router, "introspect", introspection::introspect);
        let router = beside(router, "revoke", introspection::revoke);
        router.route(&dialect.endpoint_path("authorize"), get(authorize::authorize))
    };
    match dialect {
        Dialect::Ngenius | Dialect::Sloppy => shared,
        Dialect::NiPlatform => shared.route("/oauth2/token", any(token)),
        Dialect::Keycloak => standard(shared)
            .route("/realms/lab/.well-known/openid-configuration", get(metadata::metadata))
            .route("/.well-known/oauth-authorization-server/realms/lab", get(metadata::metadata)),
        Dialect::Rfc => {
            let router = beside(standard(shared), "par", authorize::push);
            beside(router, "device_authorization", device::begin)
                .route(&dialect.endpoint_path("device"), get(device::consent))
                .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
                .route("/.well-known/openid-configuration", get(metadata::metadata))
        }
    }
}

/// The token endpoint of the dialect, behind the active fault.
pub(crate) async fn token(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    let (parts, content) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let _flight = lab.flights.begin(client::guessed(&lab, &parts, &content));
    let id = lab.log.next_id();
    let what = format!("{} {}", parts.method, parts.uri.path());
    if let Some((response, judged)) = disturbance::before(&lab).await {
        lab.saw(id, what, Some(response.status().as_u16()), judged, true);
        return with_seen(response, id);
    }
    let judge: Judge = match lab.dialect {
        Dialect::Ngenius => ngenius::token,
        Dialect::NiPlatform => platform::token,
        Dialect::Keycloak | Dialect::Rfc | Dialect::Sloppy => by_form,
    };
    let (response, words, on_purpose) = judged(&lab, &parts, &content, judge);
    let (response, words, on_purpose) = disturbance::after(&lab, response, words, on_purpose);
    lab.saw(id, what, response.as_ref().map(|response| response.status().as_u16()), words, on_purpose);
    match response {
        Some(response) => with_seen(response, id),
        None => crate::payments::dropped(&parts).await,
    }
}

fn by_form(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    posted(parts)?;
    grants::token(lab, parts, &Form::read(&parts.headers, content)?)
}

/// RFC 6749 §3.2, and all endpoints beside it.
fn posted(parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::POST {
        return Ok(());
    }
    let description = "The endpoint takes POST (RFC 6749, section 3.2)";
    Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", description, "not POST"))
}

/// An endpoint beside the token endpoint.
async fn endpoint(State(lab): State<Arc<Lab>>, request: Request, judge: Judge) -> Response {
    let (parts, content) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let id = lab.log.next_id();
    let what = format!("{} {}", parts.method, parts.uri.path());
    let (response, words, on_purpose) = match posted(&parts) {
        Ok(()) => judged(&lab, &parts, &content, judge),
        Err(refusal) => (refusal::written(&lab, &refusal), refusal.judged, false),
    };
    lab.saw(id, what, Some(response.status().as_u16()), words, on_purpose);
    with_seen(response, id)
}

/// The answer, how it was judged, and whether a fault did it.
fn judged(lab: &Lab, parts: &Parts, content: &[u8], judge: Judge) -> (Response, String, bool) {
    let (mut response, judged, on_purpose) = match judge(lab, parts, content) {
        Ok((response, judged)) => (response, judged, false),
        Err(refusal) => (refusal::written(lab, &refusal), refusal.judged, refusal.on_purpose),
    };
    dpop::add_nonce(lab, false, response.headers_mut());
    (response, judged, on_purpose)
}

/// The key a request proves (RFC 9449 §5).
fn proof(lab: &Lab, parts: &Parts) -> Result<Option<String>, Refusal> {
    dpop::check(lab, parts, None).map_err(|refused| {
        let refusal = refusal::bad(refused.error(), refused.description(), refused.description());
        if refused == dpop::Refused::Nonce { refusal.on_purpose() } else { refusal }
    })
}

async fn read(request: Request) -> Result<(Parts, Bytes), Response> {
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, LARGEST).await {
        Ok(content) => Ok((parts, content)),
        Err(_) => Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    }
}

/// Names the entry of the list that judged this request.
pub(crate) fn with_seen(mut response: Response, id: u64) -> Response {
    if let Ok(value) = id.to_string().parse() {
        response.headers_mut().insert("x-gateway-seen", value);
    }
    response
}
