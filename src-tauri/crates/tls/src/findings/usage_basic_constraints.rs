//! A CA whose basicConstraints are not critical (F31).
//!
//! `leaf → intermediate (basicConstraints not critical) → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::oid;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for own in seen.whole().into_iter().skip(1) {
        let Some(extension) = own.1.extension(oid::BASIC_CONSTRAINTS).filter(|own| !own.critical) else { continue };
        let severity = if seen.is_anchor(&own) { FindingSeverity::Info } else { FindingSeverity::Warning };
        let sentence = format!("The basicConstraints of the CA {} are not critical.", own.1.named());
        let fix = "Ask the operator for a certificate from a CA that is marked as one critically.";
        let note = note("usage.basic_constraints", severity, own, sentence, fix, ("RFC 5280", "4.2.1.9"));
        notes.push(note.at(&extension.range).must(true));
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found, patched};

    #[test]
    fn basic_constraints_that_are_not_critical_are_noted() {
        let mut chain = Made::good();
        // basicConstraints, critical TRUE becomes FALSE
        let (critical, not) = ([0x55, 0x1d, 0x13, 1, 1, 0xff], [0x55, 0x1d, 0x13, 1, 1, 0x00]);
        chain.sent[1] = patched(&chain.sent[1], &critical, &not);
        assert!(found(&chain, DAY, "usage.basic_constraints"), "RFC 5280 §4.2.1.9");
    }

    #[test]
    fn critical_ones_are_as_they_should_be() {
        assert!(!found(&Made::good(), DAY, "usage.basic_constraints"), "as rcgen makes them");
    }
}
