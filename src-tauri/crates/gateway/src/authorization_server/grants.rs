//! The token endpoint's grants: client credentials and refresh (RFC 6749 §4.4, §6), code (§4.1.3), device (RFC 8628 §3.4),
//! token exchange (RFC 8693), JWT bearer (RFC 7523 §2.1).

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::asked::{details, resources, scope, within};
use super::client::{Client, authenticate};
use super::form::Form;
use super::issue::{Answered, Issue, Refresh};
use super::pending::{Polled, Redeemed};
use super::refusal::{Refusal, bad, invalid_grant, invalid_request};
use super::{assertion, proof};
use crate::dialect::Dialect;
use crate::families::{Grant, Spent};
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::{DEMO_CLIENT, DEMO_SCOPES};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The grants of a dialect, as metadata names them.
pub(crate) fn offered(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Keycloak => &["client_credentials", "refresh_token", "authorization_code"],
        Dialect::Ngenius => &[],
        Dialect::NiPlatform => &["client_credentials"],
        Dialect::Rfc => &["client_credentials", "refresh_token", "authorization_code", DEVICE, EXCHANGE, JWT_BEARER],
        Dialect::Sloppy => &["client_credentials", "refresh_token"],
    }
}

/// One request of the token endpoint.
struct Asked<'a> {
    lab: &'a Lab,
    parts: &'a Parts,
    form: &'a Form,
    client: Client,
    /// The key of its DPoP proof.
    jkt: Option<String>,
}

/// Judges a form by its grant.
pub(crate) fn token(lab: &Lab, parts: &Parts, form: &Form) -> Answered {
    let grant_type = form.get("grant_type");
    let unnamed = ["client_id", "client_secret", "client_assertion"].into_iter().all(|name| form.get(name).is_none());
    let client = match authenticate(lab, parts, form) {
        // RFC 7523 §3.1: the assertion may be all that is proved
        Err(refusal)
            if grant_type == Some(JWT_BEARER)
                && unnamed
                && !refusal.on_purpose
                && !parts.headers.contains_key("authorization") =>
        {
            Client { id: DEMO_CLIENT, method: "none", certificate: None }
        }
        judged => judged?,
    };
    let Some(grant_type) = grant_type else { return Err(invalid_request("grant_type is missing", "no grant_type")) };
    if !offered(lab.dialect).contains(&grant_type) {
        return Err(bad("unsupported_grant_type", &format!("{grant_type} is not offered"), "grant not offered"));
    }
    let jkt = proof(lab, parts)?;
    let asked = Asked { lab, parts, form, client, jkt };
    match grant_type {
        "client_credentials" => asked.client_credentials(),
        "refresh_token" => asked.refresh(),
        "authorization_code" => asked.code(),
        DEVICE => asked.device(),
        EXCHANGE => asked.exchange(),
        _ => asked.jwt_bearer(),
    }
}

