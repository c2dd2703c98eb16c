//! JWT assertions (RFC 7521, RFC 7523): of a client to prove itself, and as a grant. Claims are judged by the gateway's clock.

use axum::http::request::Parts;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::refusal::{Refusal, invalid_client, invalid_grant};
use crate::DEMO_CLIENT;
use crate::client_key::ALGORITHMS;
use crate::dpop::{lenient, url};
use crate::lab::Lab;
use crate::replay::Came;

/// The longest life of an assertion, seconds.
const LONGEST: i64 = 300;
/// Seconds a clock may be off.
const SKEW: i64 = 5;

/// The client's proof of itself: the method it used (RFC 7523 §2.2, §3).
pub(crate) fn of_client(
    lab: &Lab,
    parts: &Parts,
    assertion: &str,
    named: Option<&str>,
) -> Result<&'static str, Refusal> {
    let judged = || {
        let (method, claims) = signed(lab, assertion, true)?;
        for claim in ["iss", "sub"] {
            if claims[claim].as_str() != Some(DEMO_CLIENT) {
                return Err(format!("{claim} of the assertion is not the client"));
            }
        }
        if named.is_some_and(|named| named != DEMO_CLIENT) {
            return Err("client_id and the assertion name two clients".to_owned());
        }
        judge(lab, parts, &claims).map(|()| method)
    };
    judged().map_err(|reason| invalid_client(&reason))
}

/// An assertion as a grant: `sub` of what is issued (RFC 7523 §2.1, §3.1).
pub(crate) fn of_grant(lab: &Lab, parts: &Parts, assertion: &str) -> Result<String, Refusal> {
    let judged = || {
        let (_, claims) = signed(lab, assertion, false)?;
        if claims["iss"].as_str() != Some(DEMO_CLIENT) {
            return Err("iss of the assertion is not known".to_owned());
        }
        let subject = claims["sub"].as_str().filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| "sub of the assertion is missing".to_owned())?;
        judge(lab, parts, &claims).map(|()| subject.to_owned())
    };
    judged().map_err(|reason| invalid_grant(&reason, "assertion refused"))
}

/// The signature: the method by its algorithm, and the claims. HMAC counts only where the secret does.
fn signed(lab: &Lab, assertion: &str, by_secret: bool) -> Result<(&'static str, Value), String> {
    let header =
        jsonwebtoken::decode_header(assertion).map_err(|_| "The assertion is not a JWT that can be checked")?;
    if header.crit.is_some() {
        return Err("crit of the assertion is not understood".to_owned());
    }
    let (method, keys) = match header.alg {
        Algorithm::HS256 if by_secret => {
            let key = DecodingKey::from_secret(lab.demo_secret.expose_secret().as_bytes());
            ("client_secret_jwt", vec![key])
        }
        algorithm if ALGORITHMS.contains(&algorithm) => ("private_key_jwt", lab.client_keys(header.kid.as_deref())),
        _ => return Err("The algorithm of the assertion is not offered".to_owned()),
    };
    if keys.is_empty() {
        return Err(match header.kid {
            Some(kid) => format!("No key {kid} of this client"),
            None => "No key of this client is registered".to_owned(),
        });
    }
    let validation = lenient(header.alg);
    let claims = keys.iter().find_map(|key| jsonwebtoken::decode::<Value>(assertion, key, &validation).ok());
    Ok((method, claims.ok_or("The signature of the assertion does not verify")?.claims))
}

/// Audience, times and `jti`, which is spent by it.
fn judge(lab: &Lab, parts: &Parts, claims: &Value) -> Result<(), String> {
    let ours = [lab.issuer.clone(), lab.token_endpoint(), lab.mutual_token_endpoint(), url(lab, parts)];
    let named = |name: &Value| name.as_str().is_some_and(|name| ours.iter().any(|own| own == name));
    let audience = match &claims["aud"] {
        Value::Array(names) => names.iter().any(named),
        name => named(name),
    };
    if !audience {
        return Err(format!("aud of the assertion is neither {} nor the token endpoint", lab.issuer));
    }
    let now = lab.seconds();
    let exp = claims["exp"].as_i64().ok_or("exp of the assertion is missing")?;
    if exp <= now.saturating_sub(SKEW) {
        return Err(format!("The assertion expired {} s ago", now.saturating_sub(exp)));
    }
    if exp > now + LONGEST + SKEW {
        return Err(format!("The assertion lives longer than {LONGEST} s"));
    }
    for claim in ["nbf", "iat"] {
        if claims[claim].as_i64().is_some_and(|at| at > now + SKEW) {
            return Err(format!("{claim} of the assertion is in the future"));
        }
    }
    let jti = claims["jti"].as_str().ok_or("jti of the assertion is missing")?;
    match lab.assertions.judge(jti, exp + SKEW, now) {
        Came::First => Ok(()),
        Came::Again => Err("The assertion was used before".to_owned()),
        Came::TooLong => Err("jti of the assertion is too long".to_owned()),
    }
}
