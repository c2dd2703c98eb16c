//! An OCSP response (RFC 6960 §4.2) as a server staples it: read, matched, its responder and signature checked.

use aws_lc_rs::digest;
use countersign_evidence::Timestamp;
use rustls_pki_types::CertificateDer;

use super::{Revoked, reason, trimmed};
use crate::Certificate;
use crate::certificate::{SignatureCheck, verify};
use crate::der::{ENUMERATED, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, public_key_parts};

const GENERALIZED_TIME: u8 = 0x18;
/// `id-pkix-ocsp-basic`.
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];
const SHA_1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// Certificates of a response that are looked at.
const MOST_CERTIFICATES: usize = 4;
/// Single responses of a response that are looked at.
const MOST_RESPONSES: usize = 64;

/// What a server stapled.
#[derive(Debug)]
pub(crate) enum Staple {
    /// Nothing.
    Missing,
    /// Not an OCSP response, or one that says it is none; why.
    Unusable(String),
    /// A basic response.
    Basic(Box<Basic>),
}

/// What the staple says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Not revoked.
    Good,
    /// It speaks of other certificates; the first serial number.
    Mismatch(String),
    Missing,
    /// Whoever signed it may not speak for the issuer; why.
    NotAuthorised(String),
    Revoked(Revoked),
    /// Its time is over, or has not come.
    Stale {
        this_update: Timestamp,
        next_update: Option<Timestamp>,
    },
    /// The responder does not know the certificate.
    Unknown,
    Unusable(String),
}

/// A BasicOCSPResponse.
#[derive(Debug)]
pub(crate) struct Basic {
    der: Vec<u8>,
    responder: Responder,
    singles: Vec<Single>,
    certificates: Vec<Certificate>,
}

#[derive(Debug)]
enum Responder {
    Name(Vec<u8>),
    Key(Vec<u8>),
}

#[derive(Debug)]
struct Single {
    hash: Vec<u8>,
    issuer_name_hash: Vec<u8>,
    issuer_key_hash: Vec<u8>,
    serial: Vec<u8>,
    status: CertStatus,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
}

#[derive(Debug)]
enum CertStatus {
    Good,
    Revoked { on: Timestamp, reason: Option<&'static str> },
    Unknown,
}

impl Staple {
    pub(crate) fn read(response: &[u8]) -> Self {
        if response.is_empty() {
            return Staple::Missing;
        }
        match basic(response) {
            Ok(basic) => Staple::Basic(Box::new(basic)),
            Err(reason) => Staple::Unusable(reason),
        }
    }

    /// What it says of a certificate, at this time.
    pub(crate) fn answer(&self, certificate: &Certificate, issuer: &Certificate, at: Timestamp) -> Answer {
        let basic = match self {
            Staple::Missing => return Answer::Missing,
            Staple::Unusable(reason) => return Answer::Unusable(reason.clone()),
            Staple::Basic(basic) => basic,
        };
        let Some(single) = basic.singles.iter().find(|single| single.is_about(certificate, issuer)) else {
            let serial = basic.singles.first().map_or_else(|| "none".to_owned(), |single| hex::encode(&single.serial));
            return Answer::Mismatch(serial);
        };
        if let Err(reason) = basic.authorised(issuer, at) {
            return Answer::NotAuthorised(reason);
        }
        let said = single.this_update;
        let stale = at < said || single.next_update.is_some_and(|next| at > next);
        match &single.status {
            CertStatus::Revoked { on, reason } => {
                Answer::Revoked(Revoked { on: *on, reason: *reason, source: "the OCSP response", said })
            }
            _ if stale => Answer::Stale { this_update: said, next_update: single.next_update },
            CertStatus::Good => Answer::Good,
            CertStatus::Unknown => Answer::Unknown,
        }
    }
}

impl Single {
    /// RFC 6960 §4.1.1: issuer by the hashes of its name and key, certificate by its serial number.
    fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let algorithm = match self.hash.as_slice() {
            SHA_1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            SHA_256 => &digest::SHA256,
            _ => return false,
        };
        let Some((_, key)) = public_key_parts(&issuer.spki) else { return false };
        self.serial == trimmed(certificate.serial())
            && digest::digest(algorithm, &issuer.subject).as_ref() == self.issuer_name_hash
            && digest::digest(algorithm, key).as_ref() == self.issuer_key_hash
    }
}

impl Basic {
    /// RFC 6960 §4.2.2.2: signed by the issuer itself, or by a responder it made for that.
    fn authorised(&self, issuer: &Certificate, at: Timestamp) -> Result<(), String> {
        if self.responder.is(issuer) {
            return match verify(&self.der, issuer) {
                SignatureCheck::Valid => Ok(()),
                SignatureCheck::Invalid | SignatureCheck::Unsupported => {
                    Err(format!("its signature does not verify with the key of {}", issuer.named()))
                }
            };
        }
        let Some(delegate) = self.certificates.iter().find(|own| self.responder.is(own)) else {
            return Err("the certificate of its responder is not with it".to_owned());
        };
        let named = delegate.named();
        if !issuer.is_issuer_of(delegate) || delegate.signed_by(issuer) != SignatureCheck::Valid {
            return Err(format!("its responder {named} was not issued by {}", issuer.named()));
        }
        if !delegate.view().extended_key_usage.iter().any(|usage| usage == "OCSPSigning") {
            return Err(format!("its responder {named} may not sign OCSP responses (OCSPSigning missing)"));
        }
        let view = delegate.view();
        if at < view.not_before || at > view.not_after {
            return Err(format!("the certificate of its responder {named} is not valid now"));
        }
        match verify(&self.der, delegate) {
            SignatureCheck::Valid => Ok(()),
            SignatureCheck::Invalid | SignatureCheck::Unsupported => {
                Err(format!("its signature does not verify with the key of {named}"))
            }
        }
    }
}

