//! A public certificate names neither a CRL nor an OCSP responder (F37); short-lived ones need none.
//!
//! `leaf (90 days, no cRLDistributionPoints) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, day, lifetime_days, note};

const SINCE: &str = "2024-03-15";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let view = leaf.1.view();
    // BR §1.6.1, "short-lived subscriber certificate"
    let short = if view.not_before >= day("2026-03-15") { 7 } else { 10 };
    if !view.crl.is_empty() || !view.ocsp.is_empty() || lifetime_days(leaf.1) <= short {
        return Vec::new();
    }
    let sentence =
        "The certificate names no CRL and no OCSP responder: nobody could learn of its revocation.".to_owned();
    let fix = "Ask the operator for a certificate with the address of a CRL.";
    let citation = ("CA/B BR", "7.1.2.11.2");
    vec![note("revocation.no_source", FindingSeverity::Warning, leaf, sentence, fix, citation).since(SINCE)]
}

#[cfg(test)]
mod tests {
    use super::super::lifetime::tests::lasting;
    use crate::fixture::{DAY, Made, found};

    #[test]
    fn no_source_at_all_is_noted_under_the_public_profile() {
        assert!(found(&Made::good().public(), DAY, "revocation.no_source"), "90 days without");
        assert!(!found(&Made::good(), DAY, "revocation.no_source"), "a private CA may do so");
    }

    #[test]
    fn a_life_of_a_week_or_a_crl_is_as_it_should_be() {
        assert!(!found(&lasting(6), DAY, "revocation.no_source"), "six days and a second");
        let listed = Made::with(
            |leaf| {
                let uris = vec!["http://ca.example.test/crl".to_owned()];
                leaf.crl_distribution_points = vec![rcgen::CrlDistributionPoint { uris }];
            },
            |_| {},
        );
        assert!(!found(&listed.public(), DAY, "revocation.no_source"), "a CRL");
    }
}
