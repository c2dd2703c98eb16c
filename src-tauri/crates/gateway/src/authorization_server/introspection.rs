//! Introspection (RFC 7662) and revocation (RFC 7009).

use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Value, json};

use super::client::authenticate;
use super::form::Form;
use super::issue::{Answered, json_answer};
use super::refusal::{Refusal, bad, invalid_client};
use crate::lab::Lab;

/// `POST /oauth2/introspect`: a confidential client asks what a token is (RFC 7662 §2).
pub(crate) fn introspect(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    let form = Form::read(&parts.headers, content)?;
    let client = authenticate(lab, parts, &form)?;
    if client.is_public() {
        return Err(invalid_client("A public client may not introspect"));
    }
    let token = form.need("token")?;
    let (body, judged) = match (lab.verified(token), lab.tokens.granted(token, lab.seconds())) {
        (Ok(claims), _) => {
            let bound = claims.cnf.as_ref().is_some_and(|cnf| cnf.jkt.is_some());
            let mut body = serde_json::to_value(&claims).unwrap_or(Value::Null);
            body["active"] = true.into();
            body["token_type"] = if bound { "DPoP" } else { "Bearer" }.into();
            (body, "access token, active")
        }
        (Err(_), Some((grant, until))) => {
            let mut body = json!({"active": true, "client_id": grant.client, "sub": grant.subject,
                "scope": grant.scope, "iss": lab.issuer});
            if let Some(until) = until {
                body["exp"] = until.into();
            }
            (body, "refresh token, active")
        }
        // RFC 7662 §2.2: nothing but that it is not active
        (Err(_), None) => (json!({"active": false}), "not active"),
    };
    Ok((json_answer(StatusCode::OK, &body), format!("{}, {judged}", client.id)))
}

/// `POST /oauth2/revoke`: an unknown token is as good as revoked (RFC 7009 §2.2).
pub(crate) fn revoke(lab: &Lab, parts: &Parts, content: &[u8]) -> Answered {
    let form = Form::read(&parts.headers, content)?;
    let client = authenticate(lab, parts, &form)?;
    let token = form.need("token")?;
    let own = |of: &str| -> Result<(), Refusal> {
        if of == client.id {
            return Ok(());
        }
        let description = "The token was issued to another client (RFC 7009, section 2.1)";
        Err(bad("unauthorized_client", description, "token of another client"))
    };
    let judged = if let Ok(claims) = lab.verified(token) {
        own(&claims.client_id)?;
        lab.tokens.revoke(&claims.jti);
        "access token revoked"
    } else if let Some((grant, _)) = lab.tokens.granted(token, lab.seconds()) {
        own(&grant.client)?;
        lab.tokens.family_of(token).iter().for_each(|family| lab.tokens.end(family));
        "refresh token revoked, its family with it"
    } else {
        "nothing to revoke"
    };
    Ok((json_answer(StatusCode::OK, &json!({})), format!("{}, {judged}", client.id)))
}
