//! A certificate was sent that issued nothing in the chain (F43).
//!
//! `leaf → intermediate`, and another CA beside them.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let strangers = seen.sent.iter().filter(|(index, certificate)| {
        let issues = seen.sent.iter().any(|(own, child)| own != index && certificate.is_issuer_of(child));
        // a second certificate of the anchor's name is a cross-sign for other clients
        let crosses = seen.anchor.is_some_and(|anchor| anchor.1.subject_name == certificate.subject_name);
        *index > 0 && !seen.on_path(*index) && !issues && !crosses
    });
    strangers
        .map(|stranger| {
            let sentence = format!("{} issued nothing in this chain and is not needed.", stranger.1.named());
            let fix = "Ask the operator to leave it out of the chain.";
            note("chain.unrelated", FindingSeverity::Warning, *stranger, sentence, fix, ("RFC 9846", "4.5.1"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::fixture::{DAY, Made, ids};

    #[test]
    fn a_ca_that_issued_nothing_here_is_noted() {
        let mut chain = Made::good();
        chain.sent.push(Made::named("Other").sent[1].clone());
        assert_eq!(ids(&chain.at(DAY)), ["chain.unrelated"]);
    }

    #[test]
    fn what_issued_something_belongs_there() {
        assert!(ids(&Made::deep().at(DAY)).is_empty(), "leaf, lower, upper");
    }
}
