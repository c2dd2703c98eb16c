//! Assertions and proofs, made with jsonwebtoken and keys of our own.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A key of a client.
pub struct Key {
    pub algorithm: Algorithm,
    encoding: EncodingKey,
    /// PKCS #8.
    pub pem: String,
    pub jwk: Jwk,
}

impl Key {
    /// A new one for that algorithm.
    pub fn new(algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::ES256 => rcgen::KeyPair::generate(),
            Algorithm::EdDSA => rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519),
            _ => rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048),
        };
        let pair = pair.unwrap();
        let pem = pair.serialize_pem();
        let encoding = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
            _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
        };
        let encoding = encoding.unwrap();
        let jwk = match algorithm {
            // the library reads the public half of a PKCS #8 of version 2 alone
            Algorithm::EdDSA => {
                let x = URL_SAFE_NO_PAD.encode(pair.public_key_raw());
                serde_json::from_value(json!({"kty": "OKP", "crv": "Ed25519", "x": x})).unwrap()
            }
            _ => Jwk::from_encoding_key(&encoding, algorithm).unwrap(),
        };
        Self { algorithm, encoding, pem, jwk }
    }

    /// The public half.
    pub fn public(&self) -> Value {
        let mut jwk = serde_json::to_value(&self.jwk).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        jwk
    }

    /// RFC 7638.
    pub fn thumbprint(&self) -> String {
        self.jwk.thumbprint(ThumbprintHash::SHA256).unwrap()
    }

    /// Signs claims under that key identifier.
    pub fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(ToOwned::to_owned);
        encode(&header, claims, &self.encoding).unwrap()
    }

    /// A DPoP proof (RFC 9449 §4.2) with its header and claims changed.
    pub fn proof(&self, claims: &Value, change: impl FnOnce(&mut Header)) -> String {
        let mut header = Header::new(self.algorithm);
        header.typ = Some("dpop+jwt".into());
        header.jwk = Some(serde_json::from_value(self.public()).unwrap());
        change(&mut header);
        encode(&header, claims, &self.encoding).unwrap()
    }
}

/// HS256 by a secret.
pub fn by_secret(secret: &str, claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

/// A new identifier.
pub fn jti() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("jti-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Seconds since the epoch.
pub fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// Claims of a client assertion (RFC 7523 §3).
pub fn assertion(audience: &Value) -> Value {
    json!({"iss": "demo-client", "sub": "demo-client", "aud": audience, "jti": jti(), "iat": now(), "exp": now() + 60})
}

/// Claims of a proof.
pub fn proof(method: &str, uri: &str) -> Value {
    json!({"htm": method, "htu": uri, "iat": now(), "jti": jti()})
}

/// SHA-256, base64url: `ath`, and the challenge of PKCE.
pub fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}
