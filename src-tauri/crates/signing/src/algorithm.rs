//! Signature algorithms by their names in the RFC 9421 §6.2 registry.

use crate::Error;

/// An algorithm of RFC 9421 §3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 9421 §3.3.4: ECDSA over P-256 with SHA-256; the signature is r‖s, 64 bytes.
    EcdsaP256Sha256,
    /// RFC 9421 §3.3.6: EdDSA over edwards25519.
    Ed25519,
    /// RFC 9421 §3.3.3: HMAC with SHA-256.
    HmacSha256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 3] = [Algorithm::Ed25519, Algorithm::EcdsaP256Sha256, Algorithm::HmacSha256];

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Algorithm::Ed25519 => "ed25519",
            Algorithm::HmacSha256 => "hmac-sha256",
        }
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
