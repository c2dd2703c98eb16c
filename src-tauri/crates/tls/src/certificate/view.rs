//! The view of a certificate: what people read.

use aws_lc_rs::digest;
use base64::Engine as _;
use countersign_evidence::{
    ByteRange, CertificateDetails, CertificateSource, CertificateView, ExtensionView, Fingerprints, KeyView, Timestamp,
};
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use super::extension::{self, Read};
use super::name::distinguished_name;
use super::{AlternativeName, Certificate, algorithm};

pub(super) fn build(
    der: &CertificateDer<'_>,
    parsed: &X509Certificate<'_>,
    read: &Read,
    spki: &[u8],
    signature_oid: &str,
) -> CertificateView {
    CertificateView {
        subject: distinguished_name(parsed.subject()),
        issuer: distinguished_name(parsed.issuer()),
        serial: parsed.raw_serial_as_string(),
        not_before: Timestamp::from_unix_seconds(parsed.validity().not_before.timestamp()),
        not_after: Timestamp::from_unix_seconds(parsed.validity().not_after.timestamp()),
        names: read.names.iter().flatten().map(AlternativeName::to_string).collect(),
        key: algorithm::key_view(parsed),
        signature_algorithm: algorithm::signature_name(signature_oid),
        key_usage: read.key_usage.clone().unwrap_or_default(),
        extended_key_usage: read.extended_key_usage.clone().unwrap_or_default(),
        basic_constraints: read.basic_constraints.clone(),
        ca_issuers: read.ca_issuers.clone(),
        ocsp: read.ocsp.clone(),
        crl: read.crl.clone(),
        fingerprints: Fingerprints { sha256: sha256_hex(der), spki_sha256: sha256_hex(spki) },
        source: CertificateSource::Sent,
        store: None,
        pem: pem(der),
        details: Some(details(der, parsed, read)),
    }
}

fn details(der: &[u8], parsed: &X509Certificate<'_>, read: &Read) -> CertificateDetails {
    let extensions: Vec<ExtensionView> = read
        .extensions
        .iter()
        .map(|own| ExtensionView {
            oid: own.oid.clone(),
            name: extension::name_of(&own.oid).map(str::to_owned),
            critical: own.critical,
            range: byte_range(&own.range),
        })
        .collect();
    let critical = extensions.iter().filter(|own| own.critical);
    CertificateDetails {
        version: parsed.version().0.saturating_add(1),
        length: u32::try_from(der.len()).unwrap_or(u32::MAX),
        policies: read.policy.identifiers.clone(),
        scts: read.scts.clone(),
        subject_key_id: read.subject_key_id.as_ref().map(hex::encode),
        authority_key_id: read.authority_key.as_ref().and_then(|key| key.identifier.as_ref()).map(hex::encode),
        name_constraints: read.name_constraints.as_ref().map(|constraints| constraints.view()),
        must_staple: read.must_staple,
        critical: critical.map(|own| own.name.clone().unwrap_or_else(|| own.oid.clone())).collect(),
        extensions,
    }
}

pub(crate) fn byte_range(range: &std::ops::Range<usize>) -> ByteRange {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    ByteRange { offset: small(range.start), length: small(range.len()) }
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// RFC 7468.
pub(crate) fn pem(der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut text = String::with_capacity(body.len() + body.len() / 64 + 56);
    text.push_str("-----BEGIN CERTIFICATE-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

/// What stands in a chain for bytes that are no certificate, so that every index stays what it was on the wire.
pub(crate) fn unreadable_view(der: &CertificateDer<'_>) -> CertificateView {
    CertificateView {
        subject: "not a certificate".to_owned(),
        issuer: String::new(),
        serial: String::new(),
        not_before: Timestamp::from_unix_seconds(0),
        not_after: Timestamp::from_unix_seconds(0),
        names: Vec::new(),
        key: KeyView { kind: String::new(), curve: None, bits: None },
        signature_algorithm: String::new(),
        key_usage: Vec::new(),
        extended_key_usage: Vec::new(),
        basic_constraints: None,
        ca_issuers: Vec::new(),
        ocsp: Vec::new(),
        crl: Vec::new(),
        fingerprints: Fingerprints { sha256: sha256_hex(der), spki_sha256: String::new() },
        source: CertificateSource::Sent,
        store: None,
        pem: pem(der),
        details: None,
    }
}

/// On one line and at most 80 characters: a peer chooses these names.
pub(crate) fn fit(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    countersign_evidence::ladder::elide(&line, 80)
}

/// `RSA 2048`, `EC P-256`.
pub(crate) fn key_words(certificate: &Certificate) -> String {
    let key = &certificate.view().key;
    match (&key.curve, key.bits) {
        (Some(curve), _) => format!("{} {curve}", key.kind),
        (None, Some(bits)) => format!("{} {bits}", key.kind),
        (None, None) => key.kind.clone(),
    }
}

/// What the parser stopped at, without its own wrapping.
pub(super) fn parser_words(error: &x509_parser::nom::Err<X509Error>) -> String {
    match error {
        x509_parser::nom::Err::Error(inner) | x509_parser::nom::Err::Failure(inner) => inner.to_string(),
        x509_parser::nom::Err::Incomplete(_) => "it ends too early".to_owned(),
    }
}
