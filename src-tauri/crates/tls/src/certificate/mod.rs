//! One parsed certificate: owned, with the raw parts path building and the findings look at and the view people
//! read. Nothing of it is judged here.

mod algorithm;
mod constraint;
mod extension;
mod name;
mod view;

use std::fmt;
use std::ops::Range;

use countersign_evidence::{CertificateSource, CertificateView};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use crate::der::{self, Layout};

pub(crate) use self::constraint::{Base, NameConstraints, Spent, Violation};
pub(crate) use self::extension::{AuthorityKey, Extension, Policy, name_of, oid};
pub(crate) use self::name::{AlternativeName, Comparable, distinguished_name_from_der};
pub(crate) use self::view::{byte_range, fit, key_words, pem, unreadable_view};

/// The bytes are not an X.509 certificate (RFC 5280 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What the parser stopped at.
    pub reason: String,
    /// The byte at which the encoding breaks, as far as that can be said.
    pub offset: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an X.509 certificate: {}, at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for Malformed {}

/// Modulus and exponent of an RSA key, unsigned, big endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RsaKey {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

/// A certificate that parsed, with everything path building and the findings look at.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    pub(crate) layout: Layout,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    /// Both once more, as RFC 5280 §7.1 compares them.
    pub(crate) subject_name: Comparable,
    pub(crate) issuer_name: Comparable,
    pub(crate) spki: Vec<u8>,
    pub(crate) rsa: Option<RsaKey>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key: Option<AuthorityKey>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    /// The last one counts where there are several.
    pub(crate) common_name: Option<String>,
    pub(crate) issuer_common_name: Option<String>,
    pub(crate) organizational_unit: Option<String>,
    /// `emailAddress` attributes of the subject.
    pub(crate) subject_mailboxes: Vec<String>,
    /// `version` as counted by people: 1, 2 or 3 (RFC 5280 §4.1.2.1).
    pub(crate) version: u32,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) names: Option<Vec<AlternativeName>>,
    pub(crate) policy: Policy,
    pub(crate) extensions: Vec<Extension>,
    /// Critical extensions nothing here processes, by OID.
    pub(crate) unknown_critical: Vec<String>,
    pub(crate) has_extended_key_usage: bool,
    pub(crate) has_key_usage: bool,
    pub(crate) must_staple: bool,
    pub(crate) signature_oid: String,
    view: CertificateView,
}

