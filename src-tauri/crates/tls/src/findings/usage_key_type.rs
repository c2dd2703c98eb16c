//! A key usage that the kind of key cannot serve (F33): keyEncipherment needs RSA.
//!
//! `leaf (EC, keyEncipherment) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{key_words, oid};

const SINCE: &str = "2020-08-01";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let view = leaf.1.view();
    let unfit = |usage: &&String| match (view.key.kind.as_str(), usage.as_str()) {
        ("RSA", "keyAgreement") => true,
        ("RSA", _) => false,
        ("EC", "keyEncipherment" | "dataEncipherment") => true,
        ("EC", _) => false,
        (_, "keyEncipherment" | "dataEncipherment" | "keyAgreement") => true,
        (_, _) => false,
    };
    let Some(usage) = view.key_usage.iter().find(unfit) else { return Vec::new() };
    let key = key_words(leaf.1);
    let sentence = format!("The key usage {usage} does not go with a key of the kind {key}.");
    let fix = "Ask the operator for a certificate with digitalSignature only.";
    let note = note("usage.key_type", FindingSeverity::Info, leaf, sentence, fix, ("RFC 8813", "3"));
    vec![note.value("key_usage", usage).value("key", key).since(SINCE).on(leaf.1, oid::KEY_USAGE)]
}

#[cfg(test)]
mod tests {
    use rcgen::KeyUsagePurpose;

    use crate::fixture::{DAY, Made, found};

    #[test]
    fn key_encipherment_with_an_elliptic_curve_key_is_noted() {
        let chain = Made::with(|leaf| leaf.key_usages.push(KeyUsagePurpose::KeyEncipherment), |_| {});
        assert!(found(&chain, DAY, "usage.key_type"), "RFC 8813 §3");
    }

    #[test]
    fn signing_with_an_elliptic_curve_key_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "usage.key_type"), "digitalSignature");
    }
}
