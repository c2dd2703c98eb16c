//! DPoP proofs (RFC 9449): checked at the token endpoint (§5) and at the API (§7).

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Validation;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::Value;

use crate::client_key::{ALGORITHMS, decoding_key, has_private_part};
use crate::fault::FaultGroup;
use crate::lab::Lab;
use crate::replay::Came;

/// Seconds a proof's `iat` may differ from the gateway's time, either way.
const WINDOW: i64 = 60;

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It holds no nonce, or an old one (§8, §9).
    Nonce,
    /// What is wrong with it, for `error_description`.
    Proof(String),
}

impl Refused {
    /// RFC 9449 §5, §8.
    pub(crate) fn error(&self) -> &'static str {
        match self {
            Refused::Nonce => "use_dpop_nonce",
            Refused::Proof(_) => "invalid_dpop_proof",
        }
    }

    /// `error_description`.
    pub(crate) fn description(&self) -> &str {
        match self {
            Refused::Nonce => "The proof must hold the nonce of DPoP-Nonce",
            Refused::Proof(what) => what,
        }
    }
}

/// The key a request proves (`jkt`, RFC 7638); `None` where it carries no proof. With a token, the proof is bound to it.
pub(crate) fn check(lab: &Lab, parts: &Parts, token: Option<&str>) -> Result<Option<String>, Refused> {
    let mut fields = parts.headers.get_all("dpop").iter();
    let Some(field) = fields.next() else { return Ok(None) };
    let wrong = |what: &str| Err(Refused::Proof(what.to_owned()));
    if fields.next().is_some() {
        return wrong("There is more than one proof");
    }
    let Ok(proof) = field.to_str() else { return wrong("The proof is not a JWT") };
    let (jwk, claims) = signed(proof)?;
    let Ok(jkt) = jwk.thumbprint(ThumbprintHash::SHA256) else {
        return wrong("The key of the proof has no thumbprint");
    };
    let text = |name: &str| claims[name].as_str();
    if text("htm") != Some(parts.method.as_str()) {
        return Err(Refused::Proof(format!("htm is not {}", parts.method)));
    }
    let here = url(lab, parts);
    if text("htu").and_then(normal) != normal(&here) {
        return Err(Refused::Proof(format!("htu is not {here}")));
    }
    let now = lab.seconds();
    let Some(iat) = claims["iat"].as_i64() else { return wrong("iat is missing") };
    if now.abs_diff(iat) > WINDOW.unsigned_abs() {
        let side = if iat < now { "behind" } else { "ahead of" };
        return Err(Refused::Proof(format!("iat is {} s {side} the server's time", now.abs_diff(iat))));
    }
    if let Some(token) = token {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
        if text("ath") != Some(&hash) {
            return wrong("ath is not the hash of the access token");
        }
    }
    if lab.has(FaultGroup::Token, "dpop-nonce") && text("nonce") != Some(lab.nonce(token.is_some())) {
        return Err(Refused::Nonce);
    }
    let Some(jti) = text("jti") else { return wrong("jti is missing") };
    match lab.proofs.judge(jti, iat + WINDOW, now) {
        Came::First => Ok(Some(jkt)),
        Came::Again => wrong("The proof was used before"),
        Came::TooLong => wrong("jti is too long"),
    }
}

/// Header and signature of a proof (§4.2, §4.3): its key and its claims.
fn signed(proof: &str) -> Result<(Jwk, Value), Refused> {
    let wrong = |what: &str| Refused::Proof(what.to_owned());
    let raw = proof.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let raw: Option<Value> = raw.and_then(|raw| serde_json::from_slice(&raw).ok());
    if has_private_part(&raw.ok_or_else(|| wrong("The proof is not a JWT"))?["jwk"]) {
        return Err(wrong("The proof shows a private key"));
    }
    let header = jsonwebtoken::decode_header(proof).map_err(|_| wrong("The proof's algorithm or key is not known"))?;
    if header.typ.as_deref() != Some("dpop+jwt") {
        return Err(wrong("typ is not dpop+jwt"));
    }
    if !ALGORITHMS.contains(&header.alg) {
        return Err(wrong("The algorithm of the proof is not offered"));
    }
    if header.crit.is_some() {
        return Err(wrong("crit of the proof is not understood"));
    }
    let jwk = header.jwk.ok_or_else(|| wrong("The proof has no jwk"))?;
    let key = decoding_key(&jwk).ok_or_else(|| wrong("The key of the proof is not of a kind that is offered"))?;
    let claims = jsonwebtoken::decode::<Value>(proof, &key, &lenient(header.alg));
    claims.map(|proof| (jwk, proof.claims)).map_err(|_| wrong("The signature of the proof does not verify"))
}

/// The signature alone is the library's question; the claims are ours, by our own clock.
pub(crate) fn lenient(algorithm: jsonwebtoken::Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims = std::collections::HashSet::new();
    validation
}

/// The target URI as it was asked for, without its query.
pub(crate) fn url(lab: &Lab, parts: &Parts) -> String {
    let host = parts.headers.get("host").and_then(|value| value.to_str().ok());
    let authority = parts.uri.authority().map(|authority| authority.as_str()).or(host);
    let origin = authority.map_or_else(|| lab.base_url.clone(), |authority| format!("https://{authority}"));
    format!("{origin}{}", parts.uri.path())
}

/// RFC 9449 §4.3: compared without query and fragment, after normalisation (RFC 3986 §6.2).
fn normal(text: &str) -> Option<String> {
    let uri: Uri = text.split('#').next()?.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let port = uri.port_u16().filter(|port| !(scheme == "https" && *port == 443));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{}{port}{}", uri.host()?.to_ascii_lowercase(), uri.path()))
}

/// Adds the nonce that the next proof is to hold (§8, §9), while they are wanted.
pub(crate) fn add_nonce(lab: &Lab, api: bool, headers: &mut HeaderMap) {
    if lab.has(FaultGroup::Token, "dpop-nonce")
        && let Ok(value) = HeaderValue::from_str(lab.nonce(api))
    {
        headers.insert("dpop-nonce", value);
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn targets_are_compared_after_normalisation() {
        let here = normal("https://localhost:8444/oauth2/token");
        assert_eq!(normal("HTTPS://LOCALHOST:8444/oauth2/token?x=1#y"), here, "case, query and fragment");
        assert_eq!(normal("https://localhost:443/a"), normal("https://localhost/a"), "the default port");
        assert_ne!(normal("https://localhost:8444/oauth2/Token"), here, "the case of the path counts");
        assert_eq!(normal("not a url"), None, "nonsense is no target");
    }
}
