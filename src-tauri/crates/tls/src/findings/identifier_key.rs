//! Key identifiers that are missing or contradict each other (F38). Clients find the issuer by them.
//!
//! `leaf (no authorityKeyIdentifier) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Own, Seen, note};
use crate::certificate::oid;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let whole = seen.whole();
    let mut notes = Vec::new();
    for (place, own) in whole.iter().enumerate() {
        let issuer = whole.get(place + 1).map(|(_, issuer)| *issuer);
        let named = own.1.named();
        let mut say = |severity, sentence: String, section, oid: &str, must| {
            let fix = "Ask the operator to have it issued again; most clients cope.";
            let note = note("identifier.key", severity, *own, sentence, fix, ("RFC 5280", section));
            let note = note.on(own.1, oid).must(must);
            // a private CA may leave it out, and most clients never look
            let missing = own.1.extension(oid).is_none();
            notes.push(if missing { note.value("missing", oid).quiet(!seen.public && !seen.strict) } else { note });
        };
        match (&own.1.authority_key_id, issuer.and_then(|issuer| issuer.subject_key_id.as_ref())) {
            (None, _) if own.1.authority_key.is_none() && !own.1.is_self_issued() && !seen.is_anchor(own) => {
                let sentence = format!("{named} has no authorityKeyIdentifier.");
                say(FindingSeverity::Info, sentence, "4.2.1.1", oid::AUTHORITY_KEY, true);
            }
            (Some(wanted), Some(found)) if wanted != found => {
                let sentence = format!("{named} names another key of its issuer than the issuer has.");
                say(FindingSeverity::Warning, sentence, "4.2.1.1", oid::AUTHORITY_KEY, seen.public);
            }
            _ => {}
        }
        if own.1.is_ca() && own.1.subject_key_id.is_none() {
            let sentence = format!("The CA {named} has no subjectKeyIdentifier.");
            say(FindingSeverity::Info, sentence, "4.2.1.2", oid::SUBJECT_KEY, true);
        }
        if seen.public && is_odd_root(own) {
            let sentence = format!("The authorityKeyIdentifier of the root {named} is not its own key alone.");
            say(FindingSeverity::Info, sentence, "4.2.1.1", oid::AUTHORITY_KEY, true);
        }
    }
    notes
}

/// BR §7.1.2.1.3: where a root has the extension, it holds its own identifier and nothing else.
fn is_odd_root(own: &Own<'_>) -> bool {
    let root = own.1.is_self_issued() && own.1.is_ca();
    root && own
        .1
        .authority_key
        .as_ref()
        .is_some_and(|key| key.names_certificate || key.identifier.is_none() || key.identifier != own.1.subject_key_id)
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    #[test]
    fn a_certificate_without_the_identifier_of_its_issuer_is_noted() {
        let chain = Made::with(|leaf| leaf.use_authority_key_identifier_extension = false, |_| {}).public();
        assert!(found(&chain, DAY, "identifier.key"), "RFC 5280 §4.2.1.1");
    }

    #[test]
    fn identifiers_that_agree_are_as_they_should_be() {
        assert!(!found(&Made::good().public(), DAY, "identifier.key"), "as rcgen makes them");
    }
}
