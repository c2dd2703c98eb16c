//! A wildcard that is not the whole left-most label, or stands alone (F12): it covers nothing.
//!
//! `leaf (foo.*.example.test) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{fit, oid};

const SINCE: &str = "2012-07-01";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let Some(name) = Seen::dns(&leaf).find(|name| is_malformed(name)) else { return Vec::new() };
    let name = fit(name);
    let sentence = format!("The wildcard in {name} is not its whole first label, so the name covers nothing.");
    let fix = "Ask the operator for a certificate with the names written out, or with *. and their parent.";
    let id = "name.wildcard_malformed";
    let note = note(id, FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "1.6.1"));
    vec![note.value("name", name).since(SINCE).on(leaf.1, oid::ALTERNATIVE_NAME).must(true)]
}

fn is_malformed(name: &str) -> bool {
    name.contains('*') && name.strip_prefix("*.").is_none_or(|rest| rest.is_empty() || rest.contains('*'))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, dns, found};

    fn named(name: &'static str) -> Made {
        Made::with(move |leaf| leaf.subject_alt_names.push(dns(name)), |_| {})
    }

    #[test]
    fn a_wildcard_in_the_wrong_place_is_noted() {
        for name in ["foo.*.example.test", "a*.example.test", "*", "*.*.example.test"] {
            assert!(found(&named(name), DAY, "name.wildcard_malformed"), "{name}");
        }
    }

    #[test]
    fn a_wildcard_for_the_first_label_is_as_it_should_be() {
        assert!(!found(&named("*.example.test"), DAY, "name.wildcard_malformed"), "RFC 9525 §6.3");
    }
}
