//! Says why a chain was believed or not. No IO, no clock: chain, name, stores, time and decision are given.
//!
//! On a connection the verifier decides and [`explain`] explains; it never contradicts. Where it knows no reason
//! for a refusal it gives the verifier's own words, and where it would have refused what the verifier accepted it
//! says so as a note. For files nobody decided before: there [`explain_case`] answers itself.

mod acceptance;
mod ending;
mod input;
mod judge;
mod limits;
mod name;
mod order;
mod outcome;
mod path;
mod pinned;
mod problem;
mod told;

use std::time::SystemTime;

use countersign_evidence::{
    Acceptance, CertificateSource, CertificateView, Explained, Finding, FindingSeverity, PathView, Profile, Timestamp,
    Verdict, VerdictState,
};
use rustls_pki_types::CertificateDer;

use crate::certificate::unreadable_view;
use crate::findings;
use crate::revocation::Sources;
use crate::{Certificate, Malformed, StoreLabel};

pub use self::input::{Case, Decision, Peer, Question, Supplement, Usage};
pub(crate) use self::judge::Task;
pub(crate) use self::path::Path;
pub(crate) use self::problem::is_weak_signature;

use self::judge::{Judge, Judged};

/// The answer for a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The chain as sent, then fetched issuers, then the anchor of the path that was judged.
    pub certificates: Vec<CertificateView>,
    /// That path: indices into `certificates`, end entity first, without the anchor.
    pub path: Vec<usize>,
    /// Why it was refused, most specific first, then notes.
    pub findings: Vec<Finding>,
    /// The verifier's decision in our words.
    pub verdict: Verdict,
    /// Every path, the best first.
    pub paths: Vec<PathView>,
    /// Who accepts the chain.
    pub acceptance: Vec<Acceptance>,
}

/// Explains one decision of the verifier.
pub fn explain(question: &Question<'_>) -> Explanation {
    let supplement = question.supplement;
    let pool = pool(question.chain, supplement.fetched);
    let stores: Vec<_> =
        question.trust.applicable(question.host, question.port).into_iter().map(|(_, store)| store).collect();
    let sources = Sources::new(supplement.crls, supplement.ocsp_response);
    let mut judge = Judge::new(Task {
        pool: &pool,
        sent: question.chain.len(),
        stores: &stores,
        trust: question.trust,
        endpoint: Some((question.host, question.port)),
        peer: Peer::Host(question.host),
        usage: Usage::Server,
        at: seconds(question.at),
        max_depth: None,
        sources: &sources,
        strict: false,
        decided: true,
    });
    let judged = judge.all();
    let paths = path_views(&judged);
    let refusal = match question.decision {
        Decision::Accepted | Decision::Overridden(None) => None,
        Decision::Refused(error) | Decision::Overridden(Some(error)) => Some(error),
    };
    let acceptance = acceptance::of(&judge, &judged, Some(question.host), refusal);
    let Judged { path, mut problems, .. } = judged.into_iter().next().unwrap_or_default();
    problems.extend(judge.unreadable(&path));
    let leaf = pool.first().and_then(|leaf| leaf.as_ref().ok());
    let by_pin = refusal.is_none() && pinned::instead_of_stores(&mut problems, question, leaf);
    match refusal {
        Some(error) => order::agree_with_refusal(&mut problems, error, question),
        None => order::agree_with_acceptance(&mut problems),
    }
    order::sort(&mut problems);
    if judge.spent {
        problems.push(ending::work_budget());
    }
    add_notes(&mut problems, findings::notes(&judge.seen(&path)));
    let profile = judge.profile(&path);
    let mut verdict = verdict(question, &problems, &path, profile);
    if by_pin {
        verdict.store = Some(pinned::LABEL.to_owned());
    }
    let certificates = views(question.chain, supplement.fetched, &pool, &path);
    Explanation { certificates, path: path.sent, findings: problems, verdict, paths, acceptance }
}

/// Answers for a chain from files.
pub fn explain_case(case: &Case<'_>) -> Explained {
    let pool = pool(case.chain, case.supplement.fetched);
    let stores: Vec<_> = match case.peer {
        Peer::Host(host) => case.trust.applicable(host, 443).into_iter().map(|(_, store)| store).collect(),
        Peer::Any | Peer::Mailboxes(_) => case.trust.stores().iter().collect(),
    };
    let sources = Sources::new(case.supplement.crls, case.supplement.ocsp_response);
    let endpoint = match case.peer {
        Peer::Host(host) => Some((host, 443)),
        Peer::Any | Peer::Mailboxes(_) => None,
    };
    let mut judge = Judge::new(Task {
        pool: &pool,
        sent: case.chain.len(),
        stores: &stores,
        trust: case.trust,
        endpoint,
        peer: case.peer,
        usage: case.usage,
        at: seconds(case.at),
        max_depth: case.max_depth,
        sources: &sources,
        strict: case.strict,
        decided: false,
    });
    let mut judged = judge.all();
    for own in &mut judged {
        own.problems.extend(judge.unreadable(&own.path));
        order::sort(&mut own.problems);
    }
    outcome::document(case, &pool, &judge, &judged)
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

/// The sent certificates, then the fetched ones.
fn pool(chain: &[CertificateDer<'static>], fetched: &[CertificateDer<'static>]) -> Vec<Result<Certificate, Malformed>> {
    chain.iter().chain(fetched).take(path::MOST_CERTIFICATES + 1).map(Certificate::from_der).collect()
}

/// Notes that say nothing new about a certificate are left out.
fn add_notes(problems: &mut Vec<Finding>, notes: Vec<Finding>) {
    for note in notes {
        let known = problems.iter().any(|known| known.id == note.id && known.certificate == note.certificate);
        if !known {
            problems.push(note);
        }
    }
}

fn path_views(judged: &[Judged<'_>]) -> Vec<PathView> {
    let small = |index: &usize| u32::try_from(*index).unwrap_or(u32::MAX);
    let view = |own: &Judged<'_>| {
        let mut problems = own.problems.clone();
        order::sort(&mut problems);
        PathView {
            certificates: own.path.sent.iter().map(small).collect(),
            anchor: own.path.anchor.as_ref().map(|anchor| anchor.certificate.view().subject.clone()),
            store: own.path.anchor.as_ref().map(|anchor| anchor.store.label().to_string()),
            accepted: own.accepted(),
            problems,
        }
    };
    judged.iter().map(view).collect()
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

fn views(
    chain: &[CertificateDer<'static>],
    fetched: &[CertificateDer<'static>],
    pool: &[Result<Certificate, Malformed>],
    path: &Path<'_>,
) -> Vec<CertificateView> {
    let mut views: Vec<CertificateView> = Vec::with_capacity(pool.len() + 1);
    for (index, (der, parsed)) in chain.iter().chain(fetched).zip(pool).enumerate() {
        let source = if index < chain.len() { CertificateSource::Sent } else { CertificateSource::Fetched };
        views.push(match parsed {
            Ok(certificate) => certificate.view_from(source, None),
            Err(_) => CertificateView { source, ..unreadable_view(der) },
        });
    }
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
mod case_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
