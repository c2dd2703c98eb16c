//! An OCSP request for one certificate (RFC 6960 §4.1), without a nonce: responders answer from prepared responses.

use aws_lc_rs::digest;

use crate::Certificate;
use crate::der::{INTEGER, OCTET_STRING, SEQUENCE, public_key_parts};

/// `AlgorithmIdentifier` of SHA-1 with NULL: what every responder knows (RFC 9654 §2; it identifies, and protects nothing).
const SHA_1: [u8; 11] = [0x30, 9, 0x06, 5, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0];

/// The request; `None` where the issuer's key cannot be read.
pub fn ocsp_request(certificate: &Certificate, issuer: &Certificate) -> Option<Vec<u8>> {
    let hash = |bytes: &[u8]| digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec();
    let (_, key) = public_key_parts(&issuer.spki)?;
    let certificate_id = element(
        SEQUENCE,
        &[
            &SHA_1[..],
            &element(OCTET_STRING, &[&hash(&issuer.subject)]),
            &element(OCTET_STRING, &[&hash(key)]),
            &element(INTEGER, &[certificate.serial()]),
        ],
    );
    let list = element(SEQUENCE, &[&element(SEQUENCE, &[&certificate_id])]);
    Some(element(SEQUENCE, &[&element(SEQUENCE, &[&list])]))
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut out = vec![tag];
    let length = contents.len().to_be_bytes();
    let digits: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    match (contents.len(), u8::try_from(digits.len())) {
        (short @ 0..0x80, _) => out.push(u8::try_from(short).unwrap_or_default()),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend(digits);
        }
        (_, Err(_)) => {}
    }
    out.extend(contents);
    out
}
