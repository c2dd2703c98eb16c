//! Keys that sign JWTs of the client: assertions (RFC 7523) and proofs of possession (RFC 9449).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_secret::{Secret, SecretBytes, SecretText};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::Error;

/// A key of the client, ready to sign.
pub struct JwtKey {
    encoding: EncodingKey,
    algorithm: Algorithm,
    kid: Option<String>,
    /// The public half; `None` for a shared secret.
    public: Option<Jwk>,
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl JwtKey {
    /// The client secret as an HMAC key, HS256 (OpenID Connect Core §9, `client_secret_jwt`).
    pub fn of_secret(secret: &SecretText) -> Self {
        let encoding = EncodingKey::from_secret(secret.expose_secret().as_bytes());
        Self { encoding, algorithm: Algorithm::HS256, kid: None, public: None }
    }

    /// A private key in PKCS#8 DER (RFC 5958): RSA, P-256, P-384 or Ed25519. `algorithm` is a name of RFC 7518 §3.1 or
    /// RFC 8037, empty for the usual one of its kind (RS256, ES256, ES384, EdDSA); `kid` is empty for the RFC 7638
    /// thumbprint of the key.
    ///
    /// # Errors
    /// [`Error::Key`]: no such key, or an algorithm that is not one of its kind.
    pub fn of_private(pkcs8: &SecretBytes, algorithm: &str, kid: &str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Key { reason };
        let pem = Secret::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(pkcs8.expose_secret())
        ));
        let bytes = pem.expose_secret().as_bytes();
        let (encoding, kinds) = EncodingKey::from_ec_pem(bytes)
            .map(|key| (key, &[Algorithm::ES256, Algorithm::ES384][..]))
            .or_else(|_| EncodingKey::from_ed_pem(bytes).map(|key| (key, &[Algorithm::EdDSA][..])))
            .or_else(|_| EncodingKey::from_rsa_pem(bytes).map(|key| (key, &RSA[..])))
            .map_err(|_| wrong("it is neither RSA nor P-256, P-384 or Ed25519".to_owned()))?;
        let fitting = kinds.iter().find_map(|kind| Some((*kind, Jwk::from_encoding_key(&encoding, *kind).ok()?)));
        let (usual, mut public) = fitting.ok_or_else(|| wrong("its curve is neither P-256 nor P-384".to_owned()))?;
        let algorithm = match (algorithm, usual) {
            ("", usual) => usual,
            (name, usual) => {
                let asked = name.parse::<Algorithm>().map_err(|_| wrong(format!("`{name}` is no algorithm")))?;
                let fits = asked == usual || (RSA.contains(&usual) && RSA.contains(&asked));
                if !fits {
                    return Err(wrong(format!("`{name}` does not sign with this key, `{usual:?}` does")));
                }
                asked
            }
        };
        let thumbprint = public.thumbprint(ThumbprintHash::SHA256).map_err(|e| wrong(e.to_string()))?;
        let kid = if kid.is_empty() { thumbprint } else { kid.to_owned() };
        public.common.key_algorithm = None;
        Ok(Self { encoding, algorithm, kid: Some(kid), public: Some(public) })
    }

    /// The name in the `alg` member.
    pub fn algorithm(&self) -> String {
        format!("{:?}", self.algorithm)
    }

    /// RFC 7638 thumbprint over SHA-256, base64url; `None` for a shared secret.
    pub fn thumbprint(&self) -> Option<String> {
        self.public.as_ref()?.thumbprint(ThumbprintHash::SHA256).ok()
    }

    /// The public half as a JWK (RFC 7517) with `kid`, `use` and `alg`, as it goes into a server's registration.
    pub fn public_jwk(&self) -> Option<serde_json::Value> {
        let mut jwk = serde_json::to_value(self.public.as_ref()?).ok()?;
        let members = jwk.as_object_mut()?;
        members.insert("kid".into(), self.kid.clone()?.into());
        members.insert("use".into(), "sig".into());
        members.insert("alg".into(), self.algorithm().into());
        Some(jwk)
    }

    /// A compact JWS (RFC 7515 §7.1) over claims. `typ` stands in the header; with `embedded` the public key does too,
    /// in the place of its `kid`.
    pub(crate) fn sign(&self, typ: &str, embedded: bool, claims: &impl Serialize) -> Result<SecretText, Error> {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(typ.to_owned());
        if embedded {
            header.jwk.clone_from(&self.public);
        } else {
            header.kid.clone_from(&self.kid);
        }
        let token = jsonwebtoken::encode(&header, claims, &self.encoding);
        token.map(Secret::new).map_err(|e| Error::Key { reason: format!("it does not sign: {e}") })
    }
}

/// What an RSA key signs with.
const RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
