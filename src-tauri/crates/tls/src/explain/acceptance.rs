//! Who accepts this chain? The verifier's own word, and beside it three models as data: sets of rules other
//! verifiers keep, so that a difference can be named before somebody meets it.

use countersign_evidence::{Acceptance, Finding};

use super::judge::{Judge, Judged};
use super::{name, told};
use crate::findings;

/// Of the best paths so many are looked at for each model.
const MOST_PATHS: usize = 8;

/// One verifier, as a difference from the explainer.
struct Rules {
    verifier: &'static str,
    name: &'static str,
    /// Problems it passes over.
    ignores: &'static [&'static str],
    /// Notes it refuses for.
    adds: &'static [&'static str],
    /// Notes it refuses for where something is missing.
    adds_missing: &'static [&'static str],
    /// Refuses for every rule a CA must keep.
    strict: bool,
    /// Takes the common name where there is no subjectAltName.
    common_name: bool,
    /// Wants a key usage in every CA, and an anchor that signed itself.
    whole_chain: bool,
}

const MODELS: [Rules; 3] = [
    // `openssl verify -x509_strict -purpose sslserver -verify_hostname`, OpenSSL 3 at its default level
    Rules {
        verifier: "openssl_strict",
        name: "OpenSSL 3, strict",
        ignores: &[
            "certificate.version",
            "certificate.weak_signature",
            "certificate.algorithm_unsupported",
            "key.rsa_short",
            "usage.leaf_is_ca",
        ],
        adds: &["usage.key_cert_sign", "usage.basic_constraints", "subject.empty"],
        adds_missing: &["identifier.key"],
        strict: false,
        common_name: true,
        whole_chain: true,
    },
    // crypto/x509 `Verify` with a DNS name
    Rules {
        verifier: "go",
        name: "Go crypto/x509",
        ignores: &["certificate.version", "usage.leaf_is_ca", "certificate.algorithm_mismatch", "key.rsa_short"],
        adds: &["usage.key_cert_sign"],
        adds_missing: &[],
        strict: false,
        common_name: false,
        whole_chain: false,
    },
    // CA/Browser Forum Baseline Requirements, root programs
    Rules {
        verifier: "browser",
        name: "Browser, CA/Browser Forum strict",
        ignores: &[],
        adds: &["transparency.few_scts", "validity.over_398_days", "validity.over_200_days", "key.rsa_weak"],
        adds_missing: &[],
        strict: true,
        common_name: false,
        whole_chain: false,
    },
];

/// The verifier's word first, then the models.
pub(super) fn of<'a>(
    judge: &Judge<'a>,
    judged: &[Judged<'a>],
    host: Option<&str>,
    refusal: Option<&rustls::Error>,
) -> Vec<Acceptance> {
    let mut all = vec![console(judged, refusal)];
    let judged = judged.get(..judged.len().min(MOST_PATHS)).unwrap_or_default();
    // what can be said of each path is the same for all models
    let notes: Vec<Vec<(Finding, bool)>> = judged.iter().map(|own| findings::marked(&judge.seen(&own.path))).collect();
    all.extend(MODELS.iter().map(|model| model.judge(judge, judged, &notes, host)));
    all
}

fn console(judged: &[Judged<'_>], refusal: Option<&rustls::Error>) -> Acceptance {
    let best = judged.first().and_then(|own| own.problems.iter().find(|problem| problem.rejects == Some(true)));
    let (sentence, finding) = match (refusal, best) {
        (None, None) => ("Nothing refuses it.".to_owned(), None),
        (None, Some(problem)) => (format!("It passes over this: {}", problem.sentence), None),
        (Some(_), Some(problem)) => (problem.sentence.clone(), Some(problem.id.clone())),
        (Some(error), None) => (format!("The verifier says: {}.", told::words(error)), None),
    };
    Acceptance {
        verifier: "countersign".to_owned(),
        name: "This console (rustls-webpki)".to_owned(),
        accepts: refusal.is_none(),
        sentence,
        finding,
    }
}

impl Rules {
    fn judge<'a>(
        &self,
        judge: &Judge<'a>,
        judged: &[Judged<'a>],
        notes: &[Vec<(Finding, bool)>],
        host: Option<&str>,
    ) -> Acceptance {
        let mut reasons: Vec<Vec<(Option<String>, String)>> =
            judged.iter().zip(notes).map(|(own, notes)| self.reasons(judge, own, notes, host)).collect();
        reasons.sort_by_key(Vec::len);
        let first = reasons.into_iter().next().and_then(|reasons| reasons.into_iter().next());
        let passed = judged.first().and_then(|own| own.problems.iter().find(|problem| problem.rejects == Some(true)));
        let accepts = first.is_none();
        let (finding, sentence) = match (first, passed) {
            (Some(reason), _) => reason,
            (None, Some(problem)) => (None, format!("It passes over this: {}", problem.sentence)),
            (None, None) => (None, "Nothing refuses it.".to_owned()),
        };
        Acceptance { verifier: self.verifier.to_owned(), name: self.name.to_owned(), accepts, sentence, finding }
    }

    /// Why it would refuse one path.
    fn reasons<'a>(
        &self,
        judge: &Judge<'a>,
        own: &Judged<'a>,
        notes: &[(Finding, bool)],
        host: Option<&str>,
    ) -> Vec<(Option<String>, String)> {
        let by_common_name = self.common_name
            && judge.leaf().is_some_and(|leaf| {
                let names = (leaf.common_name.as_deref(), host);
                matches!(names, (Some(common_name), Some(host)) if name::covers(common_name, host))
            });
        let problems = own.problems.iter().filter(|problem| problem.rejects == Some(true)).filter(|problem| {
            let id = problem.id.as_str();
            let named = id == "name.no_subject_alternative_name" && by_common_name;
            !named && !self.ignores.contains(&id)
        });
        let noted = notes.iter().filter(|(note, strict)| {
            let id = note.id.as_str();
            let missing = note.values.iter().any(|fact| fact.name == "missing");
            self.adds.contains(&id) || (self.strict && *strict) || (missing && self.adds_missing.contains(&id))
        });
        let all = problems.chain(noted.map(|(note, _)| note));
        let mut reasons: Vec<_> = all.map(|finding| (Some(finding.id.clone()), finding.sentence.clone())).collect();
        if self.whole_chain {
            let chain = judge.certificates(&own.path);
            if let Some(ca) = chain.iter().skip(1).find(|ca| !ca.has_key_usage) {
                reasons.push((None, format!("The CA {} has no key usage.", ca.named())));
            }
            if let Some(anchor) = chain.last().filter(|anchor| !anchor.is_self_issued()) {
                reasons.push((None, format!("{} is in a store, but did not sign itself.", anchor.named())));
            }
        }
        reasons
    }
}
