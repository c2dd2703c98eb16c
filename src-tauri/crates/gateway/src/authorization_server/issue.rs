//! Making a token answer (RFC 6749 §5.1): claims, what they are bound to, the refresh token, and the dialect's manner.

use std::io::Write as _;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::client::Client;
use super::refusal::{Refusal, refuse, uncached};
use crate::DEMO_SCOPES;
use crate::dialect::{Coat, Dialect, ExpiresIn};
use crate::families::Grant;
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::tokens::{Audience, Claims, Confirmation, Marks, random_text};

/// An answer and how it was judged.
pub(crate) type Answered = Result<(Response, String), Refusal>;

/// Seconds a refresh token of the dialects with `refresh_expires_in` lives.
const REFRESH_LIFE: i64 = 1800;

/// Which refresh token goes with the answer.
pub(crate) enum Refresh {
    /// The first of a new family.
    New,
    None,
    /// The one that follows the one that was spent.
    Rotated(String),
}

/// What is to be issued.
pub(crate) struct Issue<'a> {
    pub(crate) client: &'a Client,
    pub(crate) grant: Grant,
    /// The key of the DPoP proof.
    pub(crate) jkt: Option<String>,
    /// RFC 8693 §4.1.
    pub(crate) act: Option<Value>,
    /// The token does not outlive what it stands for; seconds since the epoch.
    pub(crate) not_after: Option<i64>,
    pub(crate) refresh: Refresh,
    /// RFC 8693 §2.2.1.
    pub(crate) issued_token_type: Option<&'static str>,
}

/// What was issued.
pub(crate) struct Issued {
    pub(crate) response: Response,
    pub(crate) judged: String,
    pub(crate) refresh: Option<String>,
}

impl<'a> Issue<'a> {
    /// By a grant that knows nothing special.
    pub(crate) fn new(client: &'a Client, grant: Grant) -> Self {
        let (jkt, act, not_after, issued_token_type) = (None, None, None, None);
        Self { client, grant, jkt, act, not_after, refresh: Refresh::None, issued_token_type }
    }

    /// Makes the token and writes the answer.
    pub(crate) fn answer(self, lab: &Lab) -> Answered {
        self.make(lab).map(|issued| (issued.response, issued.judged))
    }

