//! Keys: what signs and what verifies.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};
use aws_lc_rs::{hmac, rand};
use countersign_secret::{Secret, SecretBytes};

use crate::jwk::PublicJwk;
use crate::{Algorithm, Error};

/// A key that signs. Made from a vault's secret on the spot.
pub struct SigningKey(Inner);

enum Inner {
    EcdsaP256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Box<hmac::Key>),
}

impl SigningKey {
    /// PKCS#8 DER for key pairs, the raw secret for HMAC.
    ///
    /// # Errors
    /// [`Error::NotAKey`]; the bytes are not told.
    pub fn from_secret(algorithm: Algorithm, secret: &SecretBytes) -> Result<Self, Error> {
        let bytes = secret.expose_secret();
        let not = |wanted| Error::NotAKey { wanted };
        Ok(Self(match algorithm {
            Algorithm::EcdsaP256Sha256 => Inner::EcdsaP256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(|_| not("PKCS#8 P-256"))?,
            ),
            Algorithm::Ed25519 => {
                Inner::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(|_| not("PKCS#8 Ed25519"))?)
            }
            Algorithm::HmacSha256 if bytes.is_empty() => return Err(not("non-empty HMAC")),
            Algorithm::HmacSha256 => Inner::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))),
        }))
    }

    /// Which algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Inner::EcdsaP256(_) => Algorithm::EcdsaP256Sha256,
            Inner::Ed25519(_) => Algorithm::Ed25519,
            Inner::Hmac(_) => Algorithm::HmacSha256,
        }
    }

    /// The public half; `None` for a shared secret.
    pub fn public(&self) -> Option<PublicKey> {
        match &self.0 {
            Inner::EcdsaP256(pair) => Some(PublicKey::EcdsaP256(pair.public_key().as_ref().to_vec())),
            Inner::Ed25519(pair) => Some(PublicKey::Ed25519(pair.public_key().as_ref().to_vec())),
            Inner::Hmac(_) => None,
        }
    }

    /// The signature over a base.
    ///
    /// # Errors
    /// [`Error::Provider`], which does not happen with a key that was read.
    pub fn sign(&self, base: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(match &self.0 {
            Inner::EcdsaP256(pair) => pair
                .sign(&rand::SystemRandom::new(), base)
                .map_err(|_| Error::Provider { algorithm: "ecdsa-p256-sha256" })?
                .as_ref()
                .to_vec(),
            Inner::Ed25519(pair) => pair.sign(base).as_ref().to_vec(),
            Inner::Hmac(key) => hmac::sign(key, base).as_ref().to_vec(),
        })
    }
}

/// A key that verifies.
pub enum PublicKey {
    /// Uncompressed point, 65 bytes.
    EcdsaP256(Vec<u8>),
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// A shared secret.
    Hmac(SecretBytes),
}

impl PublicKey {
    /// From a JWK (RFC 7517, RFC 8037).
    ///
    /// # Errors
    /// [`Error::NotAKey`].
    pub fn from_jwk(jwk: &PublicJwk) -> Result<Self, Error> {
        jwk.to_key()
    }

    /// As a JWK; `None` for a shared secret.
    pub fn to_jwk(&self) -> Option<PublicJwk> {
        PublicJwk::from_key(self)
    }

    /// Which algorithm it verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::EcdsaP256(_) => Algorithm::EcdsaP256Sha256,
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
            PublicKey::Hmac(_) => Algorithm::HmacSha256,
        }
    }

    /// Whether the signature is this key's over the base.
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        match self {
            PublicKey::EcdsaP256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(base, signature).is_ok()
            }
            PublicKey::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(base, signature).is_ok(),
            PublicKey::Hmac(secret) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret()), base, signature).is_ok()
            }
        }
    }

    /// Whether a refused ECDSA signature would verify as ASN.1 DER: the other encoding (X.509, CMS).
    pub fn verifies_as_der(&self, base: &[u8], signature: &[u8]) -> bool {
        matches!(self, PublicKey::EcdsaP256(point) if UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(base, signature).is_ok())
    }
}

/// A fresh key in the form [`SigningKey::from_secret`] reads, and its public half as a JWK.
///
/// # Errors
/// [`Error::Provider`].
pub fn generate(algorithm: Algorithm, random: &dyn SecureRandom) -> Result<(SecretBytes, Option<PublicJwk>), Error> {
    let provider = || Error::Provider { algorithm: algorithm.name() };
    let secret = match algorithm {
        Algorithm::EcdsaP256Sha256 => Secret::new(
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
                .map_err(|_| provider())?
                .as_ref()
                .to_vec(),
        ),
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(|_| provider())?;
            let document: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().map_err(|_| provider())?;
            Secret::new(document.as_ref().to_vec())
        }
        Algorithm::HmacSha256 => {
            let mut bytes = vec![0; 32];
            random.fill(&mut bytes).map_err(|_| provider())?;
            Secret::new(bytes)
        }
    };
    let public = SigningKey::from_secret(algorithm, &secret)?.public().and_then(|key| key.to_jwk());
    Ok((secret, public))
}
