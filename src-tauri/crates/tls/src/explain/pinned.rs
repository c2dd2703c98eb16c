//! What pins change in the explanation: a pinned key needs no store, and no other key will do.

use countersign_evidence::{Citation, Fact, Finding, FindingSeverity};

use super::Question;
use crate::Certificate;
use crate::pin::{self, PinMismatch};

/// The store's label in the verdict, where a pin is all the trust there is.
pub(super) const LABEL: &str = "pin";

/// Where the path ended at no anchor and was accepted for a pin, this is what is said instead of why no store has it.
pub(super) fn instead_of_stores(
    problems: &mut Vec<Finding>,
    question: &Question<'_>,
    leaf: Option<&Certificate>,
) -> bool {
    if question.trust.pinned(question.host, question.port).is_empty() {
        return false;
    }
    let anchorless = |id: &str| {
        ["path.self_signed", "path.untrusted_root", "path.missing_intermediate", "usage.leaf_is_ca"].contains(&id)
    };
    if !problems.iter().any(|problem| problem.rejects == Some(true) && anchorless(&problem.id)) {
        return false;
    }
    problems.retain(|problem| !anchorless(&problem.id));
    problems.push(Finding {
        id: "trust.pinned".to_owned(),
        severity: FindingSeverity::Info,
        subject: leaf.map(|leaf| leaf.view().subject.clone()).unwrap_or_default(),
        sentence: format!("Trusted by a key pinned for {}; no store holds its issuer.", question.host),
        fix: "Replace the pin when the server gets another key.".to_owned(),
        citation: Citation::new("RFC 7469", "2.6"),
        certainty: None,
        certificate: Some(0),
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    });
    true
}

/// A chain that a store vouches for, of which no key is pinned.
pub(super) fn mismatch(mismatch: &PinMismatch, question: &Question<'_>) -> Finding {
    let presented: Vec<String> = question
        .chain
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .map(|certificate| pin::spki_sha256(&certificate))
        .collect();
    Finding {
        id: "trust.pin_mismatch".to_owned(),
        severity: FindingSeverity::Error,
        subject: question.host.to_owned(),
        sentence: format!("No key of the chain is one of those pinned for {}.", question.host),
        fix: "Ask the operator whether the key was replaced; if so, replace the pin. If not, somebody else answers."
            .to_owned(),
        citation: Citation::new("RFC 7469", "2.6"),
        certainty: None,
        certificate: Some(0),
        rejects: Some(true),
        values: vec![Fact::new("pinned", mismatch.pinned.join(", ")), Fact::new("presented", presented.join(", "))],
        range: None,
        effective_since: None,
    }
}
