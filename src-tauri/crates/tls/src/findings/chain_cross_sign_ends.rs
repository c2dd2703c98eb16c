//! A cross-sign in the chain has expired or soon will (F43): clients whose only way leads through it are cut off.
//!
//! `leaf → root A, also sent as root A signed by root B (expired)`.

use countersign_evidence::FindingSeverity;

use super::{Note, Own, Seen, note};

/// A month.
const SOON_SECONDS: i64 = 30 * 86_400;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let others: Vec<Own<'_>> = seen.sent.iter().chain(seen.anchor.iter()).copied().collect();
    let crosses = |own: &&Own<'_>| {
        let twin = |other: &&Own<'_>| {
            other.1.subject_name == own.1.subject_name
                && other.1.spki == own.1.spki
                && other.1.issuer_name != own.1.issuer_name
        };
        own.0 > 0 && !own.1.is_self_issued() && others.iter().any(|other| twin(&other))
    };
    let ends =
        seen.sent.iter().filter(crosses).filter(|(_, own)| {
            own.view().not_after.unix_seconds().saturating_sub(seen.at.unix_seconds()) < SOON_SECONDS
        });
    ends.map(|own| {
        let not_after = own.1.view().not_after;
        let verb = if not_after < seen.at { "expired" } else { "expires" };
        let sentence = format!(
            "The cross-sign of {} by {} {verb} on {}; clients that know only {} need another way.",
            own.1.named(),
            own.1.issuer_named(),
            not_after.date(),
            own.1.issuer_named()
        );
        let fix = "Ask the operator to leave it out, or to send one that lasts.";
        note("chain.cross_sign_ends", FindingSeverity::Warning, *own, sentence, fix, ("RFC 5280", "4.1.2.5"))
            .value("not_after", not_after.to_string())
            .at(&own.1.layout.validity)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, cross_signed, found};

    #[test]
    fn an_expired_cross_sign_beside_a_path_is_noted() {
        assert!(found(&cross_signed(10), 20 * DAY, "chain.cross_sign_ends"), "ten days, on day twenty");
        assert!(found(&cross_signed(30), 20 * DAY, "chain.cross_sign_ends"), "ten days left");
    }

    #[test]
    fn a_cross_sign_that_lasts_is_as_it_should_be() {
        assert!(!found(&cross_signed(900), 20 * DAY, "chain.cross_sign_ends"), "two years left");
    }
}
