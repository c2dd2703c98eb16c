//! Keys: what signs and what verifies.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA512, RsaKeyPair, UnparsedPublicKey,
};
use aws_lc_rs::{hmac, rand};
use countersign_secret::{Secret, SecretBytes};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;

use crate::jwk::PublicJwk;
use crate::{Algorithm, Error};

/// A key that signs. Made from a vault's secret on the spot.
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Box<hmac::Key>),
    Rsa(Box<RsaKeyPair>),
}

impl SigningKey {
    /// PKCS#8 DER for key pairs, the raw secret for HMAC.
    ///
    /// # Errors
    /// [`Error::NotAKey`]; the bytes are not told.
    pub fn from_secret(algorithm: Algorithm, secret: &SecretBytes) -> Result<Self, Error> {
        let bytes = secret.expose_secret();
        let not = |wanted| Error::NotAKey { wanted };
        let ecdsa = |curve: &'static EcdsaSigningAlgorithm, wanted| {
            EcdsaKeyPair::from_pkcs8(curve, bytes).map(Pair::Ecdsa).map_err(|_| not(wanted))
        };
        let pair = match algorithm {
            Algorithm::EcdsaP256Sha256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, "PKCS#8 P-256")?,
            Algorithm::EcdsaP384Sha384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, "PKCS#8 P-384")?,
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes);
                Pair::Ed25519(pair.map_err(|_| not("PKCS#8 Ed25519"))?)
            }
            Algorithm::HmacSha256 if bytes.is_empty() => return Err(not("non-empty HMAC")),
            Algorithm::HmacSha256 => Pair::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))),
            Algorithm::RsaPssSha512 | Algorithm::RsaV15Sha256 => {
                let pair = RsaKeyPair::from_pkcs8(bytes).map_err(|_| not("PKCS#8 RSA of 2048 bits or more"))?;
                Pair::Rsa(Box::new(pair))
            }
        };
        Ok(Self { algorithm, pair })
    }

    /// Which algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public half; `None` for a shared secret.
    pub fn public(&self) -> Option<PublicKey> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                let point = pair.public_key().as_ref().to_vec();
                Some(match self.algorithm {
                    Algorithm::EcdsaP384Sha384 => PublicKey::EcdsaP384(point),
                    _ => PublicKey::EcdsaP256(point),
                })
            }
            Pair::Ed25519(pair) => Some(PublicKey::Ed25519(pair.public_key().as_ref().to_vec())),
            Pair::Hmac(_) => None,
            Pair::Rsa(pair) => {
                let (_, key) = RSAPublicKey::from_der(pair.public_key().as_ref()).ok()?;
                Some(PublicKey::Rsa { n: plain(key.modulus), e: plain(key.exponent), only: Some(self.algorithm) })
            }
        }
    }

    /// The signature over a base.
    ///
    /// # Errors
    /// [`Error::Provider`], which does not happen with a key that was read.
    pub fn sign(&self, base: &[u8]) -> Result<Vec<u8>, Error> {
        let random = rand::SystemRandom::new();
        let provider = |_| Error::Provider { algorithm: self.algorithm.name() };
        Ok(match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, base).map_err(provider)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(base).as_ref().to_vec(),
            Pair::Hmac(key) => hmac::sign(key, base).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = match self.algorithm {
                    Algorithm::RsaV15Sha256 => pair.sign(&RSA_PKCS1_SHA256, &random, base, &mut signature),
                    _ => pair.sign(&RSA_PSS_SHA512, &random, base, &mut signature),
                };
                signed.map_err(provider)?;
                signature
            }
        })
    }
}

/// A DER integer without the zero that keeps it positive.
fn plain(bytes: &[u8]) -> Vec<u8> {
    bytes[bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len())..].to_vec()
}

/// A key that verifies.
pub enum PublicKey {
    /// Uncompressed point, 65 bytes.
    EcdsaP256(Vec<u8>),
    /// Uncompressed point, 97 bytes.
    EcdsaP384(Vec<u8>),
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// A shared secret.
    Hmac(SecretBytes),
    /// Modulus and public exponent, big-endian.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
        /// The one algorithm it is for; `None`: whichever of the two a signature names.
        only: Option<Algorithm>,
    },
}

impl PublicKey {
    /// From a JWK (RFC 7517, RFC 7518 §6, RFC 8037).
    ///
    /// # Errors
    /// [`Error::NotAKey`].
    pub fn from_jwk(jwk: &PublicJwk) -> Result<Self, Error> {
        jwk.to_key()
    }

    /// From a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), DER: what stands in `PUBLIC KEY` of a PEM file, and in a certificate.
    ///
    /// # Errors
    /// [`Error::NotAKey`].
    pub fn from_spki(der: &[u8]) -> Result<Self, Error> {
        use x509_parser::public_key::PublicKey as Read;
        let not = || Error::NotAKey { wanted: "P-256, P-384, Ed25519 or RSA public" };
        let (_, info) = x509_parser::x509::SubjectPublicKeyInfo::from_der(der).map_err(|_| not())?;
        let bytes = info.subject_public_key.data.as_ref();
        let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
        match info.parsed().map_err(|_| not())? {
            Read::RSA(key) => Ok(Self::Rsa { n: plain(key.modulus), e: plain(key.exponent), only: None }),
            // RFC 5480 §2.1.1.1: the curve by its name
            Read::EC(_) if curve == "1.2.840.10045.3.1.7" && bytes.len() == 65 => Ok(Self::EcdsaP256(bytes.to_vec())),
            Read::EC(_) if curve == "1.3.132.0.34" && bytes.len() == 97 => Ok(Self::EcdsaP384(bytes.to_vec())),
            // RFC 8410 §3
            _ if info.algorithm.algorithm.to_id_string() == "1.3.101.112" && bytes.len() == 32 => {
                Ok(Self::Ed25519(bytes.to_vec()))
            }
            _ => Err(not()),
        }
    }

