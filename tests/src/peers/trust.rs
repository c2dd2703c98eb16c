//! Whom to trust, as the workspace says it: a CA and a key bound to hosts, one host accepted unverified.

use crate::need;
use crate::peers::openssl::Server;
use crate::support::cli::run;
use crate::support::has;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;

/// Leaf and intermediate served; the root in no store.
fn lab() -> (Pki, Sandbox, Server) {
    let pki = Pki::new();
    let chain = pki.text("intermediate.pem");
    let server = Server::start(&pki, &["-cert_chain", &chain]);
    (pki, Sandbox::new(), server)
}

#[test]
fn a_ca_counts_for_the_hosts_it_was_added_for_until_it_is_removed() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox, server) = lab();
    let (localhost, address) = (format!("localhost:{}", server.port), format!("127.0.0.1:{}", server.port));
    let added =
        run(&sandbox, &["trust", "add", &pki.text("root.pem"), "--host", &localhost, "--json"]).expect(0).json();
    let file = added["ca"][0]["file"].as_str().unwrap().to_owned();

    let seen = run(&sandbox, &["inspect", &localhost, "--json"]).expect(0).json();
    assert_eq!(seen["verdict"]["state"], "trusted", "{seen}");
    let label = seen["verdict"]["store"].as_str().unwrap();
    assert!(file.contains(label), "the verdict names the CA file: {label}, {file}");
    let seen = run(&sandbox, &["inspect", &address, "--json"]).expect(1).json();
    assert_eq!(seen["verdict"]["state"], "not_trusted", "the same server by another name: {seen}");

    let sent = run(&sandbox, &["send", "GET", &format!("https://{localhost}/"), "--vault", "memory"]).expect(0);
    assert!(sent.out.contains("Trusted only by an added CA"), "each response says so: {}", sent.out);

    run(&sandbox, &["trust", "remove", &file]).expect(0);
    run(&sandbox, &["inspect", &localhost]).expect(1);
    let problem = run(&sandbox, &["trust", "remove", &file, "--json"]).expect(7).json();
    assert_eq!(problem["code"], "workspace.no_ca");
}

#[test]
fn a_pin_restricts_a_trusted_host_and_is_trust_enough_for_another() {
    need!(has("openssl"), "openssl");
    let (pki, sandbox, server) = lab();
    let (host, ca) = (format!("localhost:{}", server.port), pki.text("root.pem"));
    let before = run(&sandbox, &["inspect", &host, "--json"]).expect(1).json();
    let own = before["certificates"][0]["fingerprints"]["spki_sha256"].as_str().unwrap().to_owned();
    let issuing = before["certificates"][1]["fingerprints"]["spki_sha256"].as_str().unwrap().to_owned();

    let other = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    run(&sandbox, &["trust", "add", "--pin", other, "--host", &host]).expect(0);
    let refused = run(&sandbox, &["inspect", &host, "--ca", &ca, "--json"]).expect(1).json();
    assert_eq!(refused["verdict"]["reason"], "trust.pin_mismatch", "a store alone is not enough: {refused}");
    let sent = run(&sandbox, &["send", "GET", &format!("https://{host}/"), "--ca", &ca, "--vault", "memory", "--json"]);
    assert_eq!(sent.expect(4).json()["error"]["code"], "trust.pin_mismatch", "nothing is sent");
    run(&sandbox, &["trust", "remove", "--pin", other, "--host", &host]).expect(0);

    for (what, pin) in [("end entity", own), ("intermediate", issuing)] {
        let listed = run(&sandbox, &["trust", "add", "--pin", &pin, "--host", &host, "--json"]).expect(0).json();
        let seen = run(&sandbox, &["inspect", &host, "--json"]).expect(0).json();
        assert_eq!(seen["verdict"]["store"], "pin", "{what}, in no store: {seen}");
        let base64 = listed["pins"][0]["spki_sha256"].as_str().unwrap();
        run(&sandbox, &["trust", "remove", "--pin", base64, "--host", &host]).expect(0);
        run(&sandbox, &["inspect", &host]).expect(1);
    }
}

#[test]
fn one_host_is_accepted_unverified_for_one_call_loudly() {
    need!(has("openssl"), "openssl");
    let (_pki, sandbox, server) = lab();
    let host = format!("localhost:{}", server.port);
    let url = format!("https://{host}/");
    let send = ["send", "GET", &url, "--vault", "memory", "--json"];
    let sent = run(&sandbox, &[&send[..], &["--accept-unverified", "--quiet"]].concat()).expect(0);
    assert!(sent.err.contains("Server not verified"), "--quiet does not silence it: {}", sent.err);
    let sent = sent.json();
    assert_eq!(sent["verdict"]["state"], "not_checked", "{sent}");
    assert_eq!(sent["verdict"]["reason"], "verification_off");
    assert_eq!(sent["response"]["status"], 200);
    let seen = run(&sandbox, &["inspect", &host, "--accept-unverified", "--json"]).expect(0);
    assert!(seen.err.contains("Server not verified"), "{}", seen.err);
    assert_eq!(seen.json()["verdict"]["reason"], "verification_off");
    run(&sandbox, &send).expect(4);
}

#[test]
fn a_trust_file_that_does_not_read_stops_a_send() {
    let sandbox = Sandbox::new();
    run(&sandbox, &["trust", "add", "--pin", &"ab".repeat(32), "--host", "a.example"]).expect(0);
    std::fs::write(
        sandbox.workspace().join("trust.toml"),
        "pin = [{ host = \"a.example\", spki-sha256 = \"AAAA\" }]\n",
    )
    .unwrap();
    let sent = run(&sandbox, &["send", "GET", "https://localhost:1/", "--vault", "memory", "--json"]).expect(7).json();
    assert_eq!(sent["outcome"], "refused_by_us", "a pin is never passed over in silence: {sent}");
    let detail = sent["error"]["detail"].as_str().unwrap();
    assert!(detail.starts_with("trust.toml, line 1"), "which file and line: {detail}");
}
