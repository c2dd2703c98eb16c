//! OCSP responses (RFC 6960 §4.2), good and bad ones, and the serial number a request asks about.

use aws_lc_rs::digest;
use rcgen::SigningKey as _;
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use super::authority::{self, Ca, made, unreadable};
use super::der::{self, context};
use crate::Error;

const SHA1: [u64; 6] = [1, 3, 14, 3, 2, 26];
const ECDSA_WITH_SHA256: [u64; 7] = [1, 2, 840, 10045, 4, 3, 2];
const BASIC: [u64; 10] = [1, 3, 6, 1, 5, 5, 7, 48, 1, 1];

/// What the response says.
pub(super) struct Answer<'a> {
    /// The CA of the certificate it is about.
    pub(super) issuer: &'a Ca,
    /// Content octets of the serial number.
    pub(super) serial: &'a [u8],
    /// Since when it is revoked, for keyCompromise; `None`: good.
    pub(super) revoked: Option<OffsetDateTime>,
    /// When that was known.
    pub(super) this_update: OffsetDateTime,
    /// Until when it may be used.
    pub(super) next_update: OffsetDateTime,
}

impl Answer<'_> {
    /// Signed by the issuer itself.
    pub(super) fn by_issuer(&self) -> Result<Vec<u8>, Error> {
        self.signed(&self.issuer.der, None, |message| self.issuer.signature(message))
    }

    /// Signed by the key of another certificate, P-256, which is sent along.
    pub(super) fn by_other(&self, responder: &CertificateDer<'_>, key: &rcgen::KeyPair) -> Result<Vec<u8>, Error> {
        self.signed(responder, Some(responder), |message| key.sign(message).map_err(made("OCSP signature")))
    }

    fn signed(
        &self,
        responder: &CertificateDer<'_>,
        sent: Option<&CertificateDer<'_>>,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Error>,
    ) -> Result<Vec<u8>, Error> {
        let data = self.data(responder).ok_or_else(|| unreadable("OCSP response"))?;
        let algorithm = der::sequence(&[&der::oid(&ECDSA_WITH_SHA256)]);
        let certificates = sent.map(|c| der::element(context(0), &der::sequence(&[c.as_ref()]))).unwrap_or_default();
        let basic = der::sequence(&[&data, &algorithm, &der::bit_string(&sign(&data)?), &certificates]);
        let bytes = der::sequence(&[&der::oid(&BASIC), &der::element(der::OCTET_STRING, &basic)]);
        Ok(der::sequence(&[&der::element(der::ENUMERATED, &[0]), &der::element(context(0), &bytes)]))
    }

    /// `ResponseData`.
    fn data(&self, responder: &CertificateDer<'_>) -> Option<Vec<u8>> {
        let certificate = der::sequence(&[
            &der::sequence(&[&der::oid(&SHA1), &der::element(0x05, &[])]),
            &octets(&sha1(subject(&self.issuer.der)?)),
            &octets(&sha1(public_key(&self.issuer.der)?)),
            &der::element(der::INTEGER, self.serial),
        ]);
        let status = match self.revoked {
            Some(since) => {
                let reason = der::element(context(0), &der::element(der::ENUMERATED, &[1]));
                der::constructed(context(1), &[&der::generalized_time(since), &reason])
            }
            None => der::element(0x80, &[]),
        };
        let single = der::sequence(&[
            &certificate,
            &status,
            &der::generalized_time(self.this_update),
            &der::element(context(0), &der::generalized_time(self.next_update)),
        ]);
        let by_key = der::element(context(2), &octets(&sha1(public_key(responder)?)));
        Some(der::sequence(&[&by_key, &der::generalized_time(self.this_update), &der::sequence(&[&single])]))
    }
}

/// The answer of a responder that knows one revoked certificate.
pub(super) fn answer(issuer: &Ca, request: &[u8], revoked: &[u8], now: OffsetDateTime) -> Option<Vec<u8>> {
    let serial = asked(request)?;
    let positive = serial.strip_prefix(&[0]).unwrap_or(serial);
    Answer {
        issuer,
        serial,
        revoked: (positive == revoked).then(|| now - Duration::days(1)),
        this_update: now - Duration::hours(1),
        next_update: now + Duration::days(7),
    }
    .by_issuer()
    .ok()
}

/// The serial number of the first certificate a request asks about (RFC 6960 §4.1.1).
fn asked(request: &[u8]) -> Option<&[u8]> {
    let tbs = der::within(der::within(request)?.first()?.whole)?;
    let list = tbs.iter().find(|part| part.tag == der::SEQUENCE)?;
    let first = *der::within(list.whole)?.first()?;
    let certificate = *der::within(first.whole)?.first()?;
    der::within(certificate.whole)?.get(3).filter(|part| part.tag == der::INTEGER).map(|part| part.content)
}

/// Content octets of a certificate's serial number.
pub(super) fn serial<'a>(certificate: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    authority::fields(certificate)?.get(1).map(|field| field.content)
}

fn subject<'a>(certificate: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    authority::fields(certificate)?.get(5).map(|field| field.whole)
}

/// The BIT STRING of the subject's key without its first octet.
fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    der::within(authority::fields(certificate)?.get(6)?.whole)?.get(1)?.content.get(1..)
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn octets(content: &[u8]) -> Vec<u8> {
    der::element(der::OCTET_STRING, content)
}
