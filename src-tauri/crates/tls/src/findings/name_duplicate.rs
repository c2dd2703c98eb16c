//! The same name twice among the subject alternative names (F18).
//!
//! `leaf (localhost, LOCALHOST) → intermediate → root`.

use std::collections::HashSet;

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{fit, oid};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let mut met = HashSet::new();
    let again = leaf.1.view().names.iter().find(|name| !met.insert(name.to_ascii_lowercase()));
    let Some(name) = again.map(|name| fit(name)) else { return Vec::new() };
    let sentence = format!("The certificate lists {name} twice.");
    let fix = "Ask the operator to list each name once.";
    let note = note("name.duplicate", FindingSeverity::Info, leaf, sentence, fix, ("RFC 5280", "4.2.1.6"));
    vec![note.value("name", name).on(leaf.1, oid::ALTERNATIVE_NAME)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, dns, found};

    #[test]
    fn a_name_that_comes_twice_is_noted() {
        let chain = Made::with(|leaf| leaf.subject_alt_names.push(dns("LOCALHOST")), |_| {});
        assert!(found(&chain, DAY, "name.duplicate"), "without regard to case");
    }

    #[test]
    fn each_name_once_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "name.duplicate"), "localhost and 127.0.0.1");
    }
}
