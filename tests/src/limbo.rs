//! The x509-limbo corpus: the explainer answers as it expects, the listed exceptions aside. That the work of a chain is
//! bounded is counted in steps beside the explainer; what the worst case costs is the bench `limbo`.

use std::io::Read;
use std::time::{Duration, Instant};

use countersign_console::limbo::{Corpus, EXCEPTIONS, Expected, Outcome};
use countersign_evidence::Timestamp;

use crate::support::{say, vectors, without_vectors};

const FILE: &str = "x509-limbo/limbo.json.zst";
/// The time of cases that say none.
const NOW: &str = "2026-09-01T00:00:00Z";

fn corpus() -> Option<Corpus> {
    let path = vectors(FILE)?;
    let packed = std::fs::File::open(path).unwrap();
    let mut text = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(packed).unwrap().read_to_end(&mut text).unwrap();
    Some(Corpus::read(&text).unwrap())
}

#[test]
fn the_explainer_answers_as_the_corpus_expects() {
    let Some(corpus) = corpus() else { return without_vectors(FILE) };
    let now = Timestamp::parse(NOW).unwrap();
    let (mut evaluated, mut agreed, mut slowest) = (0, 0, (Duration::ZERO, String::new()));
    let (mut unexpected, mut passes, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
    for case in &corpus.testcases {
        let begin = Instant::now();
        let judged = case.judge(now);
        slowest = slowest.max((begin.elapsed(), case.id.clone()));
        if judged.result == Outcome::Skipped {
            say(&format!("skipped {}: {}", case.id, judged.reason));
            continue;
        }
        evaluated += 1;
        let agrees = case.agrees(&judged);
        agreed += usize::from(agrees);
        match (agrees, case.is_exception()) {
            (true, false) => {}
            (true, true) => passes.push(case.id.clone()),
            (false, true) => say(&format!("differs, as listed: {}: {}", case.id, judged.reason)),
            (false, false) => unexpected.push(format!("{}: {:?} {}", case.id, judged.result, judged.reason)),
        }
        let pedantic = case.features.iter().any(|feature| feature.starts_with("pedantic-"));
        if case.expected_result == Expected::Failure && judged.result == Outcome::Success && !pedantic {
            accepted.push(case.id.clone());
        }
    }
    say(&format!("{agreed} of {evaluated} evaluated of {} agree; slowest {slowest:?}", corpus.testcases.len()));
    assert_eq!(unexpected, [""; 0], "answers that differ and are not listed");
    assert_eq!(passes, [""; 0], "listed exceptions that agree now: take them off the list");
    assert_eq!(accepted, [""; 0], "accepted although refusal is expected");
    assert!(evaluated >= 190, "at least 190 cases are evaluated, {evaluated} were");
    assert!(agreed * 100 >= evaluated * 97, "97 of 100 agree, {agreed} of {evaluated} did");
}

#[test]
fn every_exception_is_a_case_of_the_corpus() {
    let Some(corpus) = corpus() else { return without_vectors(FILE) };
    for (id, reason) in EXCEPTIONS {
        assert!(corpus.testcases.iter().any(|case| case.id == id), "{id} is no case");
        assert!(!reason.is_empty(), "{id} has a reason");
    }
}
