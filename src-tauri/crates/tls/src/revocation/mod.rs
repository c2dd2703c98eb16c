//! Was a certificate revoked? CRLs and the stapled OCSP response are given; nothing is fetched here.

mod crl;
mod ocsp;
mod request;

pub use self::request::ocsp_request;

use countersign_evidence::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{Certificate, Store};

pub(crate) use self::crl::Crl;
pub(crate) use self::ocsp::{Answer, Staple};

/// Sent certificates that are looked at for the issuer of a stapled response.
const MOST_ISSUERS: usize = 10;

/// What a source says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not revoked, says a source that counts.
    Good,
    /// No source speaks for its issuer.
    NotSaid,
    /// Revoked.
    Revoked(Revoked),
    /// A source speaks for its issuer, and cannot be believed; why.
    Unknown(String),
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revoked {
    pub(crate) on: Timestamp,
    /// RFC 5280 §5.3.1.
    pub(crate) reason: Option<&'static str>,
    /// `the CRL`, `the OCSP response`.
    pub(crate) source: &'static str,
    /// When the source said so.
    pub(crate) said: Timestamp,
}

/// Everything given that may speak of revocation.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    crls: Vec<Result<Crl, String>>,
    staple: Option<Staple>,
}

impl Sources {
    pub(crate) fn new(crls: &[Vec<u8>], ocsp_response: Option<&[u8]>) -> Self {
        Self { crls: crls.iter().map(|der| Crl::from_der(der)).collect(), staple: ocsp_response.map(Staple::read) }
    }

    /// The OCSP response the server stapled; `None` where it is not known whether it did.
    pub(crate) fn staple(&self) -> Option<&Staple> {
        self.staple.as_ref()
    }

    /// What is known of one certificate. A staple speaks of the end entity only.
    pub(crate) fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        end_entity: bool,
        at: Timestamp,
    ) -> Status {
        if let Some(staple) = self.staple.as_ref().filter(|_| end_entity)
            && let Answer::Revoked(revoked) = staple.answer(certificate, issuer, at)
        {
            return Status::Revoked(revoked);
        }
        let mut status = Status::NotSaid;
        for crl in self.crls.iter().flatten().filter(|crl| crl.is_of(issuer)) {
            match (crl.status(certificate, issuer, at), &status) {
                (Status::Revoked(revoked), _) => return Status::Revoked(revoked),
                (Status::Good, _) => status = Status::Good,
                (Status::Unknown(reason), Status::NotSaid) => status = Status::Unknown(reason),
                (Status::Unknown(_) | Status::NotSaid, _) => {}
            }
        }
        status
    }
}

/// Whether the stapled response, signed by whoever may, says that the end entity was revoked.
pub(crate) fn is_revoked_by_staple(
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    stores: &[(usize, &Store)],
    response: &[u8],
    now: UnixTime,
) -> bool {
    if response.is_empty() {
        return false;
    }
    let Ok(leaf) = Certificate::from_der(end_entity) else { return false };
    let staple = Staple::read(response);
    let at = Timestamp::from_unix_seconds(i64::try_from(now.as_secs()).unwrap_or(i64::MAX / 1_000));
    let says = |issuer: &Certificate| matches!(staple.answer(&leaf, issuer, at), Answer::Revoked(_));
    let sent = intermediates.iter().take(MOST_ISSUERS).filter_map(|der| Certificate::from_der(der).ok());
    sent.filter(|issuer| issuer.is_issuer_of(&leaf)).any(|issuer| says(&issuer))
        || stores.iter().any(|(_, store)| store.issuers_of(&leaf).any(says))
}

/// RFC 5280 §5.3.1.
fn reason(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => return None,
    })
}

/// Without leading zeros.
fn trimmed(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
