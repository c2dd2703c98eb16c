//! Extensions of a certificate (RFC 5280 §4.2), read once.

use std::collections::HashSet;
use std::ops::Range;

use countersign_evidence::{BasicConstraints, SignedCertificateTimestamp, Timestamp};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::oid_registry::{OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_PKIX_ACCESS_DESCRIPTOR_OCSP};

use super::{AlternativeName, NameConstraints};
use crate::der::Layout;

/// OIDs of extensions.
pub(crate) mod oid {
    pub(crate) const SUBJECT_KEY: &str = "2.5.29.14";
    pub(crate) const KEY_USAGE: &str = "2.5.29.15";
    pub(crate) const ALTERNATIVE_NAME: &str = "2.5.29.17";
    pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
    pub(crate) const AUTHORITY_KEY: &str = "2.5.29.35";
    pub(crate) const POLICY_CONSTRAINTS: &str = "2.5.29.36";
    pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    pub(crate) const AUTHORITY_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
    pub(crate) const FEATURES: &str = "1.3.6.1.5.5.7.1.24";
    pub(crate) const SCTS: &str = "1.3.6.1.4.1.11129.2.4.2";
}

/// One extension, in the order of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) oid: String,
    pub(crate) critical: bool,
    /// Its place in the certificate.
    pub(crate) range: Range<usize>,
    /// Why its value cannot be read.
    pub(crate) error: Option<String>,
}

/// RFC 5280 §4.2.1.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuthorityKey {
    pub(crate) identifier: Option<Vec<u8>>,
    /// `authorityCertIssuer` or `authorityCertSerialNumber` stands there.
    pub(crate) names_certificate: bool,
}

/// What certificate policies ask of a path (RFC 5280 §4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) identifiers: Vec<String>,
    /// Certificates further down that may lack a policy.
    pub(crate) require_explicit: Option<u32>,
    /// `inhibitPolicyMapping`, `inhibitAnyPolicy` or `policyMappings` stands there.
    pub(crate) restricts_mapping: bool,
}

/// Everything the extensions say.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) names: Option<Vec<AlternativeName>>,
    pub(super) unknown_critical: Vec<String>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key: Option<AuthorityKey>,
    pub(super) key_usage: Option<Vec<String>>,
    pub(super) extended_key_usage: Option<Vec<String>>,
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) policy: Policy,
    pub(super) ca_issuers: Vec<String>,
    pub(super) ocsp: Vec<String>,
    pub(super) crl: Vec<String>,
    pub(super) must_staple: bool,
    pub(super) scts: Vec<SignedCertificateTimestamp>,
    pub(super) extensions: Vec<Extension>,
}

pub(super) fn read(parsed: &X509Certificate<'_>, layout: &Layout) -> Read {
    let mut read = Read::default();
    let mut met = HashSet::new();
    for (place, extension) in parsed.extensions().iter().enumerate() {
        let id = extension.oid.to_id_string();
        if extension.critical && !is_processed(&id) {
            read.unknown_critical.push(id.clone());
        }
        let error = match extension.parsed_extension() {
            ParsedExtension::ParseError { error } => Some(match error {
                x509_parser::nom::Err::Incomplete(_) => "it ends too early".to_owned(),
                x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error.to_string(),
            }),
            // of two with the same OID the first counts
            parsed if met.insert(id.clone()) => {
                read.value(parsed, extension.value, &id);
                None
            }
            _ => None,
        };
        let range = layout.extensions.get(place).cloned().unwrap_or_default();
        read.extensions.push(Extension { oid: id, critical: extension.critical, range, error });
    }
    read
}

