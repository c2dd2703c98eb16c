//! `openssl s_server` with a private CA: another TLS stack says the same things about our handshake.

use std::process::Command;
use std::time::Duration;

use crate::need;
use crate::support::child::Child;
use crate::support::cli::run;
use crate::support::has;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

/// An `s_server` on a port of its own choosing.
pub struct Server {
    _child: Child,
    pub port: u16,
}

impl Server {
    pub fn start(pki: &Pki, more: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command.args([
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-www",
            "-cert",
            &pki.text("leaf.pem"),
            "-key",
            &pki.text("key.pem"),
        ]);
        let mut child = Child::start(command.args(more), None);
        child.wait_for("ACCEPT", Duration::from_secs(10));
        let output = child.output();
        let line = output.lines().find(|l| l.starts_with("ACCEPT")).unwrap();
        Self { port: line.rsplit(':').next().unwrap().trim().parse().unwrap(), _child: child }
    }
}

#[test]
fn a_private_ca_is_trusted_for_one_call_and_the_handshake_is_shown() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let chain = pki.text("intermediate.pem");
    let server = Server::start(&pki, &["-cert_chain", &chain]);
    let (host, ca) = (format!("localhost:{}", server.port), pki.text("root.pem"));

    let seen = run(&sandbox, &["inspect", &host, "--ca", &ca, "--json"]).expect(0).json();
    assert_eq!(seen["verdict"]["state"], "trusted");
    assert_eq!(seen["handshake"]["protocol_version"], "TLSv1.3");
    assert_eq!(seen["certificates"][0]["subject"], "CN=localhost");

    let url = format!("https://{host}/");
    let sent = run(&sandbox, &["send", "GET", &url, "--ca", &ca, "--vault", "memory", "--json"]).expect(0).json();
    assert_eq!(sent["response"]["status"], 200);
}

#[test]
fn tls_1_2_is_named_with_its_suite() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let chain = pki.text("intermediate.pem");
    let server = Server::start(&pki, &["-cert_chain", &chain, "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"]);
    let host = format!("localhost:{}", server.port);
    let seen = run(&sandbox, &["inspect", &host, "--ca", &pki.text("root.pem"), "--json"]).expect(0).json();
    assert_eq!(seen["handshake"]["protocol_version"], "TLSv1.2");
    assert_eq!(seen["handshake"]["cipher_suite"], "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
}

#[test]
fn a_missing_intermediate_is_named_and_costs_exit_1_for_inspect_and_4_for_send() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let server = Server::start(&pki, &[]);
    let (host, ca) = (format!("localhost:{}", server.port), pki.text("root.pem"));
    let seen = run(&sandbox, &["inspect", &host, "--ca", &ca, "--json"]).expect(1).json();
    assert_eq!(seen["verdict"]["state"], "not_trusted");
    assert_eq!(seen["findings"][0]["id"], "path.missing_intermediate");
    assert!(seen["findings"][0]["sentence"].as_str().unwrap().contains("Peer test issuing"), "{}", seen["findings"]);
    let url = format!("https://{host}/");
    let sent = run(&sandbox, &["send", "GET", &url, "--ca", &ca, "--vault", "memory", "--json"]).expect(4).json();
    assert_eq!(sent["request"]["sent"], false, "nothing leaves after a refused handshake");
}