impl Asked<'_> {
    /// What the request itself asks for.
    fn grant(&self, subject: &str) -> Result<Grant, Refusal> {
        Ok(Grant {
            client: self.client.id.to_owned(),
            subject: subject.to_owned(),
            scope: scope(self.form.get("scope"))?,
            resource: resources(self.lab, &self.form.all("resource"))?,
            authorization_details: details(self.form.get("authorization_details"))?,
            jkt: None,
        })
    }

    fn issue(&self, grant: Grant) -> Issue<'_> {
        Issue { jkt: self.jkt.clone(), ..Issue::new(&self.client, grant) }
    }

    /// A public client's refresh token is bound to its key (RFC 9449 §5).
    fn family(&self, grant: Grant) -> Grant {
        Grant { jkt: self.jkt.clone().filter(|_| self.client.is_public()), ..grant }
    }

    fn client_credentials(&self) -> Answered {
        if self.client.is_public() {
            let description = "A public client has no credentials (RFC 6749, section 4.4)";
            return Err(bad("unauthorized_client", description, "public client"));
        }
        let grant = self.grant(self.client.id)?;
        // RFC 6749 §4.4.3: none, unless the client asks to practise rotation, or the dialect always gives one
        let practised = grant.scope.contains(DEMO_SCOPES[2]) || self.lab.dialect == Dialect::Keycloak;
        let refresh = if practised { Refresh::New } else { Refresh::None };
        Issue { refresh, ..self.issue(grant) }.answer(self.lab)
    }

    fn refresh(&self) -> Answered {
        let (lab, form) = (self.lab, self.form);
        let token = form.need("refresh_token")?;
        let now = lab.seconds();
        let again = lab.has(FaultGroup::Token, "refresh-reuse");
        // a request that is refused for what it asks spends nothing
        let mut less = None;
        if let Some((grant, _)) = lab.tokens.granted(token, now).filter(|_| !again) {
            if grant.client != self.client.id {
                return Err(invalid_grant("The refresh token is of another client", "refresh token of another client"));
            }
            if grant.jkt.is_some() && grant.jkt != self.jkt {
                return Err(invalid_grant("The refresh token is bound to another key", "refresh token of another key"));
            }
            let scope = form.get("scope").map(|asked| within(asked, &grant.scope)).transpose()?;
            less = Some((scope, self.narrowed(&grant)?));
        }
        match lab.tokens.rotate(token, now, again) {
            Spent::Rotated { next, mut grant } => {
                if let Some((scope, resource)) = less {
                    grant.scope = scope.unwrap_or(grant.scope);
                    grant.resource = resource;
                }
                Issue { refresh: Refresh::Rotated(next), ..self.issue(grant) }.answer(lab)
            }
            spent => Err(self.spent(&spent, again)),
        }
    }

    fn spent(&self, spent: &Spent, again: bool) -> Refusal {
        let (words, judged) = match (self.lab.dialect, spent) {
            (Dialect::Keycloak, Spent::Expired) => ("Token is not active", "refresh token expired"),
            (Dialect::Keycloak, Spent::Reused { .. }) => ("Stale token", "refresh token used before, family revoked"),
            (Dialect::Keycloak, _) => ("Invalid refresh token", "refresh token refused"),
            (_, Spent::Expired) => ("The refresh token expired", "refresh token expired"),
            (_, Spent::Reused { .. }) => {
                ("The refresh token is spent, revoked or unknown", "refresh token used before, family revoked")
            }
            (_, Spent::Rotated { .. } | Spent::Unknown) => {
                ("The refresh token is spent, revoked or unknown", "refresh token refused")
            }
        };
        let refusal = invalid_grant(words, judged);
        if again { refusal.on_purpose() } else { refusal }
    }

    /// The resources of a token request are among those that were granted (RFC 8707 §2.2).
    fn narrowed(&self, grant: &Grant) -> Result<Vec<String>, Refusal> {
        let asked = resources(self.lab, &self.form.all("resource"))?;
        if asked.is_empty() {
            return Ok(grant.resource.clone());
        }
        match asked.iter().find(|name| !grant.resource.is_empty() && !grant.resource.contains(name)) {
            Some(more) => Err(bad("invalid_target", &format!("{more} was not granted"), "resource beyond the grant")),
            None => Ok(asked),
        }
    }

    fn code(&self) -> Answered {
        let (lab, form) = (self.lab, self.form);
        let (code, verifier, redirect_uri) =
            (form.need("code")?, form.need("code_verifier")?, form.need("redirect_uri")?);
        if lab.pending().client_of(code).is_some_and(|client| client != self.client.id) {
            return Err(invalid_grant("The code was issued to another client", "code of another client"));
        }
        let redeemed = lab.pending().redeem(code, lab.seconds());
        let authorization = match redeemed {
            Redeemed::Good(authorization) => authorization,
            Redeemed::Again(family) => {
                // RFC 6749 §4.1.2: everything that came of it is revoked
                family.iter().for_each(|family| lab.tokens.end(family));
                return Err(invalid_grant("The code was used before", "code used before, tokens revoked"));
            }
            Redeemed::Expired => return Err(invalid_grant("The code expired", "code expired")),
            Redeemed::Unknown => return Err(invalid_grant("The code is unknown", "code unknown")),
        };
        if authorization.redirect_uri != redirect_uri {
            return Err(invalid_grant("redirect_uri differs from the one of the request", "another redirect_uri"));
        }
        let fits = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) == authorization.code_challenge;
        // RFC 7636 §4.1: 43 to 128 characters
        if !fits || !(43..=128).contains(&verifier.len()) {
            return Err(invalid_grant("code_verifier does not fit the challenge (RFC 7636)", "code_verifier differs"));
        }
        let mut grant = authorization.grant;
        if grant.jkt.is_some() && grant.jkt != self.jkt {
            return Err(invalid_grant("The code is bound to another DPoP key", "code of another key"));
        }
        grant.resource = self.narrowed(&grant)?;
        let issued = Issue { refresh: Refresh::New, ..self.issue(self.family(grant)) }.make(lab)?;
        let family = issued.refresh.and_then(|refresh| lab.tokens.family_of(&refresh));
        lab.pending().issued(code, family);
        Ok((issued.response, issued.judged))
    }

    fn device(&self) -> Answered {
        let lab = self.lab;
        let code = self.form.need("device_code")?;
        let wait = |error, words: &str| Err(bad(error, words, words));
        let polled = lab.pending().poll(code, self.client.id, lab.seconds());
        match polled {
            Polled::Given(grant) => Issue { refresh: Refresh::New, ..self.issue(self.family(*grant)) }.answer(lab),
            Polled::Pending => wait("authorization_pending", "The lab user has not answered yet"),
            Polled::SlowDown => wait("slow_down", "Wait five seconds longer between two questions"),
            Polled::Denied => wait("access_denied", "The lab user refused"),
            Polled::Expired => wait("expired_token", "The device code expired"),
            Polled::Unknown => Err(invalid_grant("The device code is unknown or used", "device code refused")),
        }
    }

    /// RFC 8693 §2: a token of ours for another of ours, for less or for another party.
    fn exchange(&self) -> Answered {
        let (lab, form) = (self.lab, self.form);
        let subject_type = form.need("subject_token_type")?;
        let kinds = [Some(subject_type), form.get("actor_token_type"), form.get("requested_token_type")];
        if let Some(other) = kinds.into_iter().flatten().find(|kind| ![ACCESS_TOKEN, JWT].contains(kind)) {
            return Err(invalid_request(&format!("{other} is not a kind of token that is exchanged"), "kind of token"));
        }
        let verified = |name: &str, token: &str| {
            lab.verified(token).map_err(|refused| {
                invalid_request(&format!("{name} refused: {}", refused.description()), &refused.judged())
            })
        };
        let subject = verified("subject_token", form.need("subject_token")?)?;
        let actor = match form.get("actor_token") {
            Some(token) => verified("actor_token", token)?.sub,
            None => self.client.id.to_owned(),
        };
        let mut act = json!({"sub": actor});
        if let Some(before) = &subject.act {
            act["act"] = before.clone();
        }
        let mut targets = form.all("resource");
        targets.extend(form.all("audience"));
        let grant = Grant {
            client: self.client.id.to_owned(),
            scope: within(form.get("scope").unwrap_or(&subject.scope), &subject.scope)?,
            resource: resources(lab, &targets)?,
            subject: subject.sub,
            authorization_details: subject.authorization_details,
            jkt: None,
        };
        let (act, not_after) = (Some(act), Some(subject.exp));
        Issue { act, not_after, issued_token_type: Some(ACCESS_TOKEN), ..self.issue(grant) }.answer(lab)
    }

    fn jwt_bearer(&self) -> Answered {
        let assertion = self.form.need("assertion")?;
        let grant = self.grant("")?;
        // judged last: its jti is spent by it
        let subject = assertion::of_grant(self.lab, self.parts, assertion)?;
        self.issue(Grant { subject, ..grant }).answer(self.lab)
    }
}
