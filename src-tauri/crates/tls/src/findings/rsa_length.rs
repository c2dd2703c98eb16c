//! An RSA modulus whose length is no multiple of 8 bits (F22).
//!
//! `leaf (RSA 2050)`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let odd = seen.whole().into_iter().filter_map(|own| {
        let key = &own.1.view().key;
        key.bits.filter(|bits| key.kind == "RSA" && bits % 8 != 0).map(|bits| (own, bits))
    });
    odd.map(|(own, bits)| {
        let sentence = format!("{} has an RSA key of {bits} bits, which is no multiple of 8.", own.1.named());
        let fix = "Ask the operator for a certificate with a key of 2048, 3072 or 4096 bits.";
        note("key.rsa_length", FindingSeverity::Info, own, sentence, fix, ("CA/B BR", "6.1.5"))
            .value("bits", bits.to_string())
            .at(&own.1.layout.spki)
            .must(seen.public)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    /// `openssl req -x509 -newkey rsa:2050 …`; the key was thrown away.
    const ODD: &[u8] = include_bytes!("fixtures/rsa-2050.pem");
    const EVEN: &[u8] = include_bytes!("fixtures/rsa-1024.pem");

    fn chain(pem: &[u8]) -> Made {
        Made { sent: crate::certificates_from_pem(pem).unwrap(), ..Made::good() }
    }

    #[test]
    fn a_key_of_2050_bits_is_noted() {
        assert!(found(&chain(ODD), DAY, "key.rsa_length"), "2050 = 8 · 256 + 2");
    }

    #[test]
    fn a_key_of_whole_bytes_is_as_it_should_be() {
        assert!(!found(&chain(EVEN), DAY, "key.rsa_length"), "1024 = 8 · 128");
    }
}
