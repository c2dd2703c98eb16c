//! A public server certificate that may prove clients too (F35). Who uses it so loses that with the next one.
//!
//! `leaf (serverAuth, clientAuth) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, day, note};
use crate::certificate::oid;

const SINCE: &str = "2027-03-15";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf() else { return Vec::new() };
    let usages = &leaf.1.view().extended_key_usage;
    let has = |wanted: &str| usages.iter().any(|usage| usage == wanted);
    if !(has("serverAuth") && has("clientAuth")) {
        return Vec::new();
    }
    let when = if seen.at < day(SINCE) { "will not be" } else { "is not" };
    let sentence = format!(
        "The certificate may prove servers and clients; that {when} trusted in new ones from {SINCE}. Mutual TLS that uses it breaks then."
    );
    let fix = "Use a certificate of a private CA to prove clients.";
    let citation = ("Chrome Root Program Policy 1.8", "1.3.2");
    let note = note("usage.client_auth", FindingSeverity::Info, leaf, sentence, fix, citation);
    vec![note.since(SINCE).on(leaf.1, oid::EXTENDED_KEY_USAGE)]
}

#[cfg(test)]
mod tests {
    use rcgen::ExtendedKeyUsagePurpose;

    use crate::fixture::{DAY, Made, found};

    #[test]
    fn both_uses_are_noted_under_the_public_profile() {
        let chain = Made::with(|leaf| leaf.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth), |_| {});
        assert!(!found(&chain, DAY, "usage.client_auth"), "a private CA may do so");
        assert!(found(&chain.public(), DAY, "usage.client_auth"), "serverAuth and clientAuth");
    }

    #[test]
    fn one_use_is_as_it_should_be() {
        assert!(!found(&Made::good().public(), DAY, "usage.client_auth"), "serverAuth");
    }
}
