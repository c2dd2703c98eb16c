//! Certificates came in another order than issuer after issued (F43). TLS 1.2 demands the order, TLS 1.3 advises
//! it; many clients cope, some do not.
//!
//! `leaf, upper intermediate, lower intermediate`.

use countersign_evidence::{Fact, FindingSeverity};

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let places: Vec<usize> = seen.path.iter().map(|(index, _)| *index).collect();
    let Some(wrong) = seen.path.windows(2).find(|pair| pair[1].0 < pair[0].0).map(|pair| pair[1]) else {
        return Vec::new();
    };
    let order: Vec<String> = places.iter().map(|index| (index + 1).to_string()).collect();
    let sentence = format!(
        "The certificates came out of order: issuer after issued would be {}. TLS 1.2 demands that order.",
        order.join(", ")
    );
    let fix = "Ask the operator to send the leaf first, then each issuer after what it issued.";
    let mut finding = note("chain.order", FindingSeverity::Warning, wrong, sentence, fix, ("RFC 5246", "7.4.2"));
    finding.finding.values.push(Fact::new("order", order.join(", ")));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, ids};

    #[test]
    fn issuers_the_wrong_way_round_are_noted() {
        let mut chain = Made::deep();
        chain.sent.swap(1, 2);
        assert_eq!(ids(&chain.at(DAY)), ["chain.order"]);
    }

    #[test]
    fn issuer_after_issued_is_as_it_should_be() {
        assert!(ids(&Made::deep().at(DAY)).is_empty(), "leaf, lower, upper");
    }
}
