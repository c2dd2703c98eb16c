//! Name constraints that say nothing, say it too softly or stand where they do not count (F39).
//!
//! `leaf (nameConstraints) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{Base, oid};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for (place, own) in seen.whole().into_iter().enumerate() {
        let (Some(constraints), Some(extension)) = (&own.1.name_constraints, own.1.extension(oid::NAME_CONSTRAINTS))
        else {
            continue;
        };
        let dotted = constraints.bases().any(|base| matches!(base, Base::Dns(name) if name.starts_with('.')));
        let (severity, what, must) = if place == 0 {
            (FindingSeverity::Warning, "stand in a certificate that is no CA's", true)
        } else if constraints.bases().next().is_none() {
            (FindingSeverity::Warning, "are empty", true)
        } else if dotted {
            (FindingSeverity::Info, "have a DNS name with a dot in front", true)
        } else if !extension.critical {
            (FindingSeverity::Info, "are not critical, so old clients pass over them", !seen.public)
        } else {
            continue;
        };
        let sentence = format!("The nameConstraints of {} {what}.", own.1.named());
        let fix = "Ask the operator for a certificate from a CA that is limited as RFC 5280 has it.";
        let note = note("constraint.malformed", severity, own, sentence, fix, ("RFC 5280", "4.2.1.10"));
        notes.push(note.at(&extension.range).must(must));
    }
    notes
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, GeneralSubtree, NameConstraints};

    use crate::fixture::{DAY, Made, found};

    fn limit(params: &mut CertificateParams) {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("localhost".to_owned())];
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    }

    #[test]
    fn an_empty_constraint_is_noted() {
        let empty = |ca: &mut CertificateParams| {
            let mut extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 30], vec![0x30, 0]);
            extension.set_criticality(true);
            ca.custom_extensions.push(extension);
        };
        assert!(found(&Made::with(|_| {}, empty), DAY, "constraint.malformed"), "30 00");
    }

    #[test]
    fn a_critical_constraint_of_a_ca_is_as_it_should_be() {
        assert!(!found(&Made::with(|_| {}, limit), DAY, "constraint.malformed"), "permitted: localhost");
    }
}
