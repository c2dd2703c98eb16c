//! A certificate revocation list (RFC 5280 §5).

use std::collections::HashMap;

use countersign_evidence::Timestamp;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use super::{Revoked, Status, reason, trimmed};
use crate::Certificate;
use crate::certificate::{Comparable, SignatureCheck, verify};

const CRL_NUMBER: &str = "2.5.29.20";
const DELTA: &str = "2.5.29.27";
const DISTRIBUTION_POINT: &str = "2.5.29.28";

/// One CRL, read.
#[derive(Debug)]
pub(crate) struct Crl {
    der: Vec<u8>,
    issuer: Comparable,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    /// By serial number without leading zeros.
    revoked: HashMap<Vec<u8>, (Timestamp, Option<&'static str>)>,
    /// Why it cannot be used, whoever signed it.
    fault: Option<String>,
}

impl Crl {
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, String> {
        let (rest, parsed) = CertificateRevocationList::from_der(der).map_err(|error| error.to_string())?;
        if !rest.is_empty() {
            return Err(format!("{} bytes after its end", rest.len()));
        }
        let seconds = |time: x509_parser::time::ASN1Time| Timestamp::from_unix_seconds(time.timestamp());
        let revoked = parsed
            .iter_revoked_certificates()
            .map(|entry| {
                let why = entry.reason_code().and_then(|(_, code)| reason(code.0));
                (trimmed(entry.raw_serial()).to_vec(), (seconds(entry.revocation_date), why))
            })
            .collect();
        Ok(Self {
            der: der.to_vec(),
            issuer: Comparable::of(parsed.issuer()),
            this_update: seconds(parsed.last_update()),
            next_update: parsed.next_update().map(seconds),
            revoked,
            fault: fault(&parsed),
        })
    }

    /// Whether it speaks for this CA.
    pub(crate) fn is_of(&self, issuer: &Certificate) -> bool {
        self.issuer == issuer.subject_name
    }

    pub(crate) fn status(&self, certificate: &Certificate, issuer: &Certificate, at: Timestamp) -> Status {
        let unknown = |reason: String| Status::Unknown(reason);
        match verify(&self.der, issuer) {
            SignatureCheck::Valid => {}
            SignatureCheck::Invalid => {
                return unknown(format!("the CRL's signature does not verify with the key of {}", issuer.named()));
            }
            SignatureCheck::Unsupported => {
                return unknown("the CRL is signed in a way this client does not verify".to_owned());
            }
        }
        if !issuer.may("cRLSign") {
            return unknown(format!("{} may not sign CRLs (cRLSign missing)", issuer.named()));
        }
        if let Some(fault) = &self.fault {
            return unknown(fault.clone());
        }
        if let Some((on, reason)) = self.revoked.get(trimmed(certificate.serial())) {
            return Status::Revoked(Revoked { on: *on, reason: *reason, source: "the CRL", said: self.this_update });
        }
        if at < self.this_update {
            return unknown(format!("the CRL is from the future, of {}", self.this_update.date()));
        }
        match self.next_update {
            Some(next) if at > next => unknown(format!("the CRL was to be renewed by {}", next.date())),
            Some(_) | None => Status::Good,
        }
    }
}

/// RFC 5280 §5.2: what it has to carry, and what limits it to a part.
fn fault(parsed: &CertificateRevocationList<'_>) -> Option<String> {
    let mut number = false;
    for extension in parsed.extensions() {
        let id = extension.oid.to_id_string();
        match id.as_str() {
            CRL_NUMBER if extension.critical => return Some("its cRLNumber is critical".to_owned()),
            CRL_NUMBER => number = true,
            DELTA => return Some("it is a delta CRL, and its base is not known".to_owned()),
            DISTRIBUTION_POINT => return Some("the CRL covers a part of the certificates only".to_owned()),
            _ if extension.critical => return Some(format!("the CRL has the critical extension {id}")),
            _ => {}
        }
    }
    (!number).then(|| "the CRL has no cRLNumber".to_owned())
}
