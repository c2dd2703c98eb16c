//! One X.509 certificate as people read it. The DER is in `pem`; everything else is derived from it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ByteRange, Timestamp};

/// Where a certificate came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum CertificateSource {
    /// Fetched by its authority information access address.
    Fetched,
    /// Sent by the server.
    Sent,
    /// From a trust store; `store` names it.
    Store,
}

/// SHA-256 fingerprints in lower-case hex without separators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Fingerprints {
    /// SHA-256 of the DER.
    pub sha256: String,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub spki_sha256: String,
}

/// The public key's kind and size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct KeyView {
    /// `EC`, `RSA`, `Ed25519`, or the algorithm's OID.
    #[serde(rename = "type")]
    pub kind: String,
    /// `P-256` and so on, for EC keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// Bits of the modulus, for RSA keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
}

/// RFC 5280 §4.2.1.9.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// How many CAs may follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_length: Option<u32>,
}

/// One signed certificate timestamp (RFC 6962 §3.2): shown and counted, its signature is not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SignedCertificateTimestamp {
    /// SHA-256 of the log's key, lower-case hex.
    pub log_id: String,
    /// When the log promised to include the certificate.
    pub timestamp: Timestamp,
}

/// What a CA may issue for (RFC 5280 §4.2.1.10), in words: `DNS:corp.test`, `IP:10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NameConstraintsView {
    /// Only below these.
    pub permitted: Vec<String>,
    /// Never below these.
    pub excluded: Vec<String>,
}

/// One extension, in the order of the certificate (RFC 5280 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct ExtensionView {
    /// `2.5.29.17`.
    pub oid: String,
    /// `subjectAltName`; absent where the OID has no known name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether whoever does not understand it has to refuse.
    pub critical: bool,
    /// Its place in the DER.
    pub range: ByteRange,
}

/// The rest of a certificate: what explains more than it identifies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct CertificateDetails {
    /// 1, 2 or 3 (RFC 5280 §4.1.2.1).
    pub version: u32,
    /// Bytes of the DER.
    pub length: u32,
    /// OIDs of the certificate policies (RFC 5280 §4.2.1.4).
    pub policies: Vec<String>,
    /// Signed certificate timestamps in the certificate.
    pub scts: Vec<SignedCertificateTimestamp>,
    /// RFC 5280 §4.2.1.2, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_key_id: Option<String>,
    /// RFC 5280 §4.2.1.1, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority_key_id: Option<String>,
    /// RFC 5280 §4.2.1.10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_constraints: Option<NameConstraintsView>,
    /// The server has to staple an OCSP response (RFC 7633).
    pub must_staple: bool,
    /// Names, or OIDs, of the critical extensions.
    pub critical: Vec<String>,
    /// Every extension.
    pub extensions: Vec<ExtensionView>,
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, optional_fields)]
pub struct CertificateView {
    /// Distinguished name of the subject, RFC 4514 style.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Lower-case hex with colons.
    pub serial: String,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// Last instant of validity.
    pub not_after: Timestamp,
    /// `DNS:localhost`, `IP:127.0.0.1`, `URI:…`, `email:…`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Kind and size of the public key.
    pub key: KeyView,
    /// Name of the algorithm the issuer signed with, `ecdsa-with-SHA256`.
    pub signature_algorithm: String,
    /// RFC 5280 §4.2.1.3 bit names.
    #[serde(default)]
    pub key_usage: Vec<String>,
    /// RFC 5280 §4.2.1.12 names, or OIDs.
    #[serde(default)]
    pub extended_key_usage: Vec<String>,
    /// RFC 5280 §4.2.1.9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_constraints: Option<BasicConstraints>,
    /// Addresses of the issuer's certificate (authority information access).
    #[serde(default)]
    pub ca_issuers: Vec<String>,
    /// Addresses of OCSP responders.
    #[serde(default)]
    pub ocsp: Vec<String>,
    /// Addresses of CRLs.
    #[serde(default)]
    pub crl: Vec<String>,
    /// SHA-256 fingerprints.
    pub fingerprints: Fingerprints,
    /// Where it came from.
    pub source: CertificateSource,
    /// For a certificate from a store: the store's label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The certificate itself, RFC 7468.
    pub pem: String,
    /// Version, policies, timestamps, identifiers, extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<CertificateDetails>,
}
