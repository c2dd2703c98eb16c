//! The authorization server: RFC 6749 §4.4 and §6, RFC 8414 metadata, JWKS, and the N-Genius dialect.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::Secret;
use jsonwebtoken::Algorithm;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::config::Dialect;
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::tokens::{Claims, random_text};
use crate::{DEMO_CLIENT, DEMO_SCOPES};

/// A refusal of the token endpoint.
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    judged: String,
    on_purpose: bool,
}

fn refuse(status: StatusCode, error: &'static str, description: &str, judged: &str) -> Refusal {
    Refusal { status, error, description: description.into(), judged: judged.into(), on_purpose: false }
}

/// `POST` to the token endpoint of the dialect.
pub(crate) async fn token(State(lab): State<Arc<Lab>>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let id = lab.log.next_id();
    let now = lab.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    lab.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let path = lab.dialect.token_path();
    let answered = match disturbed(&lab) {
        Some((response, judged)) => {
            lab.saw(id, format!("{method} {path}"), Some(response.status().as_u16()), judged, true);
            response
        }
        None => {
            let result = match lab.dialect {
                Dialect::Rfc => rfc(&lab, &method, &headers, &body),
                Dialect::Ngenius => ngenius(&lab, &method, &headers, &body),
            };
            let (response, judged, on_purpose) = match result {
                Ok((response, judged)) => (response, judged, false),
                Err(refusal) => (refused(&lab, &refusal), refusal.judged, refusal.on_purpose),
            };
            lab.saw(id, format!("{method} {path}"), Some(response.status().as_u16()), judged, on_purpose);
            response
        }
    };
    lab.in_flight.fetch_sub(1, Ordering::SeqCst);
    with_seen(answered, id)
}

/// Names the entry of the list that judged this request.
pub(crate) fn with_seen(mut response: Response, id: u64) -> Response {
    if let Ok(value) = id.to_string().parse() {
        response.headers_mut().insert("x-gateway-seen", value);
    }
    response
}

/// Faults that answer before anything is looked at.
fn disturbed(lab: &Lab) -> Option<(Response, String)> {
    let fault = lab.fault(FaultGroup::Token)?;
    let answer = match fault.name() {
        "token-status" => {
            let status = StatusCode::from_u16(fault.status()?).ok()?;
            (status, json!({"error": "temporarily_unavailable"}).to_string()).into_response()
        }
        "token-html" => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1></body></html>",
        )
            .into_response(),
        "rate-limited" => {
            let wait = fault.duration()?.as_secs().to_string();
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)], json!({"error": "slow_down"}).to_string())
                .into_response()
        }
        _ => return None,
    };
    Some((answer, format!("fault {fault}")))
}

fn refused(lab: &Lab, refusal: &Refusal) -> Response {
    let body = match lab.dialect {
        Dialect::Rfc => json!({"error": refusal.error, "error_description": described(&refusal.description)}),
        Dialect::Ngenius => json!({"errors": [{"message": refusal.description, "errorCode": refusal.error}]}),
    };
    let mut response = (refusal.status, uncached(), body.to_string()).into_response();
    if refusal.status == StatusCode::UNAUTHORIZED && lab.dialect == Dialect::Rfc {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Basic realm=\"countersign\""));
    }
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        // RFC 9110 §15.5.6
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    }
    response
}

/// The characters RFC 6749 §5.2 allows in `error_description`; what the client sent may hold others.
fn described(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='!' | '#'..='[' | ']'..='~') { c } else { '?' }).collect()
}

