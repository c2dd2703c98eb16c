//! Says why a chain was believed or not. No IO, no clock: chain, name, stores, time and decision are given.
//!
//! The verifier decides, this explains; it never contradicts. Where it knows no reason for a refusal it gives
//! the verifier's own words, and where it would have refused what the verifier accepted it says so as a note.

mod constraint;
mod judge;
mod name;
mod path;
mod pinned;
mod problem;
mod told;

use std::time::SystemTime;

use countersign_evidence::{
    CertificateSource, CertificateView, Finding, FindingSeverity, Profile, Timestamp, Verdict, VerdictState,
};
use rustls_pki_types::CertificateDer;

use crate::certificate::unreadable_view;
use crate::findings::{self, Seen};
use crate::{Certificate, Malformed, StoreLabel, Trust, trust};

pub(crate) use self::constraint::NameConstraints;
pub(crate) use self::path::Path;
pub(crate) use self::problem::is_weak_signature;

use self::judge::Judge;

/// The verifier's word on one chain.
#[derive(Clone, Debug)]
pub enum Decision {
    /// A path to an anchor, for this name, at this time.
    Accepted,
    /// Let pass whatever it is, because verification is off for this host; the refusal it would have met.
    Overridden(Option<rustls::Error>),
    /// No such path.
    Refused(rustls::Error),
}

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// As sent, end entity first.
    pub chain: &'a [CertificateDer<'static>],
    /// The DNS name or address that was asked for.
    pub host: &'a str,
    /// Its port: a store may be bound to it.
    pub port: u16,
    /// Whom to trust.
    pub trust: &'a Trust,
    /// The time the dates were judged at.
    pub at: SystemTime,
    /// What the verifier said.
    pub decision: &'a Decision,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The chain as sent, then the anchor of the path that was judged.
    pub certificates: Vec<CertificateView>,
    /// That path: indices into `certificates`, end entity first, without the anchor.
    pub path: Vec<usize>,
    /// Why it was refused, most specific first, then notes.
    pub findings: Vec<Finding>,
    /// The verifier's decision in our words.
    pub verdict: Verdict,
}

/// Explains one decision.
pub fn explain(question: &Question<'_>) -> Explanation {
    let parsed: Vec<Result<Certificate, Malformed>> = question.chain.iter().map(Certificate::from_der).collect();
    let stores: Vec<_> =
        question.trust.applicable(question.host, question.port).into_iter().map(|(_, store)| store).collect();
    let mut judge = Judge::new(&parsed, &stores, question);
    let (path, mut problems) = judge.best();
    problems.extend(judge.unreadable(&path));

    let refusal = match question.decision {
        Decision::Accepted | Decision::Overridden(None) => None,
        Decision::Refused(error) | Decision::Overridden(Some(error)) => Some(error),
    };
    let by_pin = refusal.is_none()
        && pinned::instead_of_stores(&mut problems, question, parsed.first().and_then(|leaf| leaf.as_ref().ok()));
    match refusal {
        Some(error) => problem::agree_with_refusal(&mut problems, error, question),
        None => problem::agree_with_acceptance(&mut problems),
    }
    problem::sort(&mut problems);
    if judge.spent() {
        problems.push(problem::work_budget());
    }

    let profile = profile(question.trust.profile(), &path);
    let seen = Seen::new(&parsed, &path, question, profile);
    for note in findings::notes(&seen) {
        let known = problems.iter().any(|known| known.id == note.id && known.certificate == note.certificate);
        if !known {
            problems.push(note);
        }
    }
    let mut verdict = verdict(question, &problems, &path, profile);
    if by_pin {
        verdict.store = Some(pinned::LABEL.to_owned());
    }
    Explanation { certificates: views(question.chain, &parsed, &path), path: path.sent, findings: problems, verdict }
}

impl Explanation {
    /// The chain was judged, but the server's signature over the handshake was refused: it did not prove the key.
    pub(crate) fn key_not_proved(&mut self, error: &rustls::Error) {
        let finding = problem::key_not_proved(self.certificates.first(), error);
        self.verdict.state = VerdictState::NotTrusted;
        self.verdict.reason.clone_from(&finding.id);
        self.verdict.store = None;
        self.findings.retain(|known| known.id != finding.id || known.certificate != finding.certificate);
        self.findings.insert(0, finding);
    }
}

fn verdict(question: &Question<'_>, findings: &[Finding], path: &Path<'_>, profile: Profile) -> Verdict {
    let notable = findings.iter().any(|finding| finding.severity != FindingSeverity::Info);
    let (state, reason) = match question.decision {
        Decision::Overridden(_) => (VerdictState::NotChecked, "verification_off".to_owned()),
        Decision::Refused(_) => {
            let reason = findings.first().map_or_else(|| "path.untrusted_root".to_owned(), |first| first.id.clone());
            (VerdictState::NotTrusted, reason)
        }
        Decision::Accepted if notable => (VerdictState::TrustedWithFindings, "path.valid".to_owned()),
        Decision::Accepted => (VerdictState::Trusted, "path.valid".to_owned()),
    };
    let accepted = matches!(question.decision, Decision::Accepted);
    let store = path.anchor.as_ref().filter(|_| accepted).map(|anchor| anchor.store.label().to_string());
    Verdict { state, reason, store, checked_at: Some(seconds(question.at)), profile: Some(profile) }
}

/// `auto` is public under an anchor of the Mozilla set.
fn profile(asked: Profile, path: &Path<'_>) -> Profile {
    match asked {
        Profile::Public => Profile::Public,
        Profile::Private => Profile::Private,
        Profile::Auto => match &path.anchor {
            Some(anchor) if trust::is_public(anchor.certificate) => Profile::Public,
            _ => Profile::Private,
        },
    }
}

fn views(
    chain: &[CertificateDer<'static>],
    parsed: &[Result<Certificate, Malformed>],
    path: &Path<'_>,
) -> Vec<CertificateView> {
    let mut views: Vec<CertificateView> = chain
        .iter()
        .zip(parsed)
        .map(|(der, parsed)| match parsed {
            Ok(certificate) => certificate.view().clone(),
            Err(_) => unreadable_view(der),
        })
        .collect();
    if let Some(anchor) = &path.anchor {
        views.push(anchor.certificate.view_from(CertificateSource::Store, Some(anchor.store.label().to_string())));
    }
    views
}

/// The stores in words, for "which is in none of: …".
fn stores_in_words(stores: &[&crate::Store]) -> String {
    let mut labels: Vec<&StoreLabel> = stores.iter().map(|store| store.label()).collect();
    labels.sort_by_key(|label| label.rank());
    labels.dedup();
    labels.iter().map(|label| label.words()).collect::<Vec<_>>().join(", ")
}

/// X.509 knows no fractions of a second, and neither does the verifier.
fn seconds(time: SystemTime) -> Timestamp {
    Timestamp::from_unix_seconds(Timestamp::from_system(time).unix_seconds())
}

#[cfg(test)]
mod tests;
