//! Why a token call or a request was refused: facts in, causes out, the most certain first.
//!
//! Rules are pure functions, one a cause, listed in [`RULES`] by their number in docs/diagnosis.md. Proven follows from
//! what was observed here alone. The secret is never said to be wrong: what was checked of it is said, and that the
//! server refused it. Start with [`diagnose`].

mod answer;
mod facts;
mod jwt;
mod request;
mod resource;
mod secret;

use countersign_evidence::{Certainty, Citation, Finding, FindingSeverity};

pub use self::facts::{Answer, Around, Call, Client, Facts, Profile, Request, Server, Token};

/// A rule: its number, and the function.
pub struct Rule {
    /// In docs/diagnosis.md.
    pub number: u8,
    /// The cause, where the facts hold it.
    pub judge: fn(&Facts) -> Option<Finding>,
}

/// Every rule, the more specific one first among those that are as certain.
pub static RULES: &[&[Rule]] = &[request::RULES, secret::RULES, jwt::RULES, answer::RULES, resource::RULES];

/// Causes, and what was ruled out.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// Most certain first.
    pub findings: Vec<Finding>,
    /// Checked, and not the cause.
    pub ruled_out: Vec<String>,
}

/// Applies every rule but those whose number `without` names.
pub fn diagnose_without(facts: &Facts, without: &[u8]) -> Diagnosis {
    let rules = RULES.iter().flat_map(|group| group.iter()).filter(|rule| !without.contains(&rule.number));
    let mut findings: Vec<Finding> = rules.filter_map(|rule| (rule.judge)(facts)).collect();
    // what is said in general gives way to what is said in particular
    let has = |ids: &[&str]| findings.iter().any(|finding| ids.contains(&finding.id.as_str()));
    let placed = has(&["token.endpoint_is_for_people", "token.endpoint_not_found", "token.method_not_taken"]);
    let proven = findings.iter().any(|finding| finding.certainty == Some(Certainty::Proven));
    findings.retain(|finding| match finding.id.as_str() {
        "client.refused" => !proven,
        "token.not_json" => !placed,
        _ => true,
    });
    findings.sort_by_key(|finding| finding.certainty);
    let mut seen = std::collections::HashSet::new();
    findings.retain(|finding| seen.insert(finding.id.clone()));
    Diagnosis { findings, ruled_out: secret::ruled_out(facts) }
}

/// Why the call was refused.
pub fn diagnose(facts: &Facts) -> Diagnosis {
    diagnose_without(facts, &[])
}

/// A cause that follows from what was observed.
fn proven(
    id: &str,
    sentence: impl Into<String>,
    fix: impl Into<String>,
    citation: (&'static str, &'static str),
) -> Option<Finding> {
    cause(id, Certainty::Proven, sentence, fix, citation)
}

/// A cause that dominates.
fn likely(
    id: &str,
    sentence: impl Into<String>,
    fix: impl Into<String>,
    citation: (&'static str, &'static str),
) -> Option<Finding> {
    cause(id, Certainty::Likely, sentence, fix, citation)
}

/// A cause that fits, undecided.
fn possible(
    id: &str,
    sentence: impl Into<String>,
    fix: impl Into<String>,
    citation: (&'static str, &'static str),
) -> Option<Finding> {
    cause(id, Certainty::Possible, sentence, fix, citation)
}

#[expect(clippy::unnecessary_wraps, reason = "the last word of a rule that found something")]
fn cause(
    id: &str,
    certainty: Certainty,
    sentence: impl Into<String>,
    fix: impl Into<String>,
    (source, section): (&'static str, &'static str),
) -> Option<Finding> {
    Some(Finding {
        id: id.to_owned(),
        severity: FindingSeverity::Error,
        subject: "token".to_owned(),
        sentence: sentence.into(),
        fix: fix.into(),
        citation: Citation::new(source, section),
        certainty: Some(certainty),
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    })
}
