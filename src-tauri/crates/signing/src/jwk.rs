//! Public keys as JWK (RFC 7517; RFC 8037 for Ed25519), and their thumbprint (RFC 7638).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::{Error, PublicKey};

/// The members a public key needs, in the order of RFC 7638. Those its kind does not have are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// `P-256`, `P-384`, `Ed25519`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub crv: String,
    /// Public exponent, base64url, for RSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// `EC`, `OKP`, `RSA`.
    pub kty: String,
    /// Modulus, base64url, for RSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// First coordinate, base64url.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub x: String,
    /// Second coordinate, base64url, for EC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

impl PublicJwk {
    pub(crate) fn from_key(key: &PublicKey) -> Option<Self> {
        let ec = |crv: &str, point: &[u8]| {
            let coordinates = point.get(1..)?;
            let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
            let (x, y) = (URL_SAFE_NO_PAD.encode(x), Some(URL_SAFE_NO_PAD.encode(y)));
            Some(Self { kty: "EC".into(), crv: crv.into(), x, y, ..Self::default() })
        };
        match key {
            PublicKey::EcdsaP256(point) => ec("P-256", point),
            PublicKey::EcdsaP384(point) => ec("P-384", point),
            PublicKey::Ed25519(point) => Some(Self {
                kty: "OKP".into(),
                crv: "Ed25519".into(),
                x: URL_SAFE_NO_PAD.encode(point),
                ..Self::default()
            }),
            PublicKey::Hmac(_) => None,
            PublicKey::Rsa { n, e, .. } => Some(Self {
                kty: "RSA".into(),
                n: Some(URL_SAFE_NO_PAD.encode(n)),
                e: Some(URL_SAFE_NO_PAD.encode(e)),
                ..Self::default()
            }),
        }
    }

    pub(crate) fn to_key(&self) -> Result<PublicKey, Error> {
        let not = || Error::NotAKey { wanted: "P-256, P-384, Ed25519 or RSA public JWK" };
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().ok_or_else(not);
        let part = |text: &str, length: usize| {
            bytes(text).and_then(|bytes| if bytes.len() == length { Ok(bytes) } else { Err(not()) })
        };
        let point = |y: &str, length: usize| -> Result<Vec<u8>, Error> {
            Ok([vec![4], part(&self.x, length)?, part(y, length)?].concat())
        };
        match (self.kty.as_str(), self.crv.as_str(), &self.y) {
            ("OKP", "Ed25519", None) => Ok(PublicKey::Ed25519(part(&self.x, 32)?)),
            ("EC", "P-256", Some(y)) => point(y, 32).map(PublicKey::EcdsaP256),
            ("EC", "P-384", Some(y)) => point(y, 48).map(PublicKey::EcdsaP384),
            ("RSA", "", None) => {
                let (Some(n), Some(e)) = (&self.n, &self.e) else { return Err(not()) };
                Ok(PublicKey::Rsa { n: bytes(n)?, e: bytes(e)?, only: None })
            }
            _ => Err(not()),
        }
    }

    /// RFC 7638: SHA-256 over the required members in lexicographic order, base64url.
    pub fn thumbprint(&self) -> String {
        let members = [
            ("crv", Some(&self.crv).filter(|text| !text.is_empty())),
            ("e", self.e.as_ref()),
            ("kty", Some(&self.kty)),
            ("n", self.n.as_ref()),
            ("x", Some(&self.x).filter(|text| !text.is_empty())),
            ("y", self.y.as_ref()),
        ];
        let members = members.into_iter().filter_map(|(name, text)| text.map(|text| format!("\"{name}\":\"{text}\"")));
        let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::PublicJwk;

    #[test]
    fn the_thumbprints_of_the_rfcs_come_out() {
        let jwk = PublicJwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
            ..PublicJwk::default()
        };
        assert_eq!(jwk.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 appendix A.3");
        let rsa =
            PublicJwk { kty: "RSA".into(), e: Some("AQAB".into()), n: Some(RFC_7638.into()), ..PublicJwk::default() };
        assert_eq!(rsa.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RFC 7638 section 3.1");
        let text = serde_json::to_string(&rsa).unwrap();
        assert!(!text.contains("crv") && !text.contains("\"x\""), "only its own members: {text}");
        assert_eq!(serde_json::from_str::<PublicJwk>(&text).unwrap(), rsa);
    }

    const RFC_7638: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
}
