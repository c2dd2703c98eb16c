//! Public keys of clients: what assertions (RFC 7523) and DPoP proofs (RFC 9449) are checked with.

use countersign_signing::PublicKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use crate::Error;
use crate::config::TrustedKey;

/// The algorithms of assertions and proofs, but for HMAC.
pub(crate) const ALGORITHMS: [Algorithm; 4] = [Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA];

/// The names of [`ALGORITHMS`].
pub(crate) const ALGORITHM_NAMES: [&str; 4] = ["ES256", "RS256", "PS256", "EdDSA"];

/// A public key of the demo client, for `private_key_jwt` and for assertions as grants (RFC 7523).
#[derive(Clone)]
pub struct ClientKey {
    pub(crate) kid: String,
    pub(crate) key: DecodingKey,
}

impl ClientKey {
    /// Reads a public JWK (RFC 7517): EC P-256, RSA, or OKP Ed25519.
    ///
    /// # Errors
    /// [`Error::ClientKey`] with the reason.
    pub fn from_jwk(kid: &str, jwk: &Value) -> Result<Self, Error> {
        let bad = |reason: String| Error::ClientKey { kid: kid.to_owned(), reason };
        if has_private_part(jwk) {
            return Err(bad("it holds a private key".to_owned()));
        }
        let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|e| bad(e.to_string()))?;
        let key = decoding_key(&jwk).ok_or_else(|| bad("it is not of EC P-256, RSA or OKP Ed25519".to_owned()))?;
        Ok(Self { kid: kid.to_owned(), key })
    }

    /// The same key that verifies message signatures; a shared secret is none.
    pub(crate) fn from_trusted(trusted: &TrustedKey) -> Option<Self> {
        let jwk = PublicKey::to_jwk(&trusted.key)?;
        let key = match &jwk.y {
            Some(y) => DecodingKey::from_ec_components(&jwk.x, y),
            None => DecodingKey::from_ed_components(&jwk.x),
        };
        Some(Self { kid: trusted.keyid.clone(), key: key.ok()? })
    }
}

/// What a public JWK verifies with; not a shared secret, not another curve.
pub(crate) fn decoding_key(jwk: &Jwk) -> Option<DecodingKey> {
    let known = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => key.curve == EllipticCurve::P256,
        AlgorithmParameters::OctetKeyPair(key) => key.curve == EllipticCurve::Ed25519,
        AlgorithmParameters::RSA(_) => true,
        _ => false,
    };
    if known { DecodingKey::from_jwk(jwk).ok() } else { None }
}

/// Whether a JWK holds more than its public half (RFC 7518 §6).
pub(crate) fn has_private_part(jwk: &Value) -> bool {
    ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].iter().any(|member| jwk.get(member).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ClientKey;

    #[test]
    fn public_keys_are_read() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert!(ClientKey::from_jwk("a", &json!({"kty": "OKP", "crv": "Ed25519", "x": x})).is_ok(), "RFC 8037, A.2");
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
        assert!(ClientKey::from_jwk("b", &ec).is_ok(), "RFC 7517, A.1");
    }

    #[test]
    fn a_private_or_a_shared_key_is_refused_with_the_reason() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        for (jwk, reason) in [
            (json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": "AA"}), "it holds a private key"),
            (json!({"kty": "oct", "k": "AA"}), "it holds a private key"),
            (json!({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}), "it is not of EC P-256, RSA or OKP Ed25519"),
        ] {
            let problem = ClientKey::from_jwk("mine", &jwk).err().unwrap().problem();
            assert_eq!(problem.code, "gateway.client_key", "{jwk}");
            assert!(problem.detail.contains(reason) && problem.detail.contains("mine"), "{problem:?}");
        }
    }
}