/// RFC 6749 §5.1: never stored.
fn uncached() -> [(header::HeaderName, &'static str); 3] {
    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")]
}

type Answered = Result<(Response, String), Refusal>;

fn rfc(lab: &Lab, method: &Method, headers: &HeaderMap, body: &[u8]) -> Answered {
    if *method != Method::POST {
        return Err(refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            "The token endpoint takes POST (RFC 6749, section 3.2)",
            "not POST",
        ));
    }
    let form = form(headers, body)?;
    client(lab, headers, &form)?;
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {
            let scope = granted(form.get("scope").map_or("", String::as_str))?;
            issued(lab, &scope, Algorithm::ES256, None)
        }
        Some("refresh_token") => {
            let token = form.get("refresh_token").ok_or_else(|| {
                refuse(StatusCode::BAD_REQUEST, "invalid_request", "refresh_token is missing", "no refresh token")
            })?;
            // a request that is refused for its scope spends nothing
            let asked = match (form.get("scope"), lab.tokens.granted(token)) {
                (Some(asked), Some(granted)) => Some(within(asked, &granted)?),
                _ => None,
            };
            let (next, granted) = lab.tokens.rotate(token).ok_or_else(|| {
                refuse(
                    StatusCode::BAD_REQUEST,
                    "invalid_grant",
                    "The refresh token is spent, revoked or unknown",
                    "refresh token refused",
                )
            })?;
            issued(lab, &asked.unwrap_or(granted), Algorithm::ES256, Some(next))
        }
        Some(other) => Err(refuse(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            &format!("{other} is not offered"),
            "grant not offered",
        )),
        None => Err(refuse(StatusCode::BAD_REQUEST, "invalid_request", "grant_type is missing", "no grant_type")),
    }
}

/// `application/x-www-form-urlencoded`; a parameter twice is refused, one without a value is none (RFC 6749 §3.2).
fn form(headers: &HeaderMap, body: &[u8]) -> Result<HashMap<String, String>, Refusal> {
    let bad = |description: &str| refuse(StatusCode::BAD_REQUEST, "invalid_request", description, "malformed request");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(bad("The content must be application/x-www-form-urlencoded"));
    }
    let text = std::str::from_utf8(body).map_err(|_| bad("The content is not UTF-8"))?;
    let mut form = HashMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).ok_or_else(|| bad("A parameter is not properly encoded"))?;
        let value = decoded(value).ok_or_else(|| bad("A parameter is not properly encoded"))?;
        if form.insert(name.clone(), value).is_some() {
            return Err(bad(&format!("{name} is sent twice")));
        }
    }
    form.retain(|_, value| !value.is_empty());
    Ok(form)
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(|text| text.into_owned())
}

/// RFC 6749 §2.3.1: Basic with form-encoded halves, or both in the content; not two at once.
fn client(lab: &Lab, headers: &HeaderMap, form: &HashMap<String, String>) -> Result<(), Refusal> {
    let failed = |description: &str| refuse(StatusCode::UNAUTHORIZED, "invalid_client", description, "client refused");
    let basic = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let (id, secret) = match (basic, form.get("client_secret")) {
        (Some(_), Some(_)) => {
            let description = "Two client authentication methods at once (RFC 6749, section 2.3)";
            return Err(refuse(StatusCode::BAD_REQUEST, "invalid_request", description, "two client authentications"));
        }
        (Some(value), None) => {
            let pair = value
                .split_once(' ')
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
                .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| failed("The Basic credentials cannot be read"))?;
            let (id, secret) = pair.split_once(':').ok_or_else(|| failed("The Basic credentials have no colon"))?;
            (decoded(id), decoded(secret))
        }
        (None, Some(secret)) => (form.get("client_id").cloned(), Some(secret.clone())),
        (None, None) => return Err(failed("No client authentication")),
    };
    if lab.has(FaultGroup::Token, "client-refused") {
        return Err(Refusal { on_purpose: true, ..failed("Invalid client or Invalid client credentials") });
    }
    let known = id.as_deref() == Some(DEMO_CLIENT);
    let secret = secret.map(Secret::new);
    if known && secret.is_some_and(|secret| secret.eq_constant_time(&lab.demo_secret)) {
        Ok(())
    } else {
        Err(failed("Invalid client or Invalid client credentials"))
    }
}

/// RFC 6749 §3.3: an unknown scope is refused; none asked for means all but refunds.
fn granted(asked: &str) -> Result<String, Refusal> {
    if asked.is_empty() {
        return Ok(DEMO_SCOPES[..2].join(" "));
    }
    match asked.split(' ').find(|scope| !DEMO_SCOPES.contains(scope)) {
        Some(unknown) => {
            let description = format!("{unknown} is not one of {}", DEMO_SCOPES.join(", "));
            Err(refuse(StatusCode::BAD_REQUEST, "invalid_scope", &description, "unknown scope"))
        }
        None => Ok(asked.to_owned()),
    }
}

/// RFC 6749 §6: a refresh asks for the scope that was granted, or for less.
fn within(asked: &str, granted: &str) -> Result<String, Refusal> {
    match asked.split(' ').find(|scope| !granted.split(' ').any(|known| known == *scope)) {
        Some(more) => {
            let description = format!("{more} was not granted");
            Err(refuse(StatusCode::BAD_REQUEST, "invalid_scope", &description, "scope beyond the grant"))
        }
        None => Ok(asked.to_owned()),
    }
}

