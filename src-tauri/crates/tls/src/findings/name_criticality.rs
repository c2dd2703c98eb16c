//! The subjectAltName is critical beside a subject, or not critical without one (F17).
//!
//! `leaf (no subject, subjectAltName not critical) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::oid;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let Some(extension) = leaf.1.extension(oid::ALTERNATIVE_NAME) else { return Vec::new() };
    let (severity, sentence, must) = match (leaf.1.subject_name.is_empty(), extension.critical) {
        (true, false) => (
            FindingSeverity::Warning,
            "The certificate has no subject, and its subjectAltName is not critical as it then has to be.",
            true,
        ),
        (false, true) => (
            FindingSeverity::Info,
            "The subjectAltName is critical although the certificate has a subject; some clients refuse that.",
            seen.public,
        ),
        (true, true) | (false, false) => return Vec::new(),
    };
    let fix = "Ask the operator to have it issued again.";
    let citation = ("RFC 5280", "4.2.1.6");
    vec![note("name.criticality", severity, leaf, sentence.to_owned(), fix, citation).at(&extension.range).must(must)]
}

#[cfg(test)]
mod tests {
    use rcgen::DistinguishedName;

    use crate::fixture::{DAY, Made, critical_names, found};

    #[test]
    fn critical_names_beside_a_subject_are_noted() {
        let chain = Made::with(
            |leaf| {
                leaf.subject_alt_names.clear();
                leaf.custom_extensions.push(critical_names("localhost"));
            },
            |_| {},
        );
        assert!(found(&chain, DAY, "name.criticality"), "CN=localhost and critical");
    }

    #[test]
    fn critical_names_without_a_subject_are_as_they_should_be() {
        let chain = Made::with(|leaf| leaf.distinguished_name = DistinguishedName::new(), |_| {});
        assert!(!found(&chain, DAY, "name.criticality"), "RFC 5280 §4.2.1.6");
        assert!(!found(&Made::good(), DAY, "name.criticality"), "a subject, and not critical");
    }
}
