//! `countersign certificate explain` on files.

use rcgen::{CertificateParams, KeyPair};

use crate::support::cli::run;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

#[test]
fn a_chain_from_a_file_is_trusted_with_its_paths_and_pins() {
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let chain = pki.text("chain.pem");

    let words = ["certificate", "explain", "--chain", &chain, "--roots", &pki.text("root.pem"), "--name", "localhost"];
    let seen = run(&sandbox, &[&words[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(seen["schema"], "countersign.explain/1");
    assert_eq!(seen["verdict"]["store"], "command");
    assert_eq!(seen["paths"][0]["accepted"], true);
    assert_eq!(seen["pins"].as_array().unwrap().len(), 3, "leaf, intermediate, root");
    assert_eq!(seen["acceptance"][0]["verifier"], "countersign");
    assert_eq!(seen["certificates"][0]["details"]["version"], 3, "in full");
    let text = run(&sandbox, &words).expect(0).out;
    assert!(text.contains("Path 1  accepted") && text.contains("Who accepts this chain"), "{text}");
}

#[test]
fn a_refused_chain_is_exit_1_and_says_what_to_do() {
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let (leaf, root) = (pki.text("leaf.pem"), pki.text("root.pem"));
    let words = ["certificate", "explain", "--chain", &leaf, "--roots", &root, "--name", "localhost", "--json"];
    let seen = run(&sandbox, &words).expect(1).json();
    assert_eq!(seen["verdict"]["reason"], "path.missing_intermediate");
    assert_eq!(seen["findings"][0]["rejects"], true);
    assert!(!seen["fix"].as_str().unwrap().is_empty(), "{seen}");
}

#[test]
fn dates_are_judged_at_the_time_that_was_given() {
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let (leaf, middle) = (pki.text("leaf.pem"), pki.text("intermediate.pem"));
    let words = ["certificate", "explain", "--chain", &leaf, "--fetched", &middle, "--roots", &pki.text("root.pem")];
    let seen = run(&sandbox, &[&words[..], &["--at", "2001-01-01T00:00:00Z", "--json"]].concat()).expect(1).json();
    assert_eq!(seen["verdict"]["reason"], "certificate.not_yet_valid");
    assert_eq!(seen["verdict"]["checked_at"], "2001-01-01T00:00:00Z");
}

#[test]
fn a_corpus_answers_one_line_for_each_case_and_1_for_a_disagreement() {
    let sandbox = Sandbox::new();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["a.test".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let case = |id: &str, expected: &str| {
        serde_json::json!({"id": id, "validation_kind": "SERVER", "trusted_certs": [], "peer_certificate": own,
            "expected_result": expected, "expected_peer_name": {"kind": "DNS", "value": "a.test"}})
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("limbo.json");
    let words = ["certificate", "explain", "--limbo", file.to_str().unwrap()];
    for (expected, code) in [("FAILURE", 0), ("SUCCESS", 1)] {
        let corpus = serde_json::json!({"testcases": [case("a", "FAILURE"), case("b", expected)]});
        std::fs::write(&file, corpus.to_string()).unwrap();
        let text = run(&sandbox, &words).expect(code).out;
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!((&lines[1]["id"], &lines[1]["result"]), (&"b".into(), &"FAILURE".into()), "trusted by nobody");
        assert!(lines[1]["reason"].as_str().unwrap().starts_with("path.self_signed"), "{text}");
    }
    std::fs::write(&file, "{}").unwrap();
    run(&sandbox, &words).expect(2);
}
