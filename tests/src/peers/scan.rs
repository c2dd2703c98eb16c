//! Scans of servers of other makes, and why a handshake with one of them came to nothing.

use serde_json::Value;

use super::{nginx, openssl};
use crate::need;
use crate::support::cli::run;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, has};

fn scan(sandbox: &Sandbox, port: u16, code: i32) -> Value {
    run(sandbox, &["scan", &format!("localhost:{port}"), "--json"]).expect(code).json()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

fn ids(scan: &Value) -> Vec<&str> {
    scan["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[test]
fn a_server_of_every_version_and_suite_is_taken_apart() {
    need!(has("nginx") && has("openssl"), "nginx or openssl");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    // ssl_protocols stands twice: the last one counts
    let more = "ssl_ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0; ssl_prefer_server_ciphers on;";
    let _nginx = nginx::start_with(&pki, port, more);
    let scan = scan(&sandbox, port, 1);
    let tls12 = scan["versions"].as_array().unwrap().iter().find(|v| v["name"] == "TLS 1.2").unwrap();
    assert_eq!(tls12["server_order"], true, "{tls12}");
    let ours = names(&tls12["suites"]);

    // what OpenSSL itself says it has for this key, in its order
    let listed = std::process::Command::new("openssl")
        .args(["ciphers", "-stdname", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let usable = |name: &&str| name.contains("_ECDHE_ECDSA_") || name.contains("_ECDH_anon_");
    let theirs: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).filter(usable).collect();
    assert!(theirs.len() > 15, "{listed}");
    assert_eq!(ours, theirs, "the same suites in the same order");
    let found = ids(&scan);
    for id in ["scan.suite_anonymous", "scan.suite_not_encrypted", "scan.suite_cbc"] {
        assert!(found.contains(&id), "{id} in {found:?}");
    }
    let errors_first = scan["findings"].as_array().unwrap().iter().map(|f| f["severity"] == "error");
    assert!(errors_first.is_sorted_by(|a, b| a >= b), "errors come first");
}

#[test]
fn old_versions_are_found_and_are_an_error() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let chain = pki.text("intermediate.pem");
    let server = openssl::Server::start(&pki, &["-cert_chain", &chain, "-cipher", "ALL:@SECLEVEL=0"]);
    let scan = scan(&sandbox, server.port, 1);
    let accepted: Vec<&str> = scan["versions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|v| v["accepted"] == true)
        .map(|v| v["name"].as_str().unwrap())
        .collect();
    assert_eq!(accepted, ["TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0"]);
    assert_eq!(ids(&scan)[0], "scan.retired_version", "{:?}", ids(&scan));
}

#[test]
fn a_handshake_that_came_to_nothing_is_asked_why() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let chain = pki.text("intermediate.pem");
    let cases: [(&[&str], &str, &str); 4] = [
        (&["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "tls.legacy_only", "This server speaks only TLS 1.0;"),
        (&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "tls.legacy_only", "This server speaks only TLS 1.1;"),
        (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "tls.cbc_only", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        (&["-tls1_3", "-groups", "P-521"], "tls.group_not_offered", "only the group secp521r1"),
    ];
    for (options, code, words) in cases {
        let server = openssl::Server::start(&pki, &[&["-cert_chain", &chain], options].concat());
        let (host, ca) = (format!("localhost:{}", server.port), pki.text("root.pem"));
        let seen = run(&sandbox, &["inspect", &host, "--ca", &ca, "--json"]).expect(4).json();
        assert_eq!(seen["error"]["code"], code, "{options:?}: {}", seen["error"]);
        let sentence = seen["root_cause"]["sentence"].as_str().unwrap();
        assert!(sentence.contains(words), "{options:?}: {sentence}");
        assert_eq!(seen["root_cause"]["probes"].as_array().unwrap().len(), 6, "what was asked is told");
        let url = format!("https://{host}/");
        let sent = run(&sandbox, &["send", "GET", &url, "--ca", &ca, "--vault", "memory", "--json"]).expect(4).json();
        assert_eq!(sent["error"]["code"], code, "a request says the same: {}", sent["error"]);
    }
}
