//! The common name is not among the subject alternative names (F11): forbidden to public CAs, harmless elsewhere.

use countersign_evidence::{Fact, Finding, FindingSeverity};

use super::{Seen, note};
use crate::certificate::{AlternativeName, fit};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Finding> {
    let Some(leaf) = seen.leaf().filter(|_| seen.public) else { return Vec::new() };
    let (Some(common_name), Some(names)) = (&leaf.1.common_name, &leaf.1.names) else { return Vec::new() };
    let listed = names.iter().any(|name| match name {
        AlternativeName::Dns(name) => name.eq_ignore_ascii_case(common_name),
        AlternativeName::Ip(address) => common_name.parse() == Ok(*address),
        AlternativeName::Other(_) => false,
    });
    if listed {
        return Vec::new();
    }
    let sentence = format!(
        "The common name {} is not among the names of the certificate, as a public CA has to see to.",
        fit(common_name)
    );
    let fix = "Ask the operator for a certificate whose common name is one of its subject alternative names.";
    let mut finding =
        note("name.common_name_not_listed", FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.4.2.2"));
    finding.values.push(Fact::new("common_name", fit(common_name)));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType};

    use crate::Profile;
    use crate::fixture::{DAY, Made, ids};

    fn other_name(leaf: &mut CertificateParams) {
        leaf.distinguished_name.push(DnType::CommonName, "Payment service");
    }

    #[test]
    fn a_public_certificate_with_another_common_name_is_noted() {
        let mut chain = Made::with(other_name, |_| {});
        chain.profile = Profile::Public;
        assert_eq!(ids(&chain.at(DAY)), ["name.common_name_not_listed"]);
        chain.profile = Profile::Private;
        assert!(ids(&chain.at(DAY)).is_empty(), "a private CA may do so");
    }

    #[test]
    fn a_common_name_that_is_listed_is_as_it_should_be() {
        let mut chain = Made::good();
        chain.profile = Profile::Public;
        assert!(ids(&chain.at(DAY)).is_empty(), "CN=localhost, DNS:localhost");
    }
}
