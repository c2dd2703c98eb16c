//! Public keys as JWK (RFC 7517; RFC 8037 for Ed25519), and their thumbprint (RFC 7638).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::{Error, PublicKey};

/// The members a public key needs, in the order of RFC 7638.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicJwk {
    /// `P-256`, `Ed25519`.
    pub crv: String,
    /// `EC`, `OKP`.
    pub kty: String,
    /// First coordinate, base64url.
    pub x: String,
    /// Second coordinate, base64url, for EC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

impl PublicJwk {
    pub(crate) fn from_key(key: &PublicKey) -> Option<Self> {
        match key {
            PublicKey::EcdsaP256(point) => {
                let (x, y) = point.get(1..)?.split_at_checked(32)?;
                Some(Self {
                    kty: "EC".into(),
                    crv: "P-256".into(),
                    x: URL_SAFE_NO_PAD.encode(x),
                    y: Some(URL_SAFE_NO_PAD.encode(y)),
                })
            }
            PublicKey::Ed25519(point) => {
                Some(Self { kty: "OKP".into(), crv: "Ed25519".into(), x: URL_SAFE_NO_PAD.encode(point), y: None })
            }
            PublicKey::Hmac(_) => None,
        }
    }

    pub(crate) fn to_key(&self) -> Result<PublicKey, Error> {
        let not = || Error::NotAKey { wanted: "P-256 or Ed25519 public JWK" };
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32).ok_or_else(not);
        match (self.kty.as_str(), self.crv.as_str(), &self.y) {
            ("OKP", "Ed25519", None) => Ok(PublicKey::Ed25519(part(&self.x)?)),
            ("EC", "P-256", Some(y)) => {
                let mut point = vec![4];
                point.extend(part(&self.x)?);
                point.extend(part(y)?);
                Ok(PublicKey::EcdsaP256(point))
            }
            _ => Err(not()),
        }
    }

    /// RFC 7638: SHA-256 over the required members in lexicographic order, base64url.
    pub fn thumbprint(&self) -> String {
        let y = self.y.as_ref().map_or_else(String::new, |y| format!(",\"y\":\"{y}\""));
        let text = format!("{{\"crv\":\"{}\",\"kty\":\"{}\",\"x\":\"{}\"{y}}}", self.crv, self.kty, self.x);
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::PublicJwk;

    #[test]
    fn the_thumbprint_of_rfc_8037_comes_out() {
        let jwk = PublicJwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".into(),
            y: None,
        };
        assert_eq!(jwk.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 appendix A.3");
    }
}
