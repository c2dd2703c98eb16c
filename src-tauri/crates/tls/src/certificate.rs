//! One parsed certificate: owned, with the raw parts path building compares and the view people read.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::digest;
use base64::Engine as _;
use countersign_evidence::{BasicConstraints, CertificateSource, CertificateView, Fingerprints, KeyView, Timestamp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2abbrev, oid2sn};
use x509_parser::oid_registry::{OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_PKIX_ACCESS_DESCRIPTOR_OCSP};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use crate::der;
use crate::explain::NameConstraints;

/// The bytes are not an X.509 certificate (RFC 5280 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What the parser stopped at.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an X.509 certificate: {}", self.reason)
    }
}

impl std::error::Error for Malformed {}

/// A subject alternative name that can prove a server (RFC 9525 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AlternativeName {
    Dns(String),
    Ip(IpAddr),
    Other(String),
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AlternativeName::Dns(name) => write!(f, "DNS:{name}"),
            AlternativeName::Ip(address) => write!(f, "IP:{address}"),
            AlternativeName::Other(text) => f.write_str(text),
        }
    }
}

/// A certificate that parsed, with everything path building and the findings look at.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) common_name: Option<String>,
    pub(crate) issuer_common_name: Option<String>,
    /// `version` as counted by people: 1, 2 or 3 (RFC 5280 §4.1.2.1).
    pub(crate) version: u32,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) names: Option<Vec<AlternativeName>>,
    /// Critical extensions the verifier does not process, by OID.
    pub(crate) unknown_critical: Vec<String>,
    pub(crate) has_extended_key_usage: bool,
    pub(crate) has_key_usage: bool,
    pub(crate) signature_oid: String,
    view: CertificateView,
}

impl Certificate {
    /// Parses DER; nothing of the certificate is judged.
    pub fn from_der(der: &CertificateDer<'_>) -> Result<Self, Malformed> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| Malformed { reason: error.to_string() })?;
        if !rest.is_empty() {
            return Err(Malformed { reason: format!("{} bytes after its end", rest.len()) });
        }
        Ok(Self::build(der, &parsed))
    }

    fn build(der: &CertificateDer<'_>, parsed: &X509Certificate<'_>) -> Self {
        let mut names = None;
        let mut unknown_critical = Vec::new();
        let mut subject_key_id = None;
        let mut authority_key_id = None;
        let mut key_usage = None;
        let mut extended_key_usage = None;
        let mut basic_constraints = None;
        let mut name_constraints = None;
        let (mut ca_issuers, mut ocsp, mut crl) = (Vec::new(), Vec::new(), Vec::new());
        for extension in parsed.extensions() {
            if extension.critical && !is_processed(&extension.oid.to_id_string()) {
                unknown_critical.push(extension.oid.to_id_string());
            }
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(list) => {
                    names = Some(list.general_names.iter().map(alternative_name).collect::<Vec<_>>());
                }
                ParsedExtension::SubjectKeyIdentifier(id) => subject_key_id = Some(id.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
                }
                ParsedExtension::KeyUsage(usage) => key_usage = Some(key_usage_names(usage)),
                ParsedExtension::ExtendedKeyUsage(usage) => extended_key_usage = Some(purposes(usage)),
                ParsedExtension::BasicConstraints(constraints) => {
                    basic_constraints =
                        Some(BasicConstraints { ca: constraints.ca, path_length: constraints.path_len_constraint });
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for description in access.iter() {
                        if let GeneralName::URI(uri) = &description.access_location {
                            if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS {
                                ca_issuers.push((*uri).to_owned());
                            } else if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_OCSP {
                                ocsp.push((*uri).to_owned());
                            }
                        }
                    }
                }
                ParsedExtension::CRLDistributionPoints(points) => {
                    for point in points.iter() {
                        if let Some(DistributionPointName::FullName(full)) = &point.distribution_point {
                            crl.extend(full.iter().filter_map(|name| match name {
                                GeneralName::URI(uri) => Some((*uri).to_owned()),
                                _ => None,
                            }));
                        }
                    }
                }
                ParsedExtension::NameConstraints(constraints) => {
                    name_constraints = Some(NameConstraints::from(constraints));
                }
                _ => {}
            }
        }
        let spki = parsed.public_key().raw.to_vec();
        let signature_oid = parsed.signature_algorithm.algorithm.to_id_string();
        let view = CertificateView {
            subject: distinguished_name(parsed.subject()),
            issuer: distinguished_name(parsed.issuer()),
            serial: parsed.raw_serial_as_string(),
            not_before: Timestamp::from_unix_seconds(parsed.validity().not_before.timestamp()),
            not_after: Timestamp::from_unix_seconds(parsed.validity().not_after.timestamp()),
            names: names.iter().flatten().map(AlternativeName::to_string).collect(),
            key: key_view(parsed),
            signature_algorithm: signature_name(&signature_oid),
            key_usage: key_usage.clone().unwrap_or_default(),
            extended_key_usage: extended_key_usage.clone().unwrap_or_default(),
            basic_constraints,
            ca_issuers,
            ocsp,
            crl,
            fingerprints: Fingerprints { sha256: sha256_hex(der), spki_sha256: sha256_hex(&spki) },
            source: CertificateSource::Sent,
            store: None,
            pem: pem(der),
        };
        Self {
            der: der.clone().into_owned(),
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            spki,
            subject_key_id,
            authority_key_id,
            common_name: common_name(parsed.subject()),
            issuer_common_name: common_name(parsed.issuer()),
            version: parsed.version().0.saturating_add(1),
            name_constraints,
            names,
            unknown_critical,
            has_extended_key_usage: extended_key_usage.is_some(),
            has_key_usage: key_usage.is_some(),
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
            AlternativeName::Ip(_) | AlternativeName::Other(_) => None,
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
        self.subject == self.issuer
    }