/// Makes the answer; `rotated` is the refresh token that goes with it, where one was spent.
fn issued(lab: &Lab, scope: &str, algorithm: Algorithm, rotated: Option<String>) -> Answered {
    let narrowed = lab.has(FaultGroup::Token, "scope-narrowed");
    let scope = if narrowed { DEMO_SCOPES[0] } else { scope };
    let (iat, life) = (lab.seconds(), lab.lifetime().as_secs());
    let other_audience = lab.has(FaultGroup::Token, "audience-wrong");
    let claims = Claims {
        iss: lab.issuer.clone(),
        sub: DEMO_CLIENT.into(),
        aud: if other_audience { "https://reports.example.test".into() } else { lab.base_url.clone() },
        client_id: DEMO_CLIENT.into(),
        scope: scope.to_owned(),
        iat,
        exp: iat + i64::try_from(life).unwrap_or(i64::MAX / 4),
        jti: random_text(),
    };
    let made = lab.tokens.issue(&claims, algorithm, lab.has(FaultGroup::Token, "kid-unknown"));
    let (token, generation) =
        made.map_err(|reason| refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &reason, "token not made"))?;
    let body = match lab.dialect {
        Dialect::Rfc => {
            let mut body = json!({"access_token": token, "token_type": "Bearer", "expires_in": life, "scope": scope});
            // RFC 6749 §4.4.3: none for client_credentials, unless the client asks to practise rotation
            if let Some(refresh) =
                rotated.or_else(|| scope.contains(DEMO_SCOPES[2]).then(|| lab.tokens.refresh_token(scope)))
            {
                lab.tokens.accompany(&refresh, &claims.jti);
                body["refresh_token"] = Value::String(refresh);
            }
            body
        }
        Dialect::Ngenius => json!({"access_token": token, "expires_in": life, "refresh_expires_in": 1800,
            "refresh_token": lab.tokens.refresh_token(scope), "token_type": "bearer"}),
    };
    let response = (StatusCode::OK, uncached(), body.to_string()).into_response();
    Ok((response, format!("{DEMO_CLIENT}, generation {generation}")))
}

/// The vendor's media type of the identity service.
const IDENTITY: &str = "application/vnd.ni-identity.v1+json";

fn ngenius(lab: &Lab, method: &Method, headers: &HeaderMap, body: &[u8]) -> Answered {
    if *method != Method::POST {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed", "Method not allowed", "not POST"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with(IDENTITY) {
        return Err(refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupportedMediaType",
            "Unsupported media type",
            "not the vendor media type",
        ));
    }
    if !body.is_empty() && serde_json::from_slice::<Value>(body).is_err() {
        return Err(refuse(
            StatusCode::BAD_REQUEST,
            "malformedRequest",
            "The content is not JSON",
            "content is not JSON",
        ));
    }
    let failed = || refuse(StatusCode::UNAUTHORIZED, "invalidCredentials", "Invalid credentials", "client refused");
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let key = value.strip_prefix("Basic ").ok_or_else(failed)?;
    if lab.has(FaultGroup::Token, "client-refused") {
        return Err(Refusal { on_purpose: true, ..failed() });
    }
    let issued_key = Secret::new(key.to_owned());
    let pair = Secret::new(STANDARD.encode(format!("{DEMO_CLIENT}:{}", lab.demo_secret.expose_secret())));
    if issued_key.eq_constant_time(&lab.demo_secret) || issued_key.eq_constant_time(&pair) {
        issued(lab, &DEMO_SCOPES.join(" "), Algorithm::RS256, None)
    } else {
        Err(failed())
    }
}

/// RFC 8414 §3.
pub(crate) async fn metadata(State(lab): State<Arc<Lab>>) -> Response {
    let body = json!({
        "issuer": lab.issuer,
        "token_endpoint": format!("{}{}", lab.issuer, lab.dialect.token_path()),
        "jwks_uri": format!("{}/jwks", lab.issuer),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": DEMO_SCOPES,
    });
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// RFC 7517 §5.
pub(crate) async fn jwks(State(lab): State<Arc<Lab>>) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/jwk-set+json")], lab.tokens.jwks().to_string())
        .into_response()
}
