//! Extensions that rcgen does not write by itself.

use aws_lc_rs::digest;
use rcgen::CustomExtension;
use time::OffsetDateTime;

use super::der;

/// CA/Browser Forum: domain validated.
pub(super) const DOMAIN_VALIDATED: [u64; 6] = [2, 23, 140, 1, 2, 1];
/// RFC 5280 §4.2.1.4.
const POLICIES: [u64; 4] = [2, 5, 29, 32];
/// RFC 5280 §4.2.2.1.
const AUTHORITY_INFORMATION: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
const CA_ISSUERS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 48, 2];
const OCSP: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 48, 1];
/// RFC 6962 §3.3.
const SIGNED_CERTIFICATE_TIMESTAMPS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
/// RFC 7633 §4.
const TLS_FEATURE: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 24];

/// `certificatePolicies` with one policy.
pub(super) fn policies(policy: &[u64]) -> CustomExtension {
    CustomExtension::from_oid_content(&POLICIES, der::sequence(&[&der::sequence(&[&der::oid(policy)])]))
}

/// `authorityInfoAccess`.
pub(super) fn authority_information(ca_issuers: Option<&str>, ocsp: Option<&str>) -> CustomExtension {
    let described =
        |method: &[u64], address: &str| der::sequence(&[&der::oid(method), &der::element(0x86, address.as_bytes())]);
    let ocsp = ocsp.map(|address| described(&OCSP, address)).unwrap_or_default();
    let ca_issuers = ca_issuers.map(|address| described(&CA_ISSUERS, address)).unwrap_or_default();
    CustomExtension::from_oid_content(&AUTHORITY_INFORMATION, der::sequence(&[&ocsp, &ca_issuers]))
}

/// "Must staple": the feature status_request is demanded.
pub(super) fn must_staple() -> CustomExtension {
    CustomExtension::from_oid_content(&TLS_FEATURE, der::sequence(&[&der::element(der::INTEGER, &[5])]))
}

/// Signed certificate timestamps of logs that do not exist: the form is right, the signatures are placeholders.
pub(super) fn timestamps(count: u8, at: OffsetDateTime) -> CustomExtension {
    let list: Vec<u8> = (0..count).flat_map(|log| with_length(&timestamp(log, at))).collect();
    let content = der::element(der::OCTET_STRING, &with_length(&list));
    CustomExtension::from_oid_content(&SIGNED_CERTIFICATE_TIMESTAMPS, content)
}

/// RFC 6962 §3.2, `SignedCertificateTimestamp`.
fn timestamp(log: u8, at: OffsetDateTime) -> Vec<u8> {
    let placeholder = |part: u8| digest::digest(&digest::SHA256, &[log, part]);
    let mut integer = placeholder(1).as_ref().to_vec();
    // a positive INTEGER of 32 octets
    if let Some(octet) = integer.first_mut() {
        *octet = *octet & 0x7f | 0x40;
    }
    let integer = der::element(der::INTEGER, &integer);
    let milliseconds = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let mut out = vec![0];
    out.extend_from_slice(placeholder(0).as_ref());
    out.extend_from_slice(&milliseconds.to_be_bytes());
    out.extend_from_slice(&[0, 0]); // no extensions
    out.extend_from_slice(&[4, 3]); // SHA-256, ECDSA
    out.extend_from_slice(&with_length(&der::sequence(&[&integer, &integer])));
    out
}

/// A vector with a length of two octets (RFC 9846 §3.4).
fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], content].concat()
}
