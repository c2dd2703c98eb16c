//! A public certificate has an organizationalUnit (F19), which nobody verified.
//!
//! `leaf (OU=Payments) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::fit;

const SINCE: &str = "2022-09-01";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let Some(unit) = leaf.1.organizational_unit.as_deref().map(fit) else { return Vec::new() };
    let sentence = format!("The subject has the organizational unit {unit}, which public CAs may not certify.");
    let fix = "Ask the operator to leave it out of the next certificate.";
    let id = "subject.organizational_unit";
    let note = note(id, FindingSeverity::Info, leaf, sentence, fix, ("CA/B BR", "7.1.4.2.2"));
    vec![note.value("organizational_unit", unit).since(SINCE).at(&leaf.1.layout.subject)]
}

#[cfg(test)]
mod tests {
    use rcgen::DnType;

    use crate::fixture::{DAY, Made, found};

    #[test]
    fn a_unit_is_noted_under_the_public_profile() {
        let chain = Made::with(|leaf| leaf.distinguished_name.push(DnType::OrganizationalUnitName, "Payments"), |_| {});
        assert!(!found(&chain, DAY, "subject.organizational_unit"), "a private CA may do so");
        assert!(found(&chain.public(), DAY, "subject.organizational_unit"), "OU=Payments");
    }

    #[test]
    fn a_subject_without_a_unit_is_as_it_should_be() {
        assert!(!found(&Made::good().public(), DAY, "subject.organizational_unit"), "CN=localhost");
    }
}
