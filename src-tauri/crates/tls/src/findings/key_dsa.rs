//! A DSA key (F25): no version of TLS in use knows it any more.
//!
//! `leaf (DSA 2048)`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

const SINCE: &str = "2020-08-20";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let dsa = seen.whole().into_iter().filter(|own| own.1.view().key.kind == "DSA");
    dsa.map(|own| {
        let sentence = format!("{} has a DSA key, which TLS does not use any more.", own.1.named());
        let fix = "Ask the operator for a certificate with an ECDSA or RSA key.";
        note("key.dsa", FindingSeverity::Warning, own, sentence, fix, ("CA/B BR", "6.1.5"))
            .since(SINCE)
            .at(&own.1.layout.spki)
            .must(true)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    /// `openssl req -x509 -newkey dsa:params …`; the key was thrown away.
    const DSA: &[u8] = include_bytes!("fixtures/dsa.pem");

    #[test]
    fn a_dsa_key_is_noted() {
        let chain = Made { sent: crate::certificates_from_pem(DSA).unwrap(), ..Made::good() };
        assert!(found(&chain, DAY, "key.dsa"), "1.2.840.10040.4.1");
    }

    #[test]
    fn an_elliptic_curve_key_is_as_it_should_be() {
        assert!(!found(&Made::good(), DAY, "key.dsa"), "P-256");
    }
}
