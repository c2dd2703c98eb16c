//! `countersign` as a person runs it: the tour, credentials, tokens, sends, bad input.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::Value;

use crate::need;
use crate::support::child::Child;
use crate::support::cli::{self, Said, command, run, run_with};
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, keyring};

/// A gateway in a process of its own, with its ready document.
pub struct Gateway {
    pub child: Child,
    pub ready: Value,
}

impl Gateway {
    pub fn start(sandbox: &Sandbox, secret: &str, more: &[&str]) -> Self {
        let file = sandbox.path().join("ready.json");
        let mut gateway = command(
            sandbox,
            &["gateway", "--listen", "127.0.0.1:0", "--demo-secret-env", "DEMO_SECRET", "--ready-file"],
        );
        gateway.arg(&file).args(more).env("DEMO_SECRET", secret);
        let child = Child::start(&mut gateway, None);
        let start = std::time::Instant::now();
        while !file.exists() {
            assert!(start.elapsed() < Duration::from_secs(20), "no ready file:\n{}", child.output());
            std::thread::sleep(Duration::from_millis(10));
        }
        let ready = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        Self { child, ready }
    }

    pub fn text(&self, member: &str) -> String {
        self.ready[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.ready)).to_owned()
    }
}

/// Adds the gateway's demo client as a credential in memory-less form: the secret comes by the environment at use.
pub fn with_secret(sandbox: &Sandbox, arguments: &[&str], secret: &str) -> Said {
    let mut command = command(sandbox, arguments);
    command.env("DEMO_SECRET", secret);
    run_with(command, None)
}

/// A credential `demo` for the demo client; its secret comes by the environment, at each use.
pub fn add_demo(sandbox: &Sandbox, token_endpoint: &str, scope: &str, secret: &str) {
    let mut add = vec!["credential", "add", "demo", "--client-id", "demo-client", "--token-endpoint", token_endpoint];
    if !scope.is_empty() {
        add.extend(["--scope", scope]);
    }
    add.extend(["--allowed-host", "localhost", "--vault", "memory", "--secret-env", "DEMO_SECRET"]);
    with_secret(sandbox, &add, secret).expect(0);
}

#[test]
fn the_tour_does_the_main_job_in_memory_and_prints_its_evidence() {
    let sandbox = Sandbox::new();
    let said = run(&sandbox, &["tour", "--vault", "memory", "--json"]).expect(0);
    let lines = said.json_lines();
    assert!(lines.len() >= 3, "a success, a renewal, a failure:\n{}", said.out);
    let success = &lines[0];
    assert_eq!(success["schema"], "countersign.evidence/1");
    assert_eq!(success["outcome"], "answered");
    assert_eq!(success["response"]["status"], 201);
    assert_eq!(success["handshake"]["protocol_version"], "TLSv1.3");
    assert_eq!(success["handshake"]["named_group"], "X25519MLKEM768", "post-quantum by default");
    assert_eq!(success["verdict"]["state"], "trusted");
    assert_eq!(success["signature"]["alg"], "ed25519");
    assert_eq!(success["token"]["exchange"]["response"]["status"], 200, "the token call is an exchange of its own");
    assert!(success["token"]["exchange"]["handshake"]["protocol_version"].is_string(), "with its own handshake");
    let renewal = lines.iter().find(|l| l["previous_attempts"][0]["reason"] == "token_renewed").expect("a renewal");
    assert_eq!(renewal["previous_attempts"][0]["response"]["status"], 401);
    assert_eq!(renewal["response"]["status"], 201);
    let failure = lines.last().unwrap();
    assert_eq!(failure["verdict"]["state"], "not_trusted");
    assert_eq!(failure["findings"][0]["id"], "certificate.expired");
    assert!(!failure["certificates"].as_array().unwrap().is_empty(), "the chain is shown exactly when it is needed");
}

#[test]
fn the_tour_in_words_shows_seven_rows_for_each_step() {
    let sandbox = Sandbox::new();
    let said = run(&sandbox, &["tour", "--vault", "memory"]).expect(0);
    for word in ["Credential", "Token", "Name", "TCP", "TLS", "Signature", "Response", "What this proves"] {
        assert!(said.out.contains(word), "no `{word}` in\n{}", said.out);
    }
}

#[test]
fn the_tour_leaves_nothing_in_the_keychain_or_the_folders() {
    need!(keyring(), "a throw-away keychain");
    let sandbox = Sandbox::new();
    run(&sandbox, &["tour"]).expect(0);
    let left: Vec<_> = std::fs::read_dir(sandbox.workspace()).unwrap().collect();
    assert!(left.is_empty(), "the tour works in a throw-away workspace: {left:?}");
}

