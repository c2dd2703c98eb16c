//! Names of keys, curves and signature algorithms, by OID.

use countersign_evidence::KeyView;
use x509_parser::certificate::X509Certificate;
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::public_key::PublicKey;

pub(super) fn key_view(parsed: &X509Certificate<'_>) -> KeyView {
    let spki = parsed.public_key();
    let oid = spki.algorithm.algorithm.to_id_string();
    match spki.parsed() {
        Ok(PublicKey::RSA(key)) => {
            let bits = bits(super::trimmed(key.modulus));
            KeyView { kind: "RSA".to_owned(), curve: None, bits: Some(bits) }
        }
        Ok(PublicKey::EC(_)) => {
            let curve = spki.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok()).map(|oid| {
                let id = oid.to_id_string();
                match id.as_str() {
                    "1.2.840.10045.3.1.1" => "P-192".to_owned(),
                    "1.2.840.10045.3.1.7" => "P-256".to_owned(),
                    "1.3.132.0.33" => "P-224".to_owned(),
                    "1.3.132.0.34" => "P-384".to_owned(),
                    "1.3.132.0.35" => "P-521".to_owned(),
                    "1.3.132.0.10" => "secp256k1".to_owned(),
                    _ => id,
                }
            });
            KeyView { kind: "EC".to_owned(), curve, bits: None }
        }
        _ => {
            let kind = match oid.as_str() {
                "1.2.840.113549.1.1.1" => "RSA",
                "1.2.840.10045.2.1" => "EC",
                "1.3.101.112" => "Ed25519",
                "1.3.101.113" => "Ed448",
                "1.2.840.10040.4.1" => "DSA",
                "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
                "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
                "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
                other => other,
            };
            KeyView { kind: kind.to_owned(), curve: None, bits: None }
        }
    }
}

/// Bits of an unsigned integer without leading zeros.
fn bits(integer: &[u8]) -> u32 {
    let whole = u32::try_from(integer.len()).unwrap_or(u32::MAX / 8).saturating_mul(8);
    whole.saturating_sub(integer.first().map_or(0, |byte| byte.leading_zeros()))
}

pub(super) fn signature_name(oid: &str) -> String {
    let known = match oid {
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.3.101.112" => "Ed25519",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let arcs: Vec<u64> = oid.split('.').filter_map(|arc| arc.parse().ok()).collect();
    x509_parser::der_parser::oid::Oid::from(&arcs)
        .ok()
        .and_then(|parsed| oid2sn(&parsed, oid_registry()).ok().map(str::to_owned))
        .unwrap_or_else(|| oid.to_owned())
}