    /// Whether `basicConstraints` says it may issue.
    pub fn is_ca(&self) -> bool {
        self.view.basic_constraints.as_ref().is_some_and(|constraints| constraints.ca)
    }

    /// Checks the signature on this certificate with the key of `issuer`.
    pub(crate) fn signed_by(&self, issuer: &Certificate) -> SignatureCheck {
        let (Some(signed), Some((key_algorithm, key))) =
            (der::signed_parts(&self.der), der::public_key_parts(&issuer.spki))
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
        .map_err(|error| Malformed { reason: error.to_string() })
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
    }
}

/// On one line and at most 80 characters: a peer chooses these names.
pub(crate) fn fit(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    countersign_evidence::ladder::elide(&line, 80)
}

/// The extensions rustls-webpki processes; any other is refused when it is critical (RFC 5280 §4.2).
fn is_processed(oid: &str) -> bool {
    matches!(oid, "2.5.29.15" | "2.5.29.17" | "2.5.29.19" | "2.5.29.30" | "2.5.29.31" | "2.5.29.37")
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().last().and_then(|value| value.as_str().ok()).map(str::to_owned)
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn pem(der: &[u8]) -> String {
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

fn alternative_name(name: &GeneralName<'_>) -> AlternativeName {
    match name {
        GeneralName::DNSName(text) => AlternativeName::Dns((*text).to_owned()),
        GeneralName::IPAddress(bytes) => match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
            (Ok(v4), _) => AlternativeName::Ip(IpAddr::from(v4)),
            (_, Ok(v6)) => AlternativeName::Ip(IpAddr::from(v6)),
            _ => AlternativeName::Other(format!("IP:{}", hex::encode(bytes))),
        },
        GeneralName::RFC822Name(text) => AlternativeName::Other(format!("email:{text}")),
        GeneralName::URI(text) => AlternativeName::Other(format!("URI:{text}")),
        GeneralName::DirectoryName(name) => AlternativeName::Other(format!("DirName:{}", distinguished_name(name))),
        GeneralName::RegisteredID(oid) => AlternativeName::Other(format!("RID:{}", oid.to_id_string())),
        GeneralName::OtherName(oid, _) => AlternativeName::Other(format!("otherName:{}", oid.to_id_string())),
        GeneralName::X400Address(_) => AlternativeName::Other("x400Address".to_owned()),
        GeneralName::EDIPartyName(_) => AlternativeName::Other("ediPartyName".to_owned()),
        GeneralName::Invalid(_, bytes) => AlternativeName::Other(format!("invalid:{}", hex::encode(bytes))),
    }
}

/// RFC 4514 §2: most specific first, joined by commas, special characters escaped.
pub(crate) fn distinguished_name(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|rdn| {
            let attributes: Vec<String> = rdn
                .iter()
                .map(|attribute| {
                    let kind = oid2abbrev(attribute.attr_type(), oid_registry())
                        .map_or_else(|_| attribute.attr_type().to_id_string(), str::to_owned);
                    let value = match attribute.as_str() {
                        Ok(text) => escape(text),
                        Err(_) => format!("#{}", hex::encode(attribute.as_slice())),
                    };
                    format!("{kind}={value}")
                })
                .collect();
            attributes.join("+")
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

/// The same for the DER of a name, as a CertificateRequest carries it.
pub(crate) fn distinguished_name_from_der(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => distinguished_name(&name),
        Err(_) => format!("#{}", hex::encode(der)),
    }
}

fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        let at_edge = (c == ' ' && (index == 0 || index == last)) || (c == '#' && index == 0);
        if at_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            out.push('\\');
            out.push(c);
        } else if c.is_control() {
            let mut buffer = [0u8; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("\\{byte:02x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn key_usage_names(usage: &KeyUsage) -> Vec<String> {
    [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .map(|(_, name)| name.to_owned())
    .collect()
}

fn purposes(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .map(|(_, name)| name.to_owned())
    .chain(usage.other.iter().map(|oid| oid.to_id_string()))
    .collect()
}

fn key_view(parsed: &X509Certificate<'_>) -> KeyView {
    let spki = parsed.public_key();
    let oid = spki.algorithm.algorithm.to_id_string();
    match spki.parsed() {
        Ok(PublicKey::RSA(key)) => {
            let bits = u32::try_from(key.key_size()).ok();
            KeyView { kind: "RSA".to_owned(), curve: None, bits }
        }
        Ok(PublicKey::EC(_)) => {
            let curve = spki.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok()).map(|oid| {
                let id = oid.to_id_string();
                match id.as_str() {
                    "1.2.840.10045.3.1.7" => "P-256".to_owned(),
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

fn signature_name(oid: &str) -> String {
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
    x509_parser::der_parser::oid::Oid::from(&arcs(oid))
        .ok()
        .and_then(|parsed| oid2sn(&parsed, oid_registry()).ok().map(str::to_owned))
        .unwrap_or_else(|| oid.to_owned())
}

fn arcs(oid: &str) -> Vec<u64> {
    oid.split('.').filter_map(|arc| arc.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Certificate, certificates_from_pem, escape};
    use rustls_pki_types::CertificateDer;

    #[test]
    fn distinguished_names_escape_what_rfc_4514_names() {
        assert_eq!(escape("Acme, Inc. <x>"), r"Acme\, Inc. \<x\>", "RFC 4514 §2.4");
        assert_eq!(escape(" #a "), r"\ #a\ ", "blanks at the edges");
        assert_eq!(escape("#a"), r"\#a", "a leading number sign");
        assert_eq!(escape("a\nb"), r"a\0ab", "control characters become hex pairs");
    }

    #[test]
    fn bytes_that_are_no_certificate_are_named_so() {
        let error = Certificate::from_der(&CertificateDer::from(vec![0x30, 0x03, 1, 2, 3])).unwrap_err();
        assert!(error.to_string().starts_with("not an X.509 certificate"), "{error}");
    }

    #[test]
    fn pem_reads_back_what_the_view_writes() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        let parsed = Certificate::from_der(made.der()).unwrap();
        assert_eq!(certificates_from_pem(parsed.view().pem.as_bytes()).unwrap(), vec![made.der().clone()]);
        assert_eq!(parsed.view().names, ["DNS:a.test"]);
        assert_eq!(parsed.view().key.curve.as_deref(), Some("P-256"));
        assert_eq!(parsed.view().fingerprints.sha256.len(), 64);
    }
}
