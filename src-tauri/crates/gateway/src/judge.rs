//! Judging a request to the protected API: the token on every request and what it is bound to, the signature where there is one.

use std::sync::atomic::Ordering;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::client_key::ALGORITHM_NAMES;
use crate::dialect::Refusals;
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::mutual::Presented;
use crate::tokens::{Claims, Refused};
use crate::{dpop, signature};

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

/// A refusal of the token before it is written.
struct Denial {
    status: StatusCode,
    /// RFC 6750 §3.1, RFC 9449 §7.1; none where no token came.
    error: Option<&'static str>,
    description: String,
    words: String,
    on_purpose: bool,
    expired: bool,
    /// `insufficient_scope` names it.
    scope: Option<String>,
    /// Whether the challenge is of the scheme DPoP.
    dpop: bool,
}

/// The token (signature, `exp`, `iss`, `aud`, binding, scope; RFC 6750 §3.1), then the message signature.
pub(crate) fn judge(lab: &Lab, parts: &Parts, content: &[u8], scope: &str) -> Result<Accepted, Box<Denied>> {
    let mut words = token(lab, parts, scope)?;
    match signature::check(lab, parts, content) {
        signature::Checked::Absent if lab.signature_required.load(Ordering::Relaxed) => {
            let body = json!({"title": "signature missing", "status": 401, "error": "signature_required"});
            return Err(denied(unsigned("Signature realm=\"countersign\"", &body), "not signed", false));
        }
        signature::Checked::Absent => words.push_str(" accepted, not signed"),
        signature::Checked::Verified => words.push_str(" and signature accepted"),
        signature::Checked::Differs { body, words, on_purpose } => {
            let challenge = "Signature realm=\"countersign\", error=\"invalid_signature\"";
            return Err(denied(unsigned(challenge, &body), &words, on_purpose));
        }
    }
    Ok(Accepted { words })
}

fn denied(response: Response, words: &str, on_purpose: bool) -> Box<Denied> {
    Box::new(Denied { response, words: words.to_owned(), on_purpose })
}

/// A signature that is missing or wrong.
fn unsigned(challenge: &str, body: &Value) -> Response {
    let mut response = json_answer(StatusCode::UNAUTHORIZED, body);
    add(&mut response, challenge);
    response
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn add(response: &mut Response, challenge: &str) {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
}

/// `error_description` has no quote, no backslash and nothing outside of ASCII (RFC 6750 §3): what a client wrote into
/// its token comes back as `?` there.
fn quotable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '?' }).collect()
}

fn token(lab: &Lab, parts: &Parts, scope: &str) -> Result<String, Box<Denied>> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) else {
        return Err(Denial::absent().written(lab));
    };
    if lab.has(FaultGroup::Token, "unauthorized-storm") {
        return Err(denied(StatusCode::UNAUTHORIZED.into_response(), "refused without a reason", true));
    }
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    let (token, dpop) = (token.trim(), scheme.eq_ignore_ascii_case("dpop"));
    let judged = if dpop || scheme.eq_ignore_ascii_case("bearer") {
        verified(lab, token)
    } else {
        Err(Denial::of(&Refused::Malformed, false))
    };
    let judged = judged.and_then(|claims| bound(lab, parts, token, &claims, dpop).map(|()| claims));
    let claims = judged.map_err(|denial| Denial { dpop: denial.dpop || dpop, ..denial }.written(lab))?;
    if claims.scope.split(' ').any(|granted| granted == scope) {
        return Ok("token".into());
    }
    let narrowed = lab.has(FaultGroup::Token, "scope-narrowed");
    Err(Denial { dpop, ..Denial::scope(scope, narrowed) }.written(lab))
}

fn verified(lab: &Lab, token: &str) -> Result<Claims, Denial> {
    if lab.has(FaultGroup::Token, "token-revoked") {
        return Err(Denial::of(&Refused::Revoked, true));
    }
    lab.verified_for(token, &lab.audiences()).map_err(|refused| {
        let on_purpose = match refused {
            Refused::Audience { .. } | Refused::Issuer { .. } | Refused::KidMissing | Refused::UnknownKid { .. } => {
                true
            }
            Refused::Expired { .. } | Refused::Malformed | Refused::Revoked | Refused::Signature => false,
        };
        Denial::of(&refused, on_purpose)
    })
}

