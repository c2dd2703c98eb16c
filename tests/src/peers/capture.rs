//! Captures as another program reads them: what a capture of the handshake holds, and what it cannot hold.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::matrix::tshark;
use crate::need;
use crate::support::cli::run;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, has};

/// Requests and statuses tshark reads in a capture.
fn http(file: &str) -> String {
    let arguments = ["-r", file, "-Y", "http", "-T", "fields", "-e", "http.request.method", "-e", "http.response.code"];
    let read = Command::new("tshark").args(arguments).output().unwrap();
    assert!(read.status.success(), "tshark: {}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_capture_of_the_handshake_opens_decrypted_and_holds_no_request() {
    need!(has("nginx") && has("tshark"), "nginx or tshark");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    let _nginx = super::nginx::start_with(&pki, port, "");
    let (url, ca) = (format!("https://localhost:{port}/"), pki.text("root.pem"));
    let file = sandbox.path().join("capture.pcapng");
    let path = file.to_str().unwrap();
    let send = ["send", "GET", &url, "--ca", &ca, "--vault", "memory", "--json", "--http1.1", "--pcapng", path];

    let said = run(&sandbox, &send).expect(0);
    assert_eq!(tshark(path), [1, 2, 8, 11, 15, 20, 20], "the handshake, and no ticket after it");
    assert_eq!(http(path), "", "no request");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "its owner's alone");
    assert!(!said.err.contains("holds the request"), "{}", said.err);

    let said = run(&sandbox, &[&send[..], &["--full"]].concat()).expect(0);
    assert_eq!(tshark(path)[..7], [1, 2, 8, 11, 15, 20, 20], "the same handshake");
    assert_eq!(http(path), "GET 200", "and the request and its answer, decrypted");
    assert!(said.err.contains("holds the request, and the secrets to read it"), "it says so: {}", said.err);

    let said = run(&sandbox, &[&send[..], &["--full", "--tls-max", "1.2"]].concat()).expect(0);
    assert_eq!(http(path), "GET 200", "TLS 1.2 too: {}", said.err);
    run(&sandbox, &[&send[..], &["--tls-max", "1.2"]].concat()).expect(0);
    assert_eq!(http(path), "", "its master secret would open everything, so it is not in a capture of the handshake");
}

#[test]
fn the_key_log_is_the_one_openssl_writes() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let theirs = pki.text("openssl.keylog");
    let chain = pki.text("intermediate.pem");
    let server = super::openssl::Server::start(&pki, &["-cert_chain", &chain, "-keylogfile", &theirs]);
    let (host, ca) = (format!("localhost:{}", server.port), pki.text("root.pem"));
    for most in ["1.2", "1.3"] {
        let ours = sandbox.path().join(format!("{most}.keylog"));
        let arguments = ["inspect", &host, "--ca", &ca, "--tls-max", most, "--keylog", ours.to_str().unwrap()];
        run(&sandbox, &arguments).expect(0);
        let sorted = |text: String| {
            let mut lines: Vec<String> = text.lines().filter(|l| !l.starts_with('#')).map(str::to_lowercase).collect();
            lines.sort();
            lines
        };
        let ours = sorted(std::fs::read_to_string(&ours).unwrap());
        assert!(ours.len() >= if most == "1.2" { 1 } else { 4 }, "{most}: {ours:?}");
        let theirs = sorted(std::fs::read_to_string(&theirs).unwrap());
        for line in &ours {
            assert!(theirs.contains(line), "{most}: OpenSSL has {line} too");
        }
    }
}
