//! The verifier's own reason, faithfully, for when the explainer knows none; and which of our ids mean the same.

use countersign_evidence::{Citation, Fact, Finding, FindingSeverity, Timestamp};
use rustls::{CertificateError, Error};
use rustls_pki_types::UnixTime;

use super::{Question, problem};

/// Our ids for the verifier's reason.
pub(crate) fn family(error: &Error) -> &'static [&'static str] {
    let Error::InvalidCertificate(error) = error else { return &[] };
    match error {
        CertificateError::BadEncoding => &["certificate.malformed"],
        // an inverted validity is told as an expiry
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            &["certificate.expired", "validity.inverted"]
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            &["certificate.not_yet_valid", "validity.inverted"]
        }
        CertificateError::UnknownIssuer => {
            &["path.self_signed", "path.untrusted_root", "path.missing_intermediate", "path.impostor"]
        }
        CertificateError::BadSignature => &["certificate.tampered", "path.impostor", "key.rsa_short"],
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => &[
            "name.mismatch",
            "name.wildcard_malformed",
            "name.wildcard_depth",
            "name.ip_not_listed",
            "name.no_subject_alternative_name",
        ],
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => &["usage.server_auth"],
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            &["certificate.weak_signature", "certificate.algorithm_unsupported", "key.rsa_short"]
        }
        CertificateError::UnhandledCriticalExtension => &["extension.unknown_critical"],
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(error) => webpki_family(error),
            None => &[],
        },
        _ => &[],
    }
}

fn webpki_family(error: &webpki::Error) -> &'static [&'static str] {
    match error {
        // a self-signed CA certificate used as end entity meets this before its issuer is looked for
        webpki::Error::CaUsedAsEndEntity => &["usage.leaf_is_ca", "path.self_signed"],
        webpki::Error::EndEntityUsedAsCa => &["usage.not_a_ca"],
        webpki::Error::EmptyEkuExtension => &["usage.server_auth"],
        webpki::Error::NameConstraintViolation | webpki::Error::MalformedNameConstraint => {
            &["constraint.name", "constraint.malformed"]
        }
        webpki::Error::ExtensionValueInvalid => &["extension.duplicate", "certificate.malformed"],
        webpki::Error::MaximumPathDepthExceeded => &["path.depth"],
        webpki::Error::PathLenConstraintViolated => &["constraint.path_length"],
        webpki::Error::SignatureAlgorithmMismatch => &["certificate.algorithm_mismatch"],
        webpki::Error::UnsupportedCertVersion => &["certificate.version"],
        webpki::Error::UnsupportedCriticalExtension => &["extension.unknown_critical"],
        _ => &[],
    }
}

/// The refusal as a finding. It names no certificate, because the verifier names none.
pub(crate) fn finding(error: &Error, question: &Question<'_>) -> Finding {
    if let Some(mismatch) = crate::pin::mismatch_in(error) {
        return super::pinned::mismatch(mismatch, question);
    }
    let Error::InvalidCertificate(error) = error else {
        return refusal(
            "certificate.refused",
            format!("The verifier refused the chain: {error}."),
            "",
            ("RFC 5280", "6.1"),
        );
    };
    let mut finding = certificate_error(error, question);
    finding.values.push(Fact::new("verifier", words_of(error)));
    finding
}

fn certificate_error(error: &CertificateError, question: &Question<'_>) -> Finding {
    const OPERATOR: &str = "Ask the operator of the server, with this evidence.";
    let dates = ("RFC 5280", "4.1.2.5");
    match error {
        CertificateError::BadEncoding => refusal(
            "certificate.malformed",
            "A certificate of the chain is not encoded as X.509 demands.",
            OPERATOR,
            ("RFC 5280", "4.1"),
        ),
        CertificateError::Expired => dated(
            refusal("certificate.expired", "A certificate of the chain has expired.", OPERATOR, dates),
            None,
            question,
        ),
        CertificateError::ExpiredContext { not_after, .. } => {
            let at = timestamp(*not_after);
            let sentence = format!("A certificate of the chain expired on {}.", at.date());
            dated(refusal("certificate.expired", sentence, OPERATOR, dates), Some(("not_after", at)), question)
        }
        CertificateError::NotValidYet => dated(
            refusal("certificate.not_yet_valid", "A certificate of the chain is not valid yet.", OPERATOR, dates),
            None,
            question,
        ),
        CertificateError::NotValidYetContext { not_before, .. } => {
            let at = timestamp(*not_before);
            let sentence = format!("A certificate of the chain is valid only from {}.", at.date());
            dated(refusal("certificate.not_yet_valid", sentence, OPERATOR, dates), Some(("not_before", at)), question)
        }
        CertificateError::Revoked => {
            refusal("revocation.revoked", "The certificate was revoked.", OPERATOR, ("RFC 5280", "5"))
        }
        CertificateError::UnhandledCriticalExtension => refusal(
            "extension.unknown_critical",
            "A critical extension of the chain is not understood.",
            OPERATOR,
            ("RFC 5280", "4.2"),
        ),
        CertificateError::UnknownIssuer => refusal(
            "path.untrusted_root",
            "The verifier found no path from the certificate to an anchor of a store.",
            "Ask the operator to send the full chain, or trust its CA for this host.",
            ("RFC 5280", "6.1"),
        ),
        CertificateError::BadSignature => refusal(
            "certificate.tampered",
            "A signature in the chain does not verify with the key of its issuer.",
            OPERATOR,
            ("RFC 5280", "6.1.3"),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let sentence = format!("The certificate is not valid for {}.", question.host);
            refusal("name.mismatch", sentence, "Check the host in the URL.", ("RFC 9525", "6.3"))
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => refusal(
            "usage.server_auth",
            "A certificate of the chain may not be used for servers.",
            OPERATOR,
            ("RFC 5280", "4.2.1.12"),
        ),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => refusal(
            "certificate.algorithm_unsupported",
            "A signature in the chain is of a kind this client does not verify.",
            OPERATOR,
            ("RFC 9846", "4.3.3"),
        ),
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(error) => webpki_error(error),
            None => refusal(
                "certificate.refused",
                format!("The verifier refused the chain: {other}."),
                OPERATOR,
                ("RFC 5280", "6.1"),
            ),
        },
        other => refusal(
            "certificate.refused",
            format!("The verifier refused the chain: {}.", words_of(other)),
            OPERATOR,
            ("RFC 5280", "6.1"),
        ),
    }
}

