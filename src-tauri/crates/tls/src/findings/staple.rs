//! The OCSP response that a server staples (F42, F44): missing where it must be there, out of date, about another
//! certificate, or signed by somebody who may not.
//!
//! `leaf (must-staple) → intermediate → root`, and the response.

use countersign_evidence::FindingSeverity;

use super::{Note, Seen, note};
use crate::certificate::{fit, oid};
use crate::revocation::Answer;

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    let (Some(leaf), Some(answer)) = (seen.leaf(), &seen.staple) else { return Vec::new() };
    let say = |id: &str, sentence: String, fix: &str, citation: (&'static str, &'static str)| {
        vec![note(id, FindingSeverity::Warning, leaf, sentence, fix, citation)]
    };
    let renew = "Ask the operator to have the server renew its staple.";
    match answer {
        Answer::Good | Answer::Revoked(_) => Vec::new(),
        Answer::Missing if leaf.1.must_staple => {
            let sentence = "The certificate asks for a stapled OCSP response, and the server sends none.".to_owned();
            let fix = "Ask the operator to switch stapling on.";
            let notes = say("revocation.staple_missing", sentence, fix, ("RFC 7633", "4.3.3"));
            notes.into_iter().map(|note| note.on(leaf.1, oid::FEATURES)).collect()
        }
        Answer::Missing => Vec::new(),
        Answer::Stale { this_update, next_update } => {
            let sentence = match next_update.filter(|next| *next < seen.at) {
                Some(next) => format!(
                    "Revocation could not be established: the stapled OCSP response expired on {}.",
                    next.date()
                ),
                None => format!("The stapled OCSP response is from the future, of {}.", this_update.date()),
            };
            let notes = say("revocation.staple_stale", sentence, renew, ("RFC 6960", "4.2.2.1"));
            let dated = |note: Note| note.value("this_update", this_update.to_string());
            let next = next_update.map(|next| next.to_string()).unwrap_or_default();
            notes.into_iter().map(|note| dated(note).value("next_update", next.clone())).collect()
        }
        Answer::Mismatch(serial) => {
            let sentence = format!(
                "The stapled OCSP response is about another certificate: serial {}, not {}.",
                fit(serial),
                leaf.1.view().serial
            );
            say("revocation.staple_mismatch", sentence, renew, ("RFC 6960", "4.1.1"))
        }
        Answer::NotAuthorised(why) => {
            let sentence = format!("The stapled OCSP response does not count: {why}.");
            say("revocation.responder", sentence, renew, ("RFC 6960", "4.2.2.2"))
        }
        Answer::Unknown => {
            let sentence = "The OCSP responder does not know the certificate.".to_owned();
            say("revocation.unknown", sentence, "Ask the operator to ask the CA.", ("RFC 6960", "2.2"))
        }
        Answer::Unusable(why) => {
            let sentence = format!("The stapled OCSP response cannot be used: {why}.");
            say("revocation.unknown", sentence, renew, ("RFC 6960", "4.2.1"))
        }
    }
}

#[cfg(test)]
mod tests;
