//! Notes on a chain: what is worth reading and decides nothing. One file per finding, each with its citation.
//!
//! Rules of the CA/Browser Forum apply under the public profile only: a private CA may do as it likes.

mod chain_duplicate;
mod chain_order;
mod chain_root_sent;
mod chain_unrelated;
mod common_name_not_listed;
mod key_cert_sign;
mod renewal_due;
mod rsa_short;
mod weak_signature;

use countersign_evidence::{Citation, Finding, FindingSeverity, Profile, Timestamp};

use crate::certificate::fit;
use crate::explain::{Path, Question};
use crate::{Certificate, Malformed};

/// What a rule looks at.
pub(crate) struct Seen<'a> {
    /// As sent.
    sent: Vec<(usize, &'a Certificate)>,
    /// The path that was judged, end entity first, without the anchor.
    path: Vec<(usize, &'a Certificate)>,
    /// Where it ends.
    anchor: Option<&'a Certificate>,
    /// Whether rules for public CAs apply.
    public: bool,
    /// The time of the check.
    at: Timestamp,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(
        parsed: &'a [Result<Certificate, Malformed>],
        path: &Path<'a>,
        question: &Question<'_>,
        profile: Profile,
    ) -> Self {
        let sent: Vec<(usize, &Certificate)> =
            parsed.iter().enumerate().filter_map(|(index, parsed)| parsed.as_ref().ok().map(|c| (index, c))).collect();
        let on_path = path.sent.iter().filter_map(|index| sent.iter().find(|(own, _)| own == index).copied());
        Self {
            path: on_path.collect(),
            anchor: path.anchor.as_ref().map(|anchor| anchor.certificate),
            public: profile == Profile::Public,
            at: Timestamp::from_system(question.at),
            sent,
        }
    }

    /// The end entity.
    fn leaf(&self) -> Option<(usize, &'a Certificate)> {
        self.sent.first().copied().filter(|(index, _)| *index == 0)
    }

    fn on_path(&self, index: usize) -> bool {
        self.path.iter().any(|(own, _)| *own == index)
    }
}

type Rule = fn(&Seen<'_>) -> Vec<Finding>;

const RULES: [Rule; 9] = [
    rsa_short::notes,
    weak_signature::notes,
    key_cert_sign::notes,
    chain_order::notes,
    common_name_not_listed::notes,
    renewal_due::notes,
    chain_duplicate::notes,
    chain_root_sent::notes,
    chain_unrelated::notes,
];

/// Every note, warnings first.
pub(crate) fn notes(seen: &Seen<'_>) -> Vec<Finding> {
    let mut notes: Vec<Finding> = RULES.iter().flat_map(|rule| rule(seen)).collect();
    notes.sort_by_key(|note| note.severity);
    notes
}

/// A note about one certificate.
fn note(
    id: &str,
    severity: FindingSeverity,
    (index, certificate): (usize, &Certificate),
    sentence: String,
    fix: &str,
    (source, section): (&str, &str),
) -> Finding {
    Finding {
        id: id.to_owned(),
        severity,
        subject: fit(&certificate.named()),
        sentence,
        fix: fix.to_owned(),
        citation: Citation::new(source, section),
        certainty: None,
        certificate: Some(index),
        rejects: Some(false),
        values: Vec::new(),
    }
}
