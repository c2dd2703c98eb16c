//! The common name is not among the subject alternative names (F11): forbidden to public CAs, harmless elsewhere.
//!
//! `leaf (CN Payment service, DNS:localhost) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{AlternativeName, fit};

const SINCE: &str = "2012-07-01";
/// From then on character by character.
const EXACT_SINCE: &str = "2021-08-25";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf() else { return Vec::new() };
    let (Some(common_name), Some(names)) = (&leaf.1.common_name, &leaf.1.names) else { return Vec::new() };
    let exact = seen.binds(&leaf, EXACT_SINCE);
    let listed = names.iter().any(|name| match name {
        AlternativeName::Dns(name) if exact => name == common_name,
        AlternativeName::Dns(name) => name.eq_ignore_ascii_case(common_name),
        AlternativeName::Ip(address) if exact => address.to_string() == *common_name,
        AlternativeName::Ip(address) => common_name.parse() == Ok(*address),
        _ => false,
    });
    if listed {
        return Vec::new();
    }
    let sentence = format!(
        "The common name {} is not among the names of the certificate, as a public CA has to see to.",
        fit(common_name)
    );
    let fix = "Ask the operator for a certificate whose common name is one of its subject alternative names.";
    let id = "name.common_name_not_listed";
    let note = note(id, FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.4.2.2"));
    vec![note.value("common_name", fit(common_name)).since(SINCE).at(&leaf.1.layout.subject).must(true)]
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType};

    use crate::Profile;
    use crate::fixture::{DAY, Made, found, ids};

    fn other_name(leaf: &mut CertificateParams) {
        leaf.distinguished_name.push(DnType::CommonName, "Payment service");
    }

    #[test]
    fn a_public_certificate_with_another_common_name_is_noted() {
        let mut chain = Made::with(other_name, |_| {}).public();
        assert!(found(&chain, DAY, "name.common_name_not_listed"), "Payment service");
        chain.profile = Profile::Private;
        assert!(ids(&chain.at(DAY)).is_empty(), "a private CA may do so");
    }

    #[test]
    fn a_common_name_that_is_listed_is_as_it_should_be() {
        assert!(!found(&Made::good().public(), DAY, "name.common_name_not_listed"), "CN=localhost, DNS:localhost");
    }
}
