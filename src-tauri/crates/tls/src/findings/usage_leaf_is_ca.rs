//! The end entity is a CA certificate (F30). The verifier refuses that; RFC 5280 alone does not.
//!
//! `leaf (cA=TRUE) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::oid;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf().filter(|leaf| leaf.1.is_ca()) else { return Vec::new() };
    let sentence = "The certificate is that of a CA (cA=TRUE); many clients refuse it as an end entity.".to_owned();
    let fix = "Ask the operator for a certificate with cA=FALSE.";
    let note = note("usage.leaf_is_ca", FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.2.7"));
    vec![note.on(leaf.1, oid::BASIC_CONSTRAINTS).must(seen.public)]
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, IsCa};

    use crate::fixture::{DAY, Made, found};

    #[test]
    fn a_ca_certificate_as_end_entity_is_named() {
        let chain = Made::with(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained), |_| {});
        assert!(found(&chain, DAY, "usage.leaf_is_ca"), "cA=TRUE");
    }

    #[test]
    fn an_end_entity_that_is_no_ca_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "usage.leaf_is_ca"), "no basicConstraints");
    }
}
