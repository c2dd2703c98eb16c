//! A CA without a name, or a certificate that names no issuer (RFC 5280 §4.1.2.4, §4.1.2.6).
//!
//! `leaf → intermediate (no subject) → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let whole = seen.whole();
    let nameless = |(place, own): &(usize, &(usize, &crate::Certificate))| {
        own.1.issuer_name.is_empty() || (*place > 0 && own.1.subject_name.is_empty())
    };
    let Some((_, own)) = whole.iter().enumerate().find(nameless) else { return Vec::new() };
    let (sentence, section) = if own.1.issuer_name.is_empty() {
        (format!("{} names no issuer.", own.1.named()), "4.1.2.4")
    } else {
        (format!("The CA with {} has no name.", own.1.named()), "4.1.2.6")
    };
    let fix = "Ask the operator for a certificate from a CA with a name.";
    let note = note("subject.empty", FindingSeverity::Warning, *own, sentence, fix, ("RFC 5280", section));
    vec![note.at(&own.1.layout.subject).must(true)]
}

#[cfg(test)]
mod tests {
    use rcgen::DistinguishedName;

    use crate::fixture::{DAY, Made, found};

    #[test]
    fn a_ca_without_a_name_is_noted() {
        let chain = Made::with(|_| {}, |ca| ca.distinguished_name = DistinguishedName::new());
        assert!(found(&chain, DAY, "subject.empty"), "leaf and intermediate both");
    }

    #[test]
    fn an_end_entity_may_have_no_subject() {
        let chain = Made::with(|leaf| leaf.distinguished_name = DistinguishedName::new(), |_| {});
        assert!(!found(&chain, DAY, "subject.empty"), "its names stand in the extension");
    }
}