#[test]
fn without_a_keychain_the_tour_says_so_and_names_the_way_out() {
    let sandbox = Sandbox::new();
    let mut tour = command(&sandbox, &["tour"]);
    tour.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent").env("XDG_RUNTIME_DIR", sandbox.path());
    let said = run_with(tour, None).expect(6);
    assert!(said.err.contains("--vault memory"), "{}", said.err);
}

#[test]
fn a_credential_goes_into_the_keychain_and_a_signed_call_is_accepted() {
    need!(keyring(), "a throw-away keychain");
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, "s3cret-of-demo-client", &[]);
    let token_endpoint = gateway.text("token_endpoint");
    with_secret(
        &sandbox,
        &[
            "credential",
            "add",
            "demo",
            "--client-id",
            "demo-client",
            "--token-endpoint",
            &token_endpoint,
            "--scope",
            "payments:read payments:write",
            "--allowed-host",
            "localhost",
            "--secret-env",
            "DEMO_SECRET",
        ],
        "s3cret-of-demo-client",
    )
    .expect(0);
    let ca = gateway.text("ca_file");
    let got = run(&sandbox, &["token", "get", "demo", "--json", "--ca", &ca]).expect(0).json();
    assert_eq!(got["token"]["state"], "valid");
    let url = format!("{}/payments", gateway.text("api"));
    let sent = run(
        &sandbox,
        &[
            "send",
            "POST",
            &url,
            "-H",
            "Content-Type: application/json",
            "-d",
            r#"{"amount":1250,"currency":"AED"}"#,
            "--credential",
            "demo",
            "--ca",
            &ca,
            "--json",
        ],
    )
    .expect(0)
    .json();
    assert_eq!(sent["response"]["status"], 201);
    assert_eq!(sent["verdict"]["state"], "trusted");
    assert_eq!(sent["credential"]["store"], "secret_service");
    let shown = run(&sandbox, &["credential", "show", "demo"]).expect(0);
    assert!(!shown.out.contains("s3cret-of-demo-client"), "show never prints a secret");
    run(&sandbox, &["credential", "remove", "demo"]).expect(0);
}

#[test]
fn a_credential_is_never_sent_to_another_host() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, "s3cret-of-demo-client", &[]);
    add_demo(&sandbox, &gateway.text("token_endpoint"), "", "s3cret-of-demo-client");
    let send = [
        "send",
        "GET",
        "https://elsewhere.example/v1/payments",
        "--credential",
        "demo",
        "--vault",
        "memory",
        "--secret-env",
        "DEMO_SECRET",
        "--json",
    ];
    let said = with_secret(&sandbox, &send, "s3cret-of-demo-client").expect(2);
    let document = said.json();
    assert_eq!(document["error"]["code"], "credential.host_not_allowed", "{}", said.out);
    assert_eq!(document["outcome"], "refused_by_us");
}

#[test]
fn a_refused_client_is_exit_5_and_says_what_was_checked() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, "s3cret-of-demo-client", &[]);
    add_demo(&sandbox, &gateway.text("token_endpoint"), "", "not-the-one\n");
    let ca = gateway.text("ca_file");
    let get = ["token", "get", "demo", "--vault", "memory", "--secret-env", "DEMO_SECRET", "--ca", &ca, "--json"];
    let said = with_secret(&sandbox, &get, "not-the-one\n").expect(5);
    assert!(!said.out.contains("wrong secret"), "we do not know that: {}", said.out);
    assert!(said.out.contains("invalid_client"), "{}", said.out);
}

/// A server that answers a connection with fixed bytes, a number of times.
fn scripted(answer: &'static [u8], times: usize) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(times) {
            let mut stream = stream.unwrap();
            let mut hello = [0; 8192];
            let _read = stream.read(&mut hello);
            let _written = stream.write_all(answer);
        }
    });
    port
}

