//! The authorization endpoint (RFC 6749 §4.1, RFC 7636, RFC 9207) and pushed requests (RFC 9126). The lab user consents at once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::asked::{details, resources, scope};
use super::client::{authenticate, known};
use super::form::Form;
use super::issue::{Answered, json_answer};
use super::pending::{Authorization, SHORT};
use super::refusal::{Refusal, bad, described, invalid_request};
use super::with_seen;
use crate::LAB_USER;
use crate::families::Grant;
use crate::fault::FaultGroup;
use crate::lab::Lab;

/// Characters of a SHA-256 in base64url.
const HASH: usize = 43;

/// A request that cannot be granted.
struct Unfit {
    refusal: Refusal,
    /// Where to say so, with its `state`; without it the person is told.
    redirect: Option<(String, Option<String>)>,
}

/// The person is told: there is nowhere to send the browser.
fn told(refusal: Refusal) -> Box<Unfit> {
    Box::new(Unfit { refusal, redirect: None })
}

/// `GET /oauth2/authorize`
pub(crate) async fn authorize(State(lab): State<Arc<Lab>>, request: Request) -> Response {
    let id = lab.log.next_id();
    let (parts, _) = request.into_parts();
    let what = format!("{} {}", parts.method, parts.uri.path());
    let judged = Form::parse(parts.uri.query().unwrap_or_default()).map_err(told).and_then(|form| pulled(&lab, &form));
    let (response, words, on_purpose) = match judged.and_then(|authorization| consented(&lab, authorization)) {
        Ok(authorization) => {
            let (to, state) = (authorization.redirect_uri.clone(), authorization.state.clone());
            let client = authorization.grant.client.clone();
            let code = lab.pending().code(authorization, lab.seconds());
            (redirect(&lab, &to, state.as_deref(), &[("code", &code)]), format!("{client}, code"), false)
        }
        Err(unfit) => {
            let Unfit { refusal, redirect: to } = *unfit;
            let description = described(&refusal.description);
            let response = match to {
                Some((to, state)) => {
                    let parameters = [("error", refusal.error), ("error_description", description.as_str())];
                    redirect(&lab, &to, state.as_deref(), &parameters)
                }
                None => json_answer(refusal.status, &json!({"error": refusal.error, "error_description": description})),
            };
            (response, refusal.judged, refusal.on_purpose)
        }
    };
    lab.saw(id, what, Some(response.status().as_u16()), words, on_purpose);
    with_seen(response, id)
}

/// The request itself, or the one that was pushed.
fn pulled(lab: &Lab, form: &Form) -> Result<Authorization, Box<Unfit>> {
    let client = form.need("client_id").map_err(told)?;
    let client = known(client).ok_or_else(|| told(invalid_request("client_id is not known", "unknown client")))?;
    let Some(uri) = form.get("request_uri") else { return read(lab, client, form) };
    let pushed = lab.pending().pull(uri, lab.seconds()).filter(|pushed| pushed.grant.client == client);
    pushed.ok_or_else(|| {
        let description = "The pushed request is used, expired, unknown or of another client";
        told(bad("invalid_request_uri", description, "request_uri refused"))
    })
}

/// RFC 6749 §4.1.1 with PKCE; what concerns the redirection is told to the person, all else to the client.
fn read(lab: &Lab, client: &'static str, form: &Form) -> Result<Authorization, Box<Unfit>> {
    let redirect_uri = form.need("redirect_uri").map_err(told)?;
    if !is_loopback(redirect_uri) {
        let description = "redirect_uri must be http://127.0.0.1 or http://[::1], any port (RFC 8252, section 7.3)";
        return Err(told(invalid_request(description, "redirect_uri refused")));
    }
    let state = form.get("state").map(ToOwned::to_owned);
    match grant(lab, client, form) {
        Ok((grant, code_challenge)) => {
            Ok(Authorization { grant, redirect_uri: redirect_uri.to_owned(), state, code_challenge })
        }
        Err(refusal) => Err(Box::new(Unfit { refusal, redirect: Some((redirect_uri.to_owned(), state)) })),
    }
}