impl Read {
    fn value(&mut self, parsed: &ParsedExtension<'_>, value: &[u8], id: &str) {
        match parsed {
            ParsedExtension::SubjectAlternativeName(list) => {
                self.names = Some(list.general_names.iter().map(AlternativeName::read).collect());
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(key) => {
                self.authority_key = Some(AuthorityKey {
                    identifier: key.key_identifier.as_ref().map(|id| id.0.to_vec()),
                    names_certificate: key.authority_cert_issuer.is_some() || key.authority_cert_serial.is_some(),
                });
            }
            ParsedExtension::KeyUsage(usage) => self.key_usage = Some(key_usage_names(usage)),
            ParsedExtension::ExtendedKeyUsage(usage) => self.extended_key_usage = Some(purposes(usage)),
            ParsedExtension::BasicConstraints(constraints) => {
                self.basic_constraints =
                    Some(BasicConstraints { ca: constraints.ca, path_length: constraints.path_len_constraint });
            }
            ParsedExtension::NameConstraints(constraints) => {
                self.name_constraints = Some(NameConstraints::read(constraints, value));
            }
            ParsedExtension::CertificatePolicies(policies) => {
                self.policy.identifiers = policies.iter().map(|policy| policy.policy_id.to_id_string()).collect();
            }
            ParsedExtension::PolicyConstraints(constraints) => {
                self.policy.require_explicit = constraints.require_explicit_policy;
                self.policy.restricts_mapping |= constraints.inhibit_policy_mapping.is_some();
            }
            ParsedExtension::InhibitAnyPolicy(_) | ParsedExtension::PolicyMappings(_) => {
                self.policy.restricts_mapping = true;
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for description in access.iter() {
                    if let GeneralName::URI(uri) = &description.access_location {
                        if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS {
                            self.ca_issuers.push((*uri).to_owned());
                        } else if description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_OCSP {
                            self.ocsp.push((*uri).to_owned());
                        }
                    }
                }
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    if let Some(DistributionPointName::FullName(full)) = &point.distribution_point {
                        self.crl.extend(full.iter().filter_map(|name| match name {
                            GeneralName::URI(uri) => Some((*uri).to_owned()),
                            _ => None,
                        }));
                    }
                }
            }
            ParsedExtension::SCT(list) => {
                self.scts = list
                    .iter()
                    .map(|sct| SignedCertificateTimestamp {
                        log_id: hex::encode(sct.id.key_id),
                        timestamp: Timestamp::from_unix_millis(i64::try_from(sct.timestamp).unwrap_or(i64::MAX)),
                    })
                    .collect();
            }
            // RFC 7633: a sequence of numbers of TLS extensions, 5 is status_request
            _ if id == oid::FEATURES => self.must_staple = value.windows(3).any(|part| part == [2, 1, 5]),
            _ => {}
        }
    }
}

/// Extensions whose meaning is honoured here; any other is refused when it is critical (RFC 5280 §4.2). That of
/// CRL distribution points is honoured where CRLs are given.
fn is_processed(id: &str) -> bool {
    matches!(id, "2.5.29.15" | "2.5.29.17" | "2.5.29.19" | "2.5.29.30" | "2.5.29.31" | "2.5.29.37")
}

/// The name of an extension in the words of its RFC.
pub(crate) fn name_of(id: &str) -> Option<&'static str> {
    Some(match id {
        "2.5.29.9" => "subjectDirectoryAttributes",
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.20" => "cRLNumber",
        "2.5.29.28" => "issuingDistributionPoint",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.33" => "policyMappings",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.36" => "policyConstraints",
        "2.5.29.37" => "extKeyUsage",
        "2.5.29.46" => "freshestCRL",
        "2.5.29.54" => "inhibitAnyPolicy",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.1.11" => "subjectInfoAccess",
        "1.3.6.1.5.5.7.1.24" => "TLS feature",
        "1.3.6.1.5.5.7.48.1.5" => "ocsp-nocheck",
        "1.3.6.1.4.1.11129.2.4.2" => "signed certificate timestamps",
        "1.3.6.1.4.1.11129.2.4.3" => "precertificate poison",
        _ => return None,
    })
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
