//! Signature algorithms by their names in the RFC 9421 §6.2 registry.

use crate::Error;

/// An algorithm of RFC 9421 §3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 9421 §3.3.4: ECDSA over P-256 with SHA-256; the signature is r‖s, 64 bytes.
    EcdsaP256Sha256,
    /// RFC 9421 §3.3.5: ECDSA over P-384 with SHA-384; the signature is r‖s, 96 bytes.
    EcdsaP384Sha384,
    /// RFC 9421 §3.3.6: EdDSA over edwards25519.
    Ed25519,
    /// RFC 9421 §3.3.3: HMAC with SHA-256.
    HmacSha256,
    /// RFC 9421 §3.3.1: RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    RsaPssSha512,
    /// RFC 9421 §3.3.2: RSASSA-PKCS1-v1_5 with SHA-256.
    RsaV15Sha256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 6] = [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
        Algorithm::EcdsaP384Sha384,
        Algorithm::RsaPssSha512,
        Algorithm::RsaV15Sha256,
        Algorithm::HmacSha256,
    ];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Algorithm::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Algorithm::Ed25519 => "ed25519",
            Algorithm::HmacSha256 => "hmac-sha256",
            Algorithm::RsaPssSha512 => "rsa-pss-sha512",
            Algorithm::RsaV15Sha256 => "rsa-v1_5-sha256",
        }
    }

    /// Whether keys of this algorithm have a public half.
    pub fn is_asymmetric(self) -> bool {
        self != Algorithm::HmacSha256
    }

    /// Reads the registered name.
    ///
    /// # Errors
    /// [`Error::UnknownAlgorithm`] with the name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| Error::UnknownAlgorithm { name: name.to_owned() })
    }
}
