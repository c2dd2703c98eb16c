//! An underscore in a DNS name of a public certificate (F14).
//!
//! `leaf (foo_bar.example.test) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{fit, oid};

const SINCE: &str = "2019-04-01";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf().filter(|_| seen.public || seen.strict) else { return Vec::new() };
    if !seen.binds(&leaf, SINCE) {
        return Vec::new();
    }
    let Some(name) = Seen::dns(&leaf).find(|name| name.contains('_')) else { return Vec::new() };
    let name = fit(name);
    let sentence = format!("{name} has an underscore, which public CAs may not certify.");
    let fix = "Ask the operator to rename the host and to have the certificate issued again.";
    let note = note("name.underscore", FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.4.2.1"));
    vec![note.value("name", name).since(SINCE).on(leaf.1, oid::ALTERNATIVE_NAME).must(true)]
}

#[cfg(test)]
mod tests {
    use crate::Profile;
    use crate::fixture::{DAY, Made, dns, found};

    #[test]
    fn an_underscore_is_noted_under_the_public_profile() {
        let mut chain = Made::with(|leaf| leaf.subject_alt_names.push(dns("foo_bar.example.test")), |_| {}).public();
        assert!(found(&chain, DAY, "name.underscore"), "foo_bar");
        chain.profile = Profile::Private;
        assert!(!found(&chain, DAY, "name.underscore"), "a private CA may do so");
    }

    #[test]
    fn a_hyphen_is_as_it_should_be() {
        let chain = Made::with(|leaf| leaf.subject_alt_names.push(dns("foo-bar.example.test")), |_| {}).public();
        assert!(!found(&chain, DAY, "name.underscore"), "foo-bar");
    }
}