/// What the token is bound to: a key (RFC 9449 §7.1, §7.2), a certificate (RFC 8705 §3).
fn bound(lab: &Lab, parts: &Parts, token: &str, claims: &Claims, dpop: bool) -> Result<(), Denial> {
    let cnf = claims.cnf.clone().unwrap_or_default();
    match (&cnf.jkt, dpop) {
        (None, false) => {}
        (None, true) => return Err(Denial::invalid("The token is not bound to a key", "bearer token sent as DPoP")),
        (Some(_), false) => {
            let denial = Denial::invalid("The token is bound to a key: DPoP is wanted", "DPoP token sent as bearer");
            return Err(Denial { dpop: true, ..denial });
        }
        (Some(jkt), true) => match dpop::check(lab, parts, Some(token)) {
            Ok(Some(found)) if found == *jkt => {}
            Ok(Some(_)) => return Err(Denial::invalid("The proof is of another key", "DPoP proof of another key")),
            Ok(None) => return Err(Denial::proof(&dpop::Refused::Proof("There is no DPoP proof".to_owned()))),
            Err(refused) => return Err(Denial::proof(&refused)),
        },
    }
    let Some(wanted) = &cnf.x5t_s256 else { return Ok(()) };
    match parts.extensions.get::<Presented>().and_then(Presented::thumbprint) {
        Some(found) if found == *wanted => Ok(()),
        Some(_) => Err(Denial::invalid("The token is bound to another certificate", "another client certificate")),
        None => Err(Denial::invalid("The token is bound to a certificate, and none came", "no client certificate")),
    }
}

impl Denial {
    fn absent() -> Self {
        Self { error: None, ..Self::invalid("no token", "no token") }
    }

    fn invalid(description: &str, words: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: Some("invalid_token"),
            description: description.to_owned(),
            words: words.to_owned(),
            on_purpose: false,
            expired: false,
            scope: None,
            dpop: false,
        }
    }

    fn of(refused: &Refused, on_purpose: bool) -> Self {
        let expired = matches!(refused, Refused::Expired { .. });
        Self { on_purpose, expired, ..Self::invalid(&refused.description(), &refused.judged()) }
    }

    fn proof(refused: &dpop::Refused) -> Self {
        let on_purpose = *refused == dpop::Refused::Nonce;
        let denial = Self::invalid(refused.description(), refused.description());
        Self { error: Some(refused.error()), on_purpose, dpop: true, ..denial }
    }

    fn scope(scope: &str, on_purpose: bool) -> Self {
        let denial = Self::invalid("insufficient scope", &format!("{scope} missing"));
        let (status, scope) = (StatusCode::FORBIDDEN, Some(scope.to_owned()));
        Self { status, error: Some("insufficient_scope"), scope, on_purpose, ..denial }
    }

    fn written(self, lab: &Lab) -> Box<Denied> {
        let mut response = match lab.manner().refusals {
            Refusals::Ngenius => self.standard(&json!([{"message": quotable(&self.description)}])),
            Refusals::Platform => {
                let code = if self.expired { "999912" } else { "999913" };
                json_answer(self.status, &json!({"errorCode": code, "errorMessage": quotable(&self.description)}))
            }
            Refusals::Sloppy if self.error.is_some() => StatusCode::FORBIDDEN.into_response(),
            Refusals::Sloppy => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                add(&mut response, "Basic realm=\"portal\"");
                add(&mut response, "Bearer realm=\"countersign\"");
                response
            }
            Refusals::Standard => self.standard(&Value::Null),
        };
        if self.dpop {
            dpop::add_nonce(lab, true, response.headers_mut());
        }
        denied(response, &self.words, self.on_purpose)
    }

    /// RFC 6750 §3, RFC 9449 §7.1; the vendor's `errors` beside it.
    fn standard(&self, errors: &Value) -> Response {
        let description = quotable(&self.description);
        let mut body = json!({"title": description, "status": self.status.as_u16()});
        let scheme = if self.dpop { "DPoP" } else { "Bearer" };
        let mut challenge = format!("{scheme} realm=\"countersign\"");
        if let Some(error) = self.error {
            body["error"] = error.into();
            challenge.push_str(&format!(", error=\"{error}\""));
        }
        match &self.scope {
            Some(scope) => {
                body["scope"] = scope.clone().into();
                challenge.push_str(&format!(", scope=\"{scope}\""));
            }
            None if self.error.is_some() => challenge.push_str(&format!(", error_description=\"{description}\"")),
            None => {}
        }
        if self.dpop {
            challenge.push_str(&format!(", algs=\"{}\"", ALGORITHM_NAMES.join(" ")));
        }
        if !errors.is_null() {
            body["errors"] = errors.clone();
        }
        let mut response = json_answer(self.status, &body);
        add(&mut response, &challenge);
        response
    }
}