    /// The key of a certificate, DER.
    ///
    /// # Errors
    /// [`Error::NotAKey`].
    pub fn from_certificate(der: &[u8]) -> Result<Self, Error> {
        let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(der)
            .map_err(|_| Error::NotAKey { wanted: "certificate's" })?;
        Self::from_spki(certificate.public_key().raw)
    }

    /// As a JWK; `None` for a shared secret.
    pub fn to_jwk(&self) -> Option<PublicJwk> {
        PublicJwk::from_key(self)
    }

    /// Which algorithm it verifies, where nothing else is said.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::EcdsaP256(_) => Algorithm::EcdsaP256Sha256,
            PublicKey::EcdsaP384(_) => Algorithm::EcdsaP384Sha384,
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
            PublicKey::Hmac(_) => Algorithm::HmacSha256,
            PublicKey::Rsa { only, .. } => only.unwrap_or(Algorithm::RsaPssSha512),
        }
    }

    /// Whether signatures of this algorithm may be by this key.
    pub fn takes(&self, algorithm: Algorithm) -> bool {
        match self {
            PublicKey::Rsa { only: None, .. } => {
                matches!(algorithm, Algorithm::RsaPssSha512 | Algorithm::RsaV15Sha256)
            }
            _ => self.algorithm() == algorithm,
        }
    }

    /// Whether the signature is this key's over the base, by an algorithm it is for.
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        Algorithm::ALL.into_iter().any(|algorithm| self.verify_as(algorithm, base, signature))
    }

    /// The same by an algorithm it [`takes`](Self::takes).
    pub fn verify_as(&self, algorithm: Algorithm, base: &[u8], signature: &[u8]) -> bool {
        if !self.takes(algorithm) {
            return false;
        }
        match self {
            PublicKey::EcdsaP256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(base, signature).is_ok()
            }
            PublicKey::EcdsaP384(point) => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(base, signature).is_ok()
            }
            PublicKey::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(base, signature).is_ok(),
            PublicKey::Hmac(secret) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret()), base, signature).is_ok()
            }
            PublicKey::Rsa { n, e, .. } => {
                let key = PublicKeyComponents { n, e };
                match algorithm {
                    Algorithm::RsaV15Sha256 => key.verify(&RSA_PKCS1_2048_8192_SHA256, base, signature).is_ok(),
                    _ => key.verify(&RSA_PSS_2048_8192_SHA512, base, signature).is_ok(),
                }
            }
        }
    }

    /// Whether a refused ECDSA signature would verify as ASN.1 DER: the other encoding (X.509, CMS).
    pub fn verifies_as_der(&self, base: &[u8], signature: &[u8]) -> bool {
        let (algorithm, point) = match self {
            PublicKey::EcdsaP256(point) => (&ECDSA_P256_SHA256_ASN1, point),
            PublicKey::EcdsaP384(point) => (&ECDSA_P384_SHA384_ASN1, point),
            PublicKey::Ed25519(_) | PublicKey::Hmac(_) | PublicKey::Rsa { .. } => return false,
        };
        UnparsedPublicKey::new(algorithm, point).verify(base, signature).is_ok()
    }
}

/// A fresh key in the form [`SigningKey::from_secret`] reads, and its public half as a JWK. RSA has 3072 bits.
///
/// # Errors
/// [`Error::Provider`].
pub fn generate(algorithm: Algorithm, random: &dyn SecureRandom) -> Result<(SecretBytes, Option<PublicJwk>), Error> {
    let provider = || Error::Provider { algorithm: algorithm.name() };
    let ecdsa = |curve: &'static EcdsaSigningAlgorithm| {
        let document = EcdsaKeyPair::generate_pkcs8(curve, random).map_err(|_| provider())?;
        Ok(document.as_ref().to_vec())
    };
    let bytes = match algorithm {
        Algorithm::EcdsaP256Sha256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
        Algorithm::EcdsaP384Sha384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING)?,
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(|_| provider())?;
            let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| provider())?;
            document.as_ref().to_vec()
        }
        Algorithm::HmacSha256 => {
            let mut bytes = vec![0; 32];
            random.fill(&mut bytes).map_err(|_| provider())?;
            bytes
        }
        Algorithm::RsaPssSha512 | Algorithm::RsaV15Sha256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| provider())?;
            let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| provider())?;
            document.as_ref().to_vec()
        }
    };
    let secret = Secret::new(bytes);
    let public = SigningKey::from_secret(algorithm, &secret)?.public().and_then(|key| key.to_jwk());
    Ok((secret, public))
}
