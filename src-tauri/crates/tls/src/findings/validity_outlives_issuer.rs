//! The end entity is valid for longer than the CA that issued it (F09): it ends with its issuer, whatever it says.
//!
//! `leaf (90 days) → intermediate (30 days) → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let whole = seen.whole();
    let [leaf, issuer, ..] = whole.as_slice() else { return Vec::new() };
    let (own, above) = (leaf.1.view().not_after, issuer.1.view().not_after);
    if own <= above {
        return Vec::new();
    }
    let sentence = format!(
        "The certificate is valid until {}, its issuer {} only until {}.",
        own.date(),
        issuer.1.named(),
        above.date()
    );
    let fix = "Ask the operator for a certificate from a CA that lasts longer.";
    let note =
        note("validity.outlives_issuer", FindingSeverity::Warning, *leaf, sentence, fix, ("RFC 5280", "4.1.2.5"));
    vec![note.value("issuer_not_after", above.to_string()).at(&leaf.1.layout.validity)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    #[test]
    fn an_issuer_that_ends_before_its_certificate_is_noted() {
        let chain = Made::with(|_| {}, |ca| ca.not_after = ca.not_before + time::Duration::days(30));
        assert!(found(&chain, DAY, "validity.outlives_issuer"), "90 days under 30");
    }

    #[test]
    fn an_issuer_that_lasts_longer_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "validity.outlives_issuer"), "90 days under 1,095");
    }
}