/// What is asked for, and the challenge of PKCE.
fn grant(lab: &Lab, client: &str, form: &Form) -> Result<(Grant, String), Refusal> {
    if form.need("response_type")? != "code" {
        return Err(bad("unsupported_response_type", "response_type must be code", "not code"));
    }
    if form.get("request").is_some() {
        return Err(bad("request_not_supported", "Request objects are not offered", "request object"));
    }
    if form.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(invalid_request("response_mode must be query", "response mode not offered"));
    }
    let challenge = form.need("code_challenge")?;
    if form.get("code_challenge_method") != Some("S256") || challenge.len() != HASH {
        return Err(invalid_request("PKCE wants code_challenge_method S256 (RFC 7636, section 4.3)", "no S256"));
    }
    let grant = Grant {
        client: client.to_owned(),
        subject: LAB_USER.to_owned(),
        scope: scope(form.get("scope"))?,
        resource: resources(lab, &form.all("resource"))?,
        authorization_details: details(form.get("authorization_details"))?,
        jkt: form.get("dpop_jkt").map(ToOwned::to_owned),
    };
    Ok((grant, challenge.to_owned()))
}

fn consented(lab: &Lab, authorization: Authorization) -> Result<Authorization, Box<Unfit>> {
    if !lab.has(FaultGroup::Token, "consent-denied") {
        return Ok(authorization);
    }
    let refusal = bad("access_denied", "The lab user refused", "consent denied").on_purpose();
    Err(Box::new(Unfit { refusal, redirect: Some((authorization.redirect_uri, authorization.state)) }))
}

/// RFC 8252 §7.3: plain http on a loopback address, any port; the name `localhost` is none (§8.3).
fn is_loopback(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let plain = uri.scheme_str() == Some("http") && !text.contains('#');
    let user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    plain && !user && matches!(uri.host(), Some("127.0.0.1" | "[::1]"))
}

/// RFC 6749 §4.1.2, RFC 9207 §2.
fn redirect(lab: &Lab, to: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> Response {
    let mut location = to.to_owned();
    let state = state.map(|state| ("state", state));
    for (name, value) in parameters.iter().copied().chain(state).chain([("iss", lab.issuer.as_str())]) {
        location.push(if location.contains('?') { '&' } else { '?' });
        location.push_str(&format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    }
    let mut response = (StatusCode::FOUND, [(header::CACHE_CONTROL, "no-store")]).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `POST /oauth2/par`: the request is judged before the browser is sent anywhere (RFC 9126 §2).
pub(crate) fn push(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    let form = Form::read(&parts.headers, content)?;
    let client = authenticate(lab, parts, &form)?;
    if form.get("request_uri").is_some() {
        return Err(invalid_request("request_uri may not be pushed (RFC 9126, section 2.1)", "request_uri pushed"));
    }
    let mut authorization = read(lab, client.id, &form).map_err(|unfit| unfit.refusal)?;
    // RFC 9449 §10.1: a proof here binds the code as `dpop_jkt` does
    if let Some(jkt) = super::proof(lab, parts)? {
        if authorization.grant.jkt.as_ref().is_some_and(|named| *named != jkt) {
            return Err(bad("invalid_dpop_proof", "dpop_jkt is not the key of the proof", "two keys"));
        }
        authorization.grant.jkt = Some(jkt);
    }
    let uri = lab.pending().push(authorization, lab.seconds());
    let body = json!({"request_uri": uri, "expires_in": SHORT});
    Ok((json_answer(StatusCode::CREATED, &body), format!("{}, request pushed", client.id)))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_loopback_addresses_are_redirected_to() {
        for good in ["http://127.0.0.1:49152/callback", "http://127.0.0.1/", "http://[::1]:1/a?b=c"] {
            assert!(is_loopback(good), "{good}");
        }
        for bad in [
            "http://localhost:1/",
            "https://127.0.0.1/",
            "http://127.0.0.2/",
            "http://127.0.0.1.example/",
            "http://127.0.0.1@example/",
            "http://127.0.0.1/#a",
            "/callback",
            "",
        ] {
            assert!(!is_loopback(bad), "{bad}");
        }
    }
}
