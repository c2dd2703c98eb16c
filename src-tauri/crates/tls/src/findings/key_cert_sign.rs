//! keyCertSign is missing on a CA, or stands in a certificate that is none (F32).
//!
//! `leaf → intermediate (keyUsage cRLSign) → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::oid;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let citation = ("RFC 5280", "4.2.1.3");
    let id = "usage.key_cert_sign";
    let issuers = seen.whole().into_iter().skip(1).filter(|(_, certificate)| !certificate.may("keyCertSign"));
    let mut notes: Vec<Note> = issuers
        .map(|own| {
            let sentence = format!(
                "{} may not sign certificates: keyCertSign is missing. OpenSSL refuses such a chain.",
                own.1.named()
            );
            let fix = "Ask the operator for a certificate from a CA with keyCertSign.";
            note(id, FindingSeverity::Warning, own, sentence, fix, citation)
                .value("key_usage", own.1.view().key_usage.join(", "))
                .on(own.1, oid::KEY_USAGE)
                .must(true)
        })
        .collect();
    let leaf = seen.leaf().filter(|(_, leaf)| leaf.has_key_usage && leaf.may("keyCertSign") && !leaf.is_ca());
    notes.extend(leaf.map(|leaf| {
        let sentence = "The certificate may sign certificates (keyCertSign) and is no CA.".to_owned();
        let fix = "Ask the operator to have it issued again without keyCertSign.";
        note(id, FindingSeverity::Warning, leaf, sentence, fix, citation).on(leaf.1, oid::KEY_USAGE).must(true)
    }));
    notes
}

#[cfg(test)]
mod tests {
    use rcgen::KeyUsagePurpose;

    use crate::fixture::{DAY, Made, found, ids};

    #[test]
    fn an_issuer_without_the_bit_is_noted() {
        let chain = Made::with(|_| {}, |ca| ca.key_usages = vec![KeyUsagePurpose::CrlSign]);
        assert_eq!(ids(&chain.at(DAY)), ["usage.key_cert_sign"]);
    }

    #[test]
    fn an_end_entity_with_the_bit_is_noted() {
        let chain = Made::with(|leaf| leaf.key_usages.push(KeyUsagePurpose::KeyCertSign), |_| {});
        assert!(found(&chain, DAY, "usage.key_cert_sign"), "RFC 5280 §4.2.1.9");
    }

    #[test]
    fn an_issuer_with_the_bit_or_without_the_extension_may_sign() {
        assert!(ids(&Made::good().at(DAY)).is_empty(), "keyCertSign is there");
        let chain = Made::with(|_| {}, |ca| ca.key_usages.clear());
        assert!(ids(&chain.at(DAY)).is_empty(), "no extension restricts nothing");
    }
}