impl Responder {
    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Responder::Name(name) => certificate.subject == *name,
            Responder::Key(hash) => public_key_parts(&certificate.spki).is_some_and(|(_, key)| {
                digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key).as_ref() == hash.as_slice()
            }),
        }
    }
}

/// Opens the envelope (RFC 6960 §4.2.1).
fn basic(response: &[u8]) -> Result<Basic, String> {
    let malformed = || "it is not an OCSP response".to_owned();
    let mut outer = Reader::new(response).expect(SEQUENCE).ok_or_else(malformed)?.reader();
    let status = outer.expect(ENUMERATED).ok_or_else(malformed)?.contents.first().copied();
    if status != Some(0) {
        let word = match status {
            Some(1) => "malformedRequest",
            Some(2) => "internalError",
            Some(3) => "tryLater",
            Some(5) => "sigRequired",
            Some(6) => "unauthorized",
            _ => "an unknown status",
        };
        return Err(format!("the responder answered {word}"));
    }
    let mut bytes =
        outer.expect(0xa0).and_then(|element| element.reader().expect(SEQUENCE)).ok_or_else(malformed)?.reader();
    if bytes.expect(OID).map(|oid| oid.contents) != Some(BASIC) {
        return Err("it is of another kind than basic".to_owned());
    }
    let der = bytes.expect(OCTET_STRING).ok_or_else(malformed)?.contents;
    read(der).ok_or_else(malformed)
}

fn read(der: &[u8]) -> Option<Basic> {
    let mut outer = Reader::new(der).expect(SEQUENCE)?.reader();
    let mut data = outer.expect(SEQUENCE)?.reader();
    let _version = data.optional(0xa0);
    let responder = data.any()?;
    let responder = match responder.tag {
        0xa1 => Responder::Name(responder.contents.to_vec()),
        0xa2 => Responder::Key(responder.reader().expect(OCTET_STRING)?.contents.to_vec()),
        _ => return None,
    };
    let _produced_at = data.expect(GENERALIZED_TIME)?;
    let mut list = data.expect(SEQUENCE)?.reader();
    let mut singles = Vec::new();
    while !list.is_empty() && singles.len() < MOST_RESPONSES {
        singles.push(single(list.expect(SEQUENCE)?.reader())?);
    }
    let (_algorithm, _signature) = (outer.any()?, outer.any()?);
    let mut certificates = Vec::new();
    if let Some(wrapped) = outer.optional(0xa0) {
        let mut list = wrapped.reader().expect(SEQUENCE)?.reader();
        while let Some(certificate) = list.any() {
            if certificates.len() < MOST_CERTIFICATES {
                certificates.extend(Certificate::from_der(&CertificateDer::from(certificate.whole)));
            }
        }
    }
    Some(Basic { der: der.to_vec(), responder, singles, certificates })
}

fn single(mut reader: Reader<'_>) -> Option<Single> {
    let mut id = reader.expect(SEQUENCE)?.reader();
    let hash = id.expect(SEQUENCE)?.reader().expect(OID)?.contents.to_vec();
    let issuer_name_hash = id.expect(OCTET_STRING)?.contents.to_vec();
    let issuer_key_hash = id.expect(OCTET_STRING)?.contents.to_vec();
    let serial = trimmed(id.expect(INTEGER)?.contents).to_vec();
    let status = reader.any()?;
    let status = match status.tag {
        0x80 => CertStatus::Good,
        0xa1 => {
            let mut revoked = status.reader();
            let on = time(revoked.expect(GENERALIZED_TIME)?.contents)?;
            let code = revoked.optional(0xa0).and_then(|element| element.reader().expect(ENUMERATED));
            CertStatus::Revoked { on, reason: code.and_then(|code| reason(*code.contents.first()?)) }
        }
        0x82 => CertStatus::Unknown,
        _ => return None,
    };
    let this_update = time(reader.expect(GENERALIZED_TIME)?.contents)?;
    let next = reader.optional(0xa0);
    let next_update = match next {
        Some(element) => Some(time(element.reader().expect(GENERALIZED_TIME)?.contents)?),
        None => None,
    };
    Some(Single { hash, issuer_name_hash, issuer_key_hash, serial, status, this_update, next_update })
}

/// `YYYYMMDDHHMMSSZ` (RFC 6960 §4.2.2.1).
fn time(contents: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(contents).ok()?;
    let digits =
        text.strip_suffix('Z').filter(|digits| digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit()))?;
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    let [year, month, day] = [part(0..4), part(4..6), part(6..8)];
    Timestamp::parse(&format!("{year}-{month}-{day}T{}:{}:{}Z", part(8..10), part(10..12), part(12..14)))
}
