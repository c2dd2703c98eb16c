//! The address of the issuer's certificate is missing in a public certificate, or is not http (F36).
//!
//! `leaf (no authorityInfoAccess) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{fit, oid};

const SINCE: &str = "2023-09-15";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.leaf() else { return Vec::new() };
    let addresses = &leaf.1.view().ca_issuers;
    let other = addresses.iter().find(|address| !address.starts_with("http://")).map(|address| fit(address));
    let sentence = match other {
        Some(address) => format!("The address of the issuer, {address}, is not http, so clients do not fetch it."),
        None if addresses.is_empty() && seen.public && seen.binds(&leaf, SINCE) => {
            "The certificate does not say where its issuer's certificate is (authorityInfoAccess caIssuers).".to_owned()
        }
        None => return Vec::new(),
    };
    let fix = "Ask the operator for a certificate with an http address of its issuer.";
    let note = note("access.ca_issuers", FindingSeverity::Info, leaf, sentence, fix, ("CA/B BR", "7.1.2.7.7"));
    vec![note.since(SINCE).on(leaf.1, oid::AUTHORITY_ACCESS)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, access, found};

    fn at(address: &'static str) -> Made {
        Made::with(move |leaf| leaf.custom_extensions.push(access(address)), |_| {}).public()
    }

    #[test]
    fn no_address_and_other_schemes_are_noted() {
        assert!(found(&Made::good().public(), DAY, "access.ca_issuers"), "no address");
        assert!(!found(&Made::good(), DAY, "access.ca_issuers"), "a private CA may do without");
        assert!(found(&at("ldap://ca.example.test/issuing"), DAY, "access.ca_issuers"), "ldap");
    }

    #[test]
    fn an_http_address_is_as_it_should_be() {
        assert!(!found(&at("http://ca.example.test/issuing.crt"), DAY, "access.ca_issuers"), "http");
    }
}
