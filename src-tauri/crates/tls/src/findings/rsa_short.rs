//! An RSA key below 2048 bits (F20). The verifier accepts such a certificate; what it signs is refused.
//!
//! `leaf (RSA 1024)`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

/// CA/Browser Forum Baseline Requirements §6.1.5, NIST SP 800-131A.
const MINIMUM: u32 = 2048;
const SINCE: &str = "2014-01-01";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let short = seen.whole().into_iter().filter_map(|own| {
        let key = &own.1.view().key;
        key.bits.filter(|bits| key.kind == "RSA" && *bits < MINIMUM).map(|bits| (own, bits))
    });
    short
        .map(|(own, bits)| {
            let sentence = format!("{} has an RSA key of {bits} bits; {MINIMUM} is the minimum.", own.1.named());
            let fix = "Ask the operator for a certificate with a larger key.";
            note("key.rsa_short", FindingSeverity::Warning, own, sentence, fix, ("CA/B BR", "6.1.5"))
                .value("bits", bits.to_string())
                .since(SINCE)
                .at(&own.1.layout.spki)
                .must(true)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found, ids};

    /// `openssl req -x509 -newkey rsa:1024 -nodes -days 36500 -subj /CN=short.test`; the key was thrown away.
    const SHORT: &[u8] = include_bytes!("fixtures/rsa-1024.pem");

    #[test]
    fn a_key_of_1024_bits_is_noted() {
        let mut chain = Made::good();
        chain.sent = crate::certificates_from_pem(SHORT).unwrap();
        assert!(found(&chain, DAY, "key.rsa_short"), "1024 bits");
    }

    #[test]
    fn an_elliptic_curve_key_is_not_short() {
        assert!(ids(&Made::good().at(DAY)).is_empty(), "256 bits of P-256 are plenty");
    }
}
