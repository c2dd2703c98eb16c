//! A CA restricts certificate policies (RFC 5280 §4.2.1.11): these are not processed here.
//!
//! `leaf → intermediate (policyConstraints, not critical) → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::oid;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let restricted =
        seen.whole().into_iter().skip(1).filter(|(_, own)| {
            own.policy.require_explicit.is_some() || own.extension(oid::POLICY_CONSTRAINTS).is_some()
        });
    restricted
        .map(|own| {
            let sentence =
                format!("The CA {} restricts certificate policies, which are not processed here.", own.1.named());
            let fix = "Ask the operator what the policy constraints are for.";
            note("constraint.policy", FindingSeverity::Info, own, sentence, fix, ("RFC 5280", "4.2.1.11"))
                .on(own.1, oid::POLICY_CONSTRAINTS)
                .must(true)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    #[test]
    fn a_ca_that_demands_a_policy_is_noted() {
        let demand = |ca: &mut rcgen::CertificateParams| {
            let content = vec![0x30, 3, 0x80, 1, 0];
            ca.custom_extensions.push(rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 36], content));
        };
        assert!(found(&Made::with(|_| {}, demand), DAY, "constraint.policy"), "requireExplicitPolicy 0");
    }

    #[test]
    fn a_ca_without_such_demands_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "constraint.policy"), "no policyConstraints");
    }
}
