//! An RSA exponent that is even or too small, or outside of what public CAs may certify (F21).
//!
//! `leaf (RSA, exponent 3)`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

const SINCE: &str = "2013-02-21";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    for own in seen.whole() {
        let Some(exponent) = own.1.rsa.as_ref().map(|rsa| rsa.exponent.as_slice()) else { continue };
        let even = exponent.last().is_none_or(|last| last % 2 == 0);
        let small = matches!(exponent, [] | [0..=2]);
        // 2^16 + 1 to 2^256 - 1
        let usual = matches!(exponent, [first, _, last] if *first > 1 || (*first == 1 && *last >= 1))
            || (4..=32).contains(&exponent.len());
        let (severity, what) = match (even || small, usual) {
            (true, _) => (FindingSeverity::Warning, "is no exponent of RSA"),
            (false, false) if seen.public => (FindingSeverity::Warning, "is below what public CAs may certify"),
            (false, _) => continue,
        };
        let shown = match exponent.len() {
            0..=8 => exponent.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)).to_string(),
            bytes => format!("of {bytes} bytes"),
        };
        let sentence = format!("The RSA exponent of {}, {shown}, {what}.", own.1.named());
        let fix = "Ask the operator for a certificate with another key; 65537 is the usual exponent.";
        let note = note("key.rsa_exponent", severity, own, sentence, fix, ("CA/B BR", "6.1.6"));
        notes.push(note.value("exponent", shown).since(SINCE).at(&own.1.layout.spki).must(seen.public));
    }
    notes
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    /// `openssl req -x509 -newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3 …`; the key was thrown away.
    const THREE: &[u8] = include_bytes!("fixtures/rsa-exponent-3.pem");
    /// `openssl req -x509 -newkey rsa:1024 …`, exponent 65537.
    const USUAL: &[u8] = include_bytes!("fixtures/rsa-1024.pem");

    fn chain(pem: &[u8]) -> Made {
        Made { sent: crate::certificates_from_pem(pem).unwrap(), ..Made::good().public() }
    }

    #[test]
    fn an_exponent_of_three_is_noted_under_the_public_profile() {
        assert!(found(&chain(THREE), DAY, "key.rsa_exponent"), "BR §6.1.6 wants 65537 or more");
    }

    #[test]
    fn the_usual_exponent_is_as_it_should_be() {
        assert!(!found(&chain(USUAL), DAY, "key.rsa_exponent"), "65537");
    }
}
