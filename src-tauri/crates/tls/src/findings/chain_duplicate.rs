//! A certificate was sent twice (F43), which costs bytes and says nothing new.
//!
//! `leaf → intermediate, intermediate`.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let again = seen.sent.iter().enumerate().filter_map(|(place, own)| {
        let earlier = seen.sent.iter().take(place).find(|(_, other)| other.der() == own.1.der())?;
        Some((own, earlier.0))
    });
    again
        .map(|(own, earlier)| {
            let sentence = format!(
                "{} was sent twice, as certificate {} and as certificate {}.",
                own.1.named(),
                earlier + 1,
                own.0 + 1
            );
            let fix = "Ask the operator to send each certificate once.";
            note("chain.duplicate", FindingSeverity::Info, *own, sentence, fix, ("RFC 9846", "4.5.1"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, ids};

    #[test]
    fn a_certificate_sent_twice_is_noted_once() {
        let mut chain = Made::good();
        chain.sent.push(chain.sent[1].clone());
        assert_eq!(ids(&chain.at(DAY)), ["chain.duplicate"]);
    }

    #[test]
    fn each_certificate_once_is_as_it_should_be() {
        assert!(ids(&Made::good().at(DAY)).is_empty(), "leaf and intermediate");
    }
}