#[test]
fn bad_input_gets_a_stable_code_and_the_documented_exit() {
    let sandbox = Sandbox::new();
    let refused = format!("https://127.0.0.1:{}/", free_port());
    let plain = format!("https://127.0.0.1:{}/", scripted(b"HTTP/1.0 400 Bad Request\r\n\r\n", 1));
    let closing = format!("https://127.0.0.1:{}/", scripted(b"", 1));
    for (url, exit, code) in [
        ("https://exa mple/", 2, "url.malformed"),
        ("ftp://localhost/", 2, "url.scheme_not_supported"),
        ("https://nonexistent.invalid/", 3, "dns.not_found"),
        (refused.as_str(), 3, "tcp.refused"),
        (plain.as_str(), 4, "tls.plain_http"),
        (closing.as_str(), 4, "tls.closed_mid_handshake"),
    ] {
        let said = run(&sandbox, &["send", "GET", url, "--vault", "memory", "--json"]);
        let document = said.json();
        let found = document["error"]["code"].as_str().or(document["code"].as_str()).unwrap_or_default().to_owned();
        assert_eq!((found.as_str(), said.code), (code, Some(exit)), "{url}:\n{}\n{}", said.out, said.err);
    }
}

#[test]
fn a_silent_server_is_a_time_out_and_ctrl_c_cancels() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let sandbox = Sandbox::new();
    let said = run(&sandbox, &["send", "GET", &url, "--vault", "memory", "--timeout", "1s", "--json"]).expect(3);
    assert_eq!(said.json()["error"]["code"], "tls.silent", "{}", said.out);

    let mut send = command(&sandbox, &["send", "GET", &url, "--vault", "memory", "--timeout", "60s"]);
    let child = Child::start(&mut send, None);
    let (_stream, _from) = listener.accept().unwrap();
    let (_second, _from) = listener.accept().unwrap();
    child.signal(rustix::process::Signal::INT);
    let (code, output) = child.end(Duration::from_secs(10));
    assert_eq!(code, Some(130), "{output}");
}

#[test]
fn a_corrupt_workspace_file_is_named_with_its_line_and_the_others_load() {
    let sandbox = Sandbox::new();
    let add = [
        "credential",
        "add",
        "good",
        "--client-id",
        "c",
        "--token-endpoint",
        "https://localhost:1/t",
        "--vault",
        "memory",
        "--secret-stdin",
    ];
    run_with(command(&sandbox, &add), Some("secret-value")).expect(0);
    let file = sandbox.workspace().join("credentials/bad.toml");
    std::fs::write(&file, "name = \"Bad\"\nkind = \n").unwrap();
    let said = run(&sandbox, &["credential", "list", "--vault", "memory"]);
    assert!(said.out.contains("good"), "the good one loads:\n{}", said.out);
    assert!(
        said.err.contains("bad.toml") && said.err.contains("line 2"),
        "the bad one is named with its line:\n{}",
        said.err
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "name = \"Bad\"\nkind = \n", "and is left as it was");
}

#[test]
fn history_remembers_what_was_sent_without_secrets() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start(&sandbox, "s3cret-of-demo-client", &[]);
    add_demo(&sandbox, &gateway.text("token_endpoint"), "payments:read payments:write", "s3cret-of-demo-client");
    let (url, ca) = (format!("{}/payments", gateway.text("api")), gateway.text("ca_file"));
    let send = [
        "send",
        "GET",
        &url,
        "--credential",
        "demo",
        "--vault",
        "memory",
        "--secret-env",
        "DEMO_SECRET",
        "--ca",
        &ca,
        "--json",
    ];
    let id =
        with_secret(&sandbox, &send, "s3cret-of-demo-client").expect(0).json()["exchange"].as_str().unwrap().to_owned();
    let list = run(&sandbox, &["history", "list", "--json"]).expect(0);
    assert!(list.out.contains(&id), "{}", list.out);
    let shown = run(&sandbox, &["history", "show", &id, "--json"]).expect(0).json();
    assert_eq!(shown["response"]["status"], 200);
    assert!(!shown["certificates"].as_array().unwrap().is_empty(), "the chain is put together again");
    assert!(!shown.to_string().contains("s3cret-of-demo-client"));
}

#[test]
fn a_gateway_on_another_address_than_loopback_is_refused() {
    let sandbox = Sandbox::new();
    let said = run(&sandbox, &["gateway", "--listen", "0.0.0.0:0"]).expect(2);
    assert!(said.err.contains("loopback"), "{}", said.err);
}

#[test]
fn help_of_every_command_shows_an_example() {
    let sandbox = Sandbox::new();
    for name in ["tour", "gateway", "credential", "token", "send", "inspect", "history"] {
        let said = cli::run(&sandbox, &[name, "--help"]).expect(0);
        assert!(said.out.contains("countersign "), "`{name} --help` has no example:\n{}", said.out);
    }
}
