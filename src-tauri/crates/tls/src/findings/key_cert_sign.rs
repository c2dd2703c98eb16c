//! An issuer's key usage does not include keyCertSign (F32). The verifier here looks at cA=TRUE only; OpenSSL
//! and others refuse.

use countersign_evidence::{Fact, Finding, FindingSeverity};

use super::{Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Finding> {
    let issuers = seen.path.iter().skip(1).filter(|(_, certificate)| {
        certificate.has_key_usage && !certificate.view().key_usage.iter().any(|usage| usage == "keyCertSign")
    });
    issuers
        .map(|own| {
            let usage = own.1.view().key_usage.join(", ");
            let sentence = format!(
                "{} may not sign certificates: keyCertSign is missing. OpenSSL refuses such a chain.",
                own.1.named()
            );
            let fix = "Ask the operator for a certificate from a CA with keyCertSign.";
            let mut finding =
                note("usage.key_cert_sign", FindingSeverity::Warning, *own, sentence, fix, ("RFC 5280", "4.2.1.3"));
            finding.values.push(Fact::new("key_usage", usage));
            finding
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rcgen::KeyUsagePurpose;

    use crate::fixture::{DAY, Made, ids};

    #[test]
    fn an_issuer_without_the_bit_is_noted() {
        let chain = Made::with(|_| {}, |ca| ca.key_usages = vec![KeyUsagePurpose::CrlSign]);
        assert_eq!(ids(&chain.at(DAY)), ["usage.key_cert_sign"]);
    }

    #[test]
    fn an_issuer_with_the_bit_or_without_the_extension_may_sign() {
        assert!(ids(&Made::good().at(DAY)).is_empty(), "keyCertSign is there");
        let chain = Made::with(|_| {}, |ca| ca.key_usages.clear());
        assert!(ids(&chain.at(DAY)).is_empty(), "no extension restricts nothing");
    }
}
