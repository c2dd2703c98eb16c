//! A public certificate with fewer timestamps of logs than browsers ask for (F41). Others may come with the
//! handshake or the staple; signatures of timestamps are not checked.
//!
//! `leaf (one timestamp) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, lifetime_days, note};
use crate::certificate::oid;

const SINCE: &str = "2018-10-15";

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let count = leaf.1.view().details.as_ref().map_or(0, |details| details.scts.len());
    let wanted = if lifetime_days(leaf.1) <= 180 { 2 } else { 3 };
    if count >= wanted {
        return Vec::new();
    }
    let sentence = format!("The certificate has {count} timestamps of logs; browsers want {wanted} for its lifetime.");
    let fix = "Ask the operator for a certificate that was logged; a name that must stay private wants a private CA.";
    let note = note("transparency.few_scts", FindingSeverity::Warning, leaf, sentence, fix, ("Chrome CT policy", ""));
    vec![note.value("count", count.to_string()).value("wanted", wanted.to_string()).since(SINCE).on(leaf.1, oid::SCTS)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found, scts};

    fn stamped(times: &'static [i64]) -> Made {
        Made::with(move |leaf| leaf.custom_extensions.push(scts(times)), |_| {})
    }

    #[test]
    fn one_timestamp_is_noted_under_the_public_profile() {
        assert!(!found(&stamped(&[60]), DAY, "transparency.few_scts"), "a private CA logs nothing");
        assert!(found(&stamped(&[60]).public(), DAY, "transparency.few_scts"), "one of two");
        assert!(found(&Made::good().public(), DAY, "transparency.few_scts"), "none of two");
    }

    #[test]
    fn two_timestamps_for_ninety_days_are_as_they_should_be() {
        assert!(!found(&stamped(&[60, 90]).public(), DAY, "transparency.few_scts"), "two of two");
    }
}
