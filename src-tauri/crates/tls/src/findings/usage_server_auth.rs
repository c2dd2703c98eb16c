//! A public certificate without extended key usage, or for any use (F34). One that excludes servers is a refusal.
//!
//! `leaf (no extKeyUsage) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::oid;
use crate::explain::Usage;

const SINCE: &str = "2023-09-15";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let leaf = seen.public_leaf().filter(|leaf| seen.usage == Usage::Server && seen.binds(leaf, SINCE));
    let Some(leaf) = leaf else { return Vec::new() };
    let usages = &leaf.1.view().extended_key_usage;
    let any = usages.iter().any(|usage| usage == "anyExtendedKeyUsage");
    let critical = leaf.1.extension(oid::EXTENDED_KEY_USAGE).is_some_and(|extension| extension.critical);
    let sentence = match (leaf.1.has_extended_key_usage, any) {
        _ if critical => "The extended key usage is critical, which it may not be in a public certificate.",
        (false, _) => "The certificate has no extended key usage; a public one has to say serverAuth.",
        (true, true) => {
            "The certificate may be used for anything (anyExtendedKeyUsage), which public CAs may not allow."
        }
        (true, false) => return Vec::new(),
    };
    let fix = "Ask the operator for a certificate with serverAuth as extended key usage.";
    let citation = ("CA/B BR", "7.1.2.7.10");
    let note = note("usage.server_auth", FindingSeverity::Warning, leaf, sentence.to_owned(), fix, citation);
    vec![note.since(SINCE).on(leaf.1, oid::EXTENDED_KEY_USAGE).must(true)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    #[test]
    fn no_extended_key_usage_is_noted_under_the_public_profile() {
        let chain = Made::with(|leaf| leaf.extended_key_usages.clear(), |_| {});
        assert!(!found(&chain, DAY, "usage.server_auth"), "RFC 5280 §4.2.1.12 allows it");
        assert!(found(&chain.public(), DAY, "usage.server_auth"), "BR §7.1.2.7.10 does not");
    }

    #[test]
    fn server_auth_is_as_it_should_be() {
        assert!(!found(&Made::good().public(), DAY, "usage.server_auth"), "serverAuth");
    }
}
