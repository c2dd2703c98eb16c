//! A public certificate begins more than 48 hours before its earliest timestamp of a log (F08).
//!
//! `leaf (timestamp three days after notBefore) → intermediate → root`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

const SINCE: &str = "2023-09-15";
const HOURS: i64 = 48;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let Some(leaf) = seen.public_leaf().filter(|leaf| seen.binds(leaf, SINCE)) else { return Vec::new() };
    let view = leaf.1.view();
    let scts = view.details.iter().flat_map(|details| &details.scts);
    let Some(earliest) = scts.map(|sct| sct.timestamp).min() else { return Vec::new() };
    let hours = earliest.unix_seconds().saturating_sub(view.not_before.unix_seconds()) / 3_600;
    if hours <= HOURS {
        return Vec::new();
    }
    let sentence = format!(
        "The certificate is valid from {}, {hours} hours before a log first saw it; {HOURS} are the most.",
        view.not_before.date()
    );
    let fix = "Ask the operator why the CA dated the certificate back.";
    let note = note("validity.backdated", FindingSeverity::Warning, leaf, sentence, fix, ("CA/B BR", "7.1.2.7"));
    vec![note.value("first_seen", earliest.to_string()).since(SINCE).at(&leaf.1.layout.validity)]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, found, scts};

    #[test]
    fn a_timestamp_long_after_the_beginning_is_noted() {
        let chain = Made::with(|leaf| leaf.custom_extensions.push(scts(&[3 * DAY])), |_| {}).public();
        assert!(found(&chain, 4 * DAY, "validity.backdated"), "three days");
    }

    #[test]
    fn a_timestamp_of_the_same_day_is_as_it_should_be() {
        let chain = Made::with(|leaf| leaf.custom_extensions.push(scts(&[3_600])), |_| {}).public();
        assert!(!found(&chain, 4 * DAY, "validity.backdated"), "one hour");
    }
}
