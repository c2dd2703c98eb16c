//! Which problem is told first, and how the problems agree with what the verifier decided.

use countersign_evidence::{Finding, FindingSeverity};

use super::{Question, told};

/// How specific a problem is; the smaller, the earlier it is told. Dates and names point at one value a person
/// can compare; that no issuer was found says least, unless the certificate vouches for itself.
fn rank(id: &str) -> usize {
    const ORDER: [&str; 35] = [
        "trust.pin_mismatch",
        "certificate.malformed",
        "extension.duplicate",
        "certificate.version",
        "certificate.algorithm_mismatch",
        "validity.inverted",
        "certificate.expired",
        "certificate.not_yet_valid",
        "revocation.revoked",
        "name.wildcard_malformed",
        "name.mismatch",
        "name.wildcard_depth",
        "name.ip_not_listed",
        "path.self_signed",
        "name.no_subject_alternative_name",
        "certificate.key_mismatch",
        "path.impostor",
        "certificate.tampered",
        "certificate.weak_signature",
        "key.rsa_short",
        "certificate.algorithm_unsupported",
        "usage.server_auth",
        "usage.not_for_clients",
        "constraint.malformed",
        "constraint.name",
        "constraint.path_length",
        "usage.not_a_ca",
        "extension.unknown_critical",
        "revocation.unknown",
        "path.depth",
        "path.untrusted_root",
        "path.missing_intermediate",
        "usage.leaf_is_ca",
        "name.underscore",
        "name.malformed",
    ];
    ORDER.iter().position(|known| *known == id).unwrap_or(ORDER.len())
}

/// Refusing ones first, most specific first; of equals the one nearest to the end entity.
pub(crate) fn sort(problems: &mut [Finding]) {
    problems.sort_by_key(|problem| {
        (problem.rejects != Some(true), rank(&problem.id), problem.certificate.unwrap_or_default())
    });
}

/// The verifier refused: its reason has to be among ours, else it is told first in its own words.
pub(crate) fn agree_with_refusal(problems: &mut Vec<Finding>, error: &rustls::Error, question: &Question<'_>) {
    let family = told::family(error);
    let agreed = problems.iter().any(|problem| problem.rejects == Some(true) && family.contains(&problem.id.as_str()));
    if !agreed {
        let told = told::finding(error, question);
        problems.retain(|problem| problem.id != told.id || problem.certificate != told.certificate);
        problems.push(told);
    }
}

/// The verifier accepted: what we would have refused becomes a note.
pub(crate) fn agree_with_acceptance(problems: &mut [Finding]) {
    for problem in problems.iter_mut().filter(|problem| problem.rejects == Some(true)) {
        problem.rejects = Some(false);
        problem.severity = FindingSeverity::Warning;
        problem.sentence = format!("Accepted by the TLS library; a strict reader would refuse: {}", problem.sentence);
    }
}
