//! The diagnosis against its corpus: what is true comes first, no secret is called wrong, and no rule is there for
//! nothing.

use std::collections::BTreeSet;

use countersign_evidence::Certainty;
use countersign_oauth::diagnosis::{RULES, diagnose};

use crate::support::corpus::{Case, corpus};
use crate::support::say;

fn cases() -> Vec<Case> {
    corpus().into_iter().flat_map(|(_, cases)| cases).collect()
}

#[test]
fn the_true_cause_comes_first_in_ninety_five_of_a_hundred() {
    let cases = cases();
    let missed: Vec<String> = cases
        .iter()
        .filter(|case| !case.is_hit(&[]))
        .map(|case| {
            let said = case.said(&[]);
            format!("{} ({}): {} ({:?}) is true, said is {said:?}", case.name, case.source, case.first, case.certainty)
        })
        .collect();
    for line in &missed {
        say(&format!("missed: {line}"));
    }
    say(&format!("{} of {} refusals", cases.len() - missed.len(), cases.len()));
    assert!(cases.len() >= 150, "{} refusals are labelled", cases.len());
    assert!(
        missed.len() * 100 <= cases.len() * 5,
        "{} of {} are missed:\n{}",
        missed.len(),
        cases.len(),
        missed.join("\n")
    );
}

#[test]
fn no_secret_is_called_wrong_where_it_is_not_to_blame() {
    for case in cases() {
        let blamed = |id: &str| id == "client.refused";
        for finding in diagnose(&case.facts).findings {
            let text = format!("{} {}", finding.sentence, finding.fix).to_lowercase();
            assert!(!text.contains("wrong secret") && !text.contains("secret is wrong"), "{}: {text}", case.name);
            assert!(
                !(blamed(&finding.id) && finding.certainty == Some(Certainty::Proven)),
                "{}: that a secret is another one cannot be proven here",
                case.name
            );
            if let Some(secret) = case.facts.client.secret.as_ref().filter(|secret| secret.len() >= 8) {
                assert!(
                    !text.contains(&secret.expose_secret().trim().to_lowercase()),
                    "{}: no secret in words",
                    case.name
                );
            }
        }
        if !blamed(&case.first) {
            let said = case.said(&[]).map(|(id, _)| id).unwrap_or_default();
            assert!(!blamed(&said), "{}: the secret is not to blame, {} is", case.name, case.first);
        }
    }
}

#[test]
fn a_rule_that_is_left_out_is_missed_somewhere() {
    let cases = cases();
    let hits = cases.iter().filter(|case| case.is_hit(&[])).collect::<Vec<_>>();
    let mut numbers = BTreeSet::new();
    for rule in RULES.iter().flat_map(|group| group.iter()) {
        assert!(numbers.insert(rule.number), "R{} is listed once", rule.number);
        let missed = hits.iter().any(|case| !case.is_hit(&[rule.number]));
        // R94 and R40 only add a word to what is said
        let adds = [94].contains(&rule.number);
        assert!(missed || adds, "R{} decides no case of the corpus", rule.number);
    }
}
