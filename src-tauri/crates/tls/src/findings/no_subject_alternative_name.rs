//! The end entity has no subjectAltName (F10), whether or not a name was asked for.
//!
//! `leaf (common name only) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::explain::Usage;

const SINCE: &str = "2012-07-01";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf().filter(|leaf| leaf.1.names.is_none() && seen.usage == Usage::Server) else {
        return Vec::new();
    };
    let sentence = "The certificate has no subjectAltName; a common name is not used any more.".to_owned();
    let fix = "Ask the operator for a certificate with its names as subjectAltName.";
    let id = "name.no_subject_alternative_name";
    let note = note(id, FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.4.2.1"));
    vec![note.since(SINCE).at(&leaf.1.layout.subject).must(seen.public)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    #[test]
    fn a_certificate_with_a_common_name_only_is_noted() {
        let chain = Made::with(|leaf| leaf.subject_alt_names.clear(), |_| {});
        assert!(found(&chain, DAY, "name.no_subject_alternative_name"), "no extension");
    }

    #[test]
    fn a_certificate_with_names_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "name.no_subject_alternative_name"), "two names");
    }
}