impl Certificate {
    /// Parses DER; nothing of the certificate is judged.
    pub fn from_der(der: &CertificateDer<'_>) -> Result<Self, Malformed> {
        let malformed = |reason: String, offset: usize| Malformed { reason, offset };
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| malformed(view::parser_words(&error), der::first_fault(der)))?;
        if !rest.is_empty() {
            return Err(malformed(format!("{} bytes after its end", rest.len()), der.len() - rest.len()));
        }
        let layout = Layout::of(der).ok_or_else(|| malformed("its parts are out of order".to_owned(), 0))?;
        Ok(Self::build(der, &parsed, layout))
    }

    fn build(der: &CertificateDer<'_>, parsed: &X509Certificate<'_>, layout: Layout) -> Self {
        let read = extension::read(parsed, &layout);
        let spki = parsed.public_key().raw.to_vec();
        let signature_oid = parsed.signature_algorithm.algorithm.to_id_string();
        let view = view::build(der, parsed, &read, &spki, &signature_oid);
        let rsa = match parsed.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => {
                Some(RsaKey { modulus: trimmed(key.modulus).to_vec(), exponent: trimmed(key.exponent).to_vec() })
            }
            _ => None,
        };
        let unit = parsed
            .subject()
            .iter_organizational_unit()
            .next()
            .map(|unit| name::text_of(unit).unwrap_or_else(|| hex::encode(unit.as_slice())));
        Self {
            der: der.clone().into_owned(),
            layout,
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            subject_name: Comparable::of(parsed.subject()),
            issuer_name: Comparable::of(parsed.issuer()),
            spki,
            rsa,
            subject_key_id: read.subject_key_id,
            authority_key_id: read.authority_key.as_ref().and_then(|key| key.identifier.clone()),
            authority_key: read.authority_key,
            common_name: common_name(parsed.subject()),
            issuer_common_name: common_name(parsed.issuer()),
            organizational_unit: unit,
            subject_mailboxes: parsed.subject().iter_email().filter_map(name::text_of).collect(),
            version: parsed.version().0.saturating_add(1),
            name_constraints: read.name_constraints,
            names: read.names,
            policy: read.policy,
            unknown_critical: read.unknown_critical,
            has_extended_key_usage: read.extended_key_usage.is_some(),
            has_key_usage: read.key_usage.is_some(),
            must_staple: read.must_staple,
            extensions: read.extensions,
            signature_oid,
            view,
        }
    }

    /// The certificate itself.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// What people read: as sent by a server.
    pub fn view(&self) -> &CertificateView {
        &self.view
    }

    /// The view with another origin.
    pub fn view_from(&self, source: CertificateSource, store: Option<String>) -> CertificateView {
        CertificateView { source, store, ..self.view.clone() }
    }

    /// What to call it in a sentence: the common name, else a DNS name, else the whole subject.
    pub fn short_name(&self) -> String {
        let dns = self.names.iter().flatten().find_map(|name| match name {
            AlternativeName::Dns(name) => Some(name.clone()),
            _ => None,
        });
        self.common_name
            .clone()
            .or(dns)
            .or_else(|| (!self.view.subject.is_empty()).then(|| self.view.subject.clone()))
            .unwrap_or_else(|| format!("serial {}", self.view.serial))
    }

    /// `CN=` and the common name, fit for a sentence; what [`Certificate::short_name`] says where there is none.
    pub(crate) fn named(&self) -> String {
        let name = match &self.common_name {
            Some(name) => format!("CN={name}"),
            None => self.short_name(),
        };
        fit(&name)
    }

    /// The same for the issuer it names.
    pub(crate) fn issuer_named(&self) -> String {
        fit(&match &self.issuer_common_name {
            Some(name) => format!("CN={name}"),
            None => self.view.issuer.clone(),
        })
    }

    /// Subject and issuer are the same name; says nothing about the signature.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer || (!self.subject_name.is_empty() && self.subject_name == self.issuer_name)
    }

    /// Whether `basicConstraints` says it may issue.
    pub fn is_ca(&self) -> bool {
        self.view.basic_constraints.as_ref().is_some_and(|constraints| constraints.ca)
    }

    /// Whether a certificate that names `name` as its issuer may mean this one.
    pub(crate) fn is_issuer_of(&self, child: &Certificate) -> bool {
        self.subject == child.issuer || (!self.subject_name.is_empty() && self.subject_name == child.issuer_name)
    }

    /// The first extension with this OID.
    pub(crate) fn extension(&self, oid: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// Contents of `serialNumber`.
    pub(crate) fn serial(&self) -> &[u8] {
        self.slice(&self.layout.serial_value)
    }

    pub(crate) fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// Whether the key usage, where it stands, has this bit.
    pub(crate) fn may(&self, usage: &str) -> bool {
        !self.has_key_usage || self.view.key_usage.iter().any(|known| known == usage)
    }

    /// Checks the signature on this certificate with the key of `issuer`.
    pub(crate) fn signed_by(&self, issuer: &Certificate) -> SignatureCheck {
        verify(&self.der, issuer)
    }
}

/// Checks the signature of a certificate, CRL or basic OCSP response with the key of `issuer`.
pub(crate) fn verify(signed: &[u8], issuer: &Certificate) -> SignatureCheck {
    let (Some(signed), Some((key_algorithm, key))) = (der::signed_parts(signed), der::public_key_parts(&issuer.spki))
    else {
        return SignatureCheck::Unsupported;
    };
    let provider = crate::provider();
    let mut known = provider
        .signature_verification_algorithms
        .all
        .iter()
        .filter(|algorithm| {
            algorithm.signature_alg_id().as_ref() == signed.algorithm
                && algorithm.public_key_alg_id().as_ref() == key_algorithm
        })
        .peekable();
    if known.peek().is_none() {
        return SignatureCheck::Unsupported;
    }
    match known.any(|algorithm| algorithm.verify_signature(key, signed.message, signed.signature).is_ok()) {
        true => SignatureCheck::Valid,
        false => SignatureCheck::Invalid,
    }
}

/// What came of checking one signature with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureCheck {
    Invalid,
    /// The algorithm, or the combination with the key, is not one we verify.
    Unsupported,
    Valid,
}

/// All certificates of a PEM text, in order (RFC 7468).
pub fn certificates_from_pem(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Malformed> {
    CertificateDer::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Malformed { reason: error.to_string(), offset: 0 })
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().last().and_then(name::text_of)
}

/// Without leading zeros.
fn trimmed(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
