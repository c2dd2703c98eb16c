//! A certificate is signed with SHA-1 or MD5 (F26). On the path the verifier refuses it; beside the path, and
//! where verification is off, it is worth a note. The signature of a root says nothing either way.

use countersign_evidence::{Fact, FindingSeverity};

use super::{Note, Seen, note};
use crate::explain::is_weak_signature;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let weak = seen.sent.iter().filter(|(index, certificate)| {
        let root = *index > 0 && certificate.is_self_issued();
        !root && is_weak_signature(&certificate.signature_oid)
    });
    weak.map(|own| {
        let algorithm = &own.1.view().signature_algorithm;
        let sentence = format!("{} is signed with {algorithm}, which proves nothing any more.", own.1.named());
        let fix = "Ask the operator to have it issued again with SHA-256 or better.";
        let mut finding =
            note("certificate.weak_signature", FindingSeverity::Warning, *own, sentence, fix, ("CA/B BR", "7.1.3"));
        finding.finding.values.push(Fact::new("signature_algorithm", algorithm));
        finding
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, ids};

    /// `openssl req -x509 -sha1 -newkey rsa:2048 -nodes -days 36500 -subj /CN=sha1.test`; the key was thrown away.
    const SHA1: &[u8] = include_bytes!("fixtures/sha1.pem");

    #[test]
    fn sha_1_is_noted() {
        let mut chain = Made::good();
        chain.sent = crate::certificates_from_pem(SHA1).unwrap();
        assert!(ids(&chain.at(DAY)).contains(&"certificate.weak_signature".to_owned()), "sha1WithRSAEncryption");
    }

    #[test]
    fn sha_256_is_not_weak() {
        assert!(ids(&Made::good().at(DAY)).is_empty(), "ecdsa-with-SHA256");
    }
}
