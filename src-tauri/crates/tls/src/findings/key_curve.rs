//! An EC key of a public certificate on another curve than P-256, P-384 or P-521 (F24).
//!
//! `leaf (secp256k1)`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let odd = seen.whole().into_iter().filter(|own| {
        let key = &own.1.view().key;
        let allowed = matches!(key.curve.as_deref(), Some("P-256" | "P-384" | "P-521"));
        seen.public && key.kind == "EC" && !allowed
    });
    odd.map(|own| {
        let curve = own.1.view().key.curve.clone().unwrap_or_else(|| "with parameters of its own".to_owned());
        let sentence = format!(
            "{} has an EC key on the curve {curve}; public CAs may certify P-256, P-384 and P-521.",
            own.1.named()
        );
        let fix = "Ask the operator for a certificate with a key on P-256 or P-384.";
        note("key.curve", FindingSeverity::Warning, own, sentence, fix, ("CA/B BR", "6.1.5"))
            .value("curve", curve)
            .at(&own.1.layout.spki)
            .must(true)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found};

    /// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 …`; the key was thrown away.
    const OTHER: &[u8] = include_bytes!("fixtures/secp256k1.pem");

    #[test]
    fn another_curve_is_noted_under_the_public_profile() {
        let chain = Made { sent: crate::certificates_from_pem(OTHER).unwrap(), ..Made::good() };
        assert!(!found(&chain, DAY, "key.curve"), "a private CA may choose");
        assert!(found(&chain.public(), DAY, "key.curve"), "secp256k1");
    }

    #[test]
    fn the_curves_of_tls_are_as_they_should_be() {
        assert!(!found(&Made::good().public(), DAY, "key.curve"), "P-256");
    }
}