fn webpki_error(error: &webpki::Error) -> Finding {
    const OPERATOR: &str = "Ask the operator of the server, with this evidence.";
    let (id, sentence, citation) = match error {
        webpki::Error::CaUsedAsEndEntity => {
            ("usage.leaf_is_ca", "The server presents a CA certificate as its own.", ("RFC 5280", "4.2.1.9"))
        }
        webpki::Error::EndEntityUsedAsCa => {
            ("usage.not_a_ca", "A certificate that is not a CA issued one of the chain.", ("RFC 5280", "4.2.1.9"))
        }
        webpki::Error::EmptyEkuExtension => {
            ("usage.server_auth", "The extended key usage of a certificate is empty.", ("RFC 5280", "4.2.1.12"))
        }
        webpki::Error::NameConstraintViolation => (
            "constraint.name",
            "A CA of the chain may not issue for the names of the certificate.",
            ("RFC 5280", "4.2.1.10"),
        ),
        webpki::Error::PathLenConstraintViolated => (
            "constraint.path_length",
            "A CA of the chain allows fewer CAs below it than there are.",
            ("RFC 5280", "4.2.1.9"),
        ),
        webpki::Error::SignatureAlgorithmMismatch => (
            "certificate.algorithm_mismatch",
            "The signature algorithm inside a certificate differs from the one outside.",
            ("RFC 5280", "4.1.1.2"),
        ),
        webpki::Error::UnsupportedCertVersion => {
            ("certificate.version", "A certificate of the chain is not of X.509 version 3.", ("RFC 5280", "4.1.2.1"))
        }
        webpki::Error::UnsupportedCriticalExtension => {
            ("extension.unknown_critical", "A critical extension of the chain is not understood.", ("RFC 5280", "4.2"))
        }
        webpki::Error::MaximumNameConstraintComparisonsExceeded
        | webpki::Error::MaximumPathBuildCallsExceeded
        | webpki::Error::MaximumSignatureChecksExceeded => {
            ("path.work_budget", "The chain is too large to be judged.", ("RFC 5280", "6.1"))
        }
        webpki::Error::MaximumPathDepthExceeded => (
            "path.depth",
            "The path has more intermediates than the TLS library follows, which are 6.",
            ("RFC 5280", "6.1"),
        ),
        other => {
            let sentence = format!("The verifier refused the chain: {}.", spaced(&format!("{other:?}")));
            return refusal("certificate.malformed", sentence, OPERATOR, ("RFC 5280", "4.1"));
        }
    };
    refusal(id, sentence, OPERATOR, citation)
}

/// Whether a signature was checked and does not fit the key.
pub(crate) fn is_bad_signature(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::BadSignature))
}

/// The library's words without its type names.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => words_of(error),
        other => other.to_string(),
    }
}

fn words_of(error: &CertificateError) -> String {
    match error {
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(error) => spaced(&format!("{error:?}")),
            None => other.to_string(),
        },
        CertificateError::BadEncoding => "bad encoding".to_owned(),
        CertificateError::UnknownIssuer => "unknown issuer".to_owned(),
        CertificateError::BadSignature => "bad signature".to_owned(),
        other => other.to_string(),
    }
}

/// `EndEntityUsedAsCa` as words; anything with operands stays as it is.
fn spaced(variant: &str) -> String {
    if !variant.chars().all(|c| c.is_ascii_alphanumeric()) {
        return variant.to_owned();
    }
    let mut out = String::new();
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn dated(mut finding: Finding, bound: Option<(&str, Timestamp)>, question: &Question<'_>) -> Finding {
    finding.values.extend(bound.map(|(name, at)| Fact::new(name, at.to_string())));
    finding.values.push(problem::checked_at(question.at));
    finding
}

fn timestamp(time: UnixTime) -> Timestamp {
    Timestamp::from_unix_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 1000))
}

fn refusal(
    id: &str,
    sentence: impl Into<String>,
    fix: &str,
    (source, section): (&'static str, &'static str),
) -> Finding {
    Finding {
        id: id.to_owned(),
        severity: FindingSeverity::Error,
        subject: "the chain".to_owned(),
        sentence: sentence.into(),
        fix: fix.to_owned(),
        citation: Citation::new(source, section),
        certainty: None,
        certificate: None,
        rejects: Some(true),
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}