    /// As [`Issue::answer`], with the refresh token.
    pub(crate) fn make(mut self, lab: &Lab) -> Result<Issued, Refusal> {
        let client = self.client.id;
        let fault = lab.fault(FaultGroup::Token);
        let fault = fault.as_ref().map_or("", |fault| fault.name());
        if fault == "scope-narrowed" {
            DEMO_SCOPES[0].clone_into(&mut self.grant.scope);
        }
        let claims = self.claims(lab, fault);
        let marks = Marks {
            kid_missing: fault == "kid-missing",
            kid_unknown: fault == "kid-unknown",
            opaque: lab.manner().opaque,
            rotated: fault == "keys-rotated",
        };
        let algorithm = match lab.dialect {
            Dialect::Rfc | Dialect::Sloppy => Algorithm::ES256,
            Dialect::Keycloak | Dialect::Ngenius | Dialect::NiPlatform => Algorithm::RS256,
        };
        let (token, generation) = lab
            .tokens
            .issue(&claims, algorithm, marks)
            .map_err(|reason| refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &reason, "token not made"))?;
        let refresh = match std::mem::replace(&mut self.refresh, Refresh::None) {
            Refresh::New => {
                let until = lab.dialect.has_refresh_life().then(|| claims.iat + REFRESH_LIFE);
                Some(lab.tokens.refresh_token(self.grant.clone(), until))
            }
            Refresh::None => None,
            Refresh::Rotated(next) => Some(next),
        };
        if let Some(refresh) = &refresh {
            lab.tokens.accompany(refresh, &claims.jti);
        }
        let body = self.body(lab, &token, &claims, refresh.as_deref());
        Ok(Issued { response: written(lab, &body), judged: format!("{client}, generation {generation}"), refresh })
    }

    fn claims(&self, lab: &Lab, fault: &str) -> Claims {
        let grant = &self.grant;
        let aud = match (fault, grant.resource.is_empty()) {
            ("audience-wrong", _) => vec!["https://reports.example.test".to_owned()],
            (_, true) => vec![lab.base_url.clone()],
            (_, false) => grant.resource.clone(),
        };
        let iat = lab.seconds();
        let exp = iat + i64::try_from(lab.lifetime().as_secs()).unwrap_or(i64::MAX / 4);
        let cnf = Confirmation { jkt: self.jkt.clone(), x5t_s256: self.client.certificate.clone() };
        Claims {
            iss: if fault == "issuer-other" { format!("{}/other", lab.issuer) } else { lab.issuer.clone() },
            sub: grant.subject.clone(),
            aud: Audience::of(aud),
            client_id: self.client.id.to_owned(),
            scope: grant.scope.clone(),
            iat,
            exp: self.not_after.map_or(exp, |last| exp.min(last)),
            jti: random_text(),
            cnf: (cnf != Confirmation::default()).then_some(cnf),
            authorization_details: grant.authorization_details.clone(),
            act: self.act.clone(),
        }
    }

    fn body(&self, lab: &Lab, token: &str, claims: &Claims, refresh: Option<&str>) -> Value {
        let manner = lab.manner();
        let mut body = Map::new();
        body.insert("access_token".into(), token.into());
        let token_type = match lab.fault(FaultGroup::Token).filter(|fault| fault.name() == "token-type-odd") {
            Some(fault) => fault.argument().unwrap_or_default().to_owned(),
            None if self.jkt.is_some() => "DPoP".to_owned(),
            None => manner.token_type.to_owned(),
        };
        body.insert("token_type".into(), token_type.into());
        let life = claims.exp - claims.iat;
        let expires_in = match manner.expires_in {
            ExpiresIn::Absolute => Some(claims.exp.into()),
            ExpiresIn::Milliseconds => Some((life * 1000).into()),
            ExpiresIn::Missing => None,
            ExpiresIn::Seconds => Some(life.into()),
            ExpiresIn::Text => Some(life.to_string().into()),
        };
        body.extend(expires_in.map(|value| ("expires_in".to_owned(), value)));
        if let Some(refresh) = refresh {
            body.insert("refresh_token".into(), refresh.into());
        }
        if manner.scope {
            body.insert("scope".into(), claims.scope.clone().into());
        }
        body.extend(claims.authorization_details.clone().map(|value| ("authorization_details".to_owned(), value)));
        body.extend(self.issued_token_type.map(|value| ("issued_token_type".to_owned(), value.into())));
        if lab.dialect.has_refresh_life() {
            body.insert("refresh_expires_in".into(), refresh.map_or(0, |_| REFRESH_LIFE).into());
        }
        if lab.dialect == Dialect::Keycloak {
            body.insert("not-before-policy".into(), 0.into());
            let session = refresh.and_then(|refresh| lab.tokens.family_of(refresh));
            body.extend(session.map(|session| ("session_state".to_owned(), session.into())));
        }
        Value::Object(body)
    }
}

/// gzip (RFC 1952).
fn zipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // neither writing to memory nor ending there has a way to go wrong
    let written = encoder.write_all(content).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// A token answer, with the coat of the dialect.
fn written(lab: &Lab, body: &Value) -> Response {
    let body = body.to_string();
    let content = match lab.manner().coat {
        Coat::ByteOrderMark => [b"\xef\xbb\xbf", body.as_bytes()].concat(),
        Coat::Gzip => zipped(body.as_bytes()),
        Coat::None => body.into_bytes(),
    };
    (StatusCode::OK, uncached(), content).into_response()
}

/// An answer of another endpoint: JSON, never stored.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, uncached(), body.to_string()).into_response()
}
