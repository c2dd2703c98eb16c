//! The root was sent (F43). Whoever trusts it has it already; it only makes the handshake longer.
//!
//! `leaf → intermediate → root`, all three sent.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let roots = seen.sent.iter().filter(|(index, certificate)| {
        let issues = seen.sent.iter().any(|(own, child)| own != index && certificate.is_issuer_of(child));
        *index > 0 && certificate.is_self_issued() && issues
    });
    roots
        .map(|root| {
            let sentence = format!("The root {} is sent and not needed.", root.1.named());
            let fix = "Ask the operator to leave the root out of the chain.";
            note("chain.root_sent", FindingSeverity::Info, *root, sentence, fix, ("RFC 9846", "4.5.1"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, ids};

    #[test]
    fn a_root_that_was_sent_is_noted() {
        let mut chain = Made::good();
        chain.sent.push(chain.root.clone());
        assert_eq!(ids(&chain.at(DAY)), ["chain.root_sent"]);
    }

    #[test]
    fn a_chain_without_its_root_is_as_it_should_be() {
        assert!(ids(&Made::good().at(DAY)).is_empty(), "leaf and intermediate");
    }
}
