//! Every message of a real connection, by two sources that share no code.

use std::sync::Arc;

use countersign_evidence::{Handshake, MessageField};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::server::ServerConfig;
use tokio::io::AsyncReadExt as _;

use super::{Bench, Server, config, mutual};
use crate::fixture::{Ca, Made, key_of};
use crate::policy::Version;
use crate::{ClientIdentity, ConnectionRecord, Policy, Scope, provider};

fn names(handshake: &Handshake) -> Vec<String> {
    let arrow = |from: &str| if from == "client" { ">" } else { "<" };
    handshake.messages.iter().map(|m| format!("{} {} {}", arrow(&m.from), m.name, m.protection)).collect()
}

fn told(record: &ConnectionRecord) -> Handshake {
    let handshake = record.handshake_in_full().expect("there is a handshake");
    for check in &handshake.checks {
        assert!(check.ok, "{}: {:?}, {:?}", check.name, check.claim, check.compared);
    }
    for message in &handshake.messages {
        covered(&message.fields, message.length, &message.name);
    }
    handshake
}

fn checks(handshake: &Handshake) -> Vec<&str> {
    handshake.checks.iter().map(|check| check.name.as_str()).collect()
}

/// The outer fields tile the message; children lie inside their parent, in order, without overlap.
fn covered(fields: &[MessageField], length: u64, message: &str) {
    let mut at = 0;
    for field in fields.iter().filter(|field| field.depth == 0) {
        assert_eq!(field.offset, at, "{message}: {} begins where the one before ends", field.name);
        at += field.length;
    }
    assert_eq!(at, length, "{message}: every byte is told");
    let mut open: Vec<(u8, u64, u64)> = Vec::new();
    for field in fields {
        open.retain(|(depth, _, _)| *depth < field.depth);
        if let Some((_, floor, end)) = open.last_mut() {
            assert!(field.offset >= *floor, "{message}: {} overlaps the one before", field.name);
            assert!(field.offset + field.length <= *end, "{message}: {} leaves its parent", field.name);
            *floor = field.offset + field.length;
        }
        open.push((field.depth, field.offset, field.offset + field.length));
        assert_ne!(field.name, "undecoded", "{message}: everything is understood");
    }
}

const ALL: [&str; 6] = ["messages", "transcript", "finished", "secrets", "certificates", "parameters"];

#[tokio::test]
async fn a_full_handshake_of_tls_1_3_is_decoded_and_agrees_with_the_library() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let record = Bench::new().greeted(&server.target(), &Policy::new(chain.trust())).await.record;
    let handshake = told(&record);
    assert_eq!(
        names(&handshake),
        [
            "> ClientHello none",
            "< ServerHello none",
            "< change_cipher_spec none",
            "< EncryptedExtensions handshake",
            "< CompressedCertificate handshake",
            "< CertificateVerify handshake",
            "< Finished handshake",
            "> change_cipher_spec none",
            "> Finished handshake",
            "< NewSessionTicket application",
            "< NewSessionTicket application",
        ]
    );
    assert_eq!(checks(&handshake), ALL);
    let schedule: Vec<&str> = handshake.key_schedule.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(schedule.len(), 18, "{schedule:?}");
    assert_eq!(schedule[..3], ["shared_secret", "early_secret", "handshake_secret"]);
    let recording = record.recording.as_ref().unwrap();
    for entry in &handshake.key_schedule {
        let value = recording.secret(&entry.name).unwrap();
        assert_eq!(value.len() as u64, entry.length * 2, "{} in hex", entry.name);
        assert!(entry.derivation.is_some() && entry.citation.is_some(), "{} says where it comes from", entry.name);
    }
    assert_eq!(recording.secret("shared_secret").unwrap().len(), 128, "ML-KEM-768 and X25519, 32 bytes each");
    // RFC 8448 §3: of zeros, the same for every connection with SHA-384 as with SHA-256
    assert_eq!(&recording.secret("early_secret").unwrap()[..16], "7ee8206f5570023e", "HKDF-Extract(0, 0), SHA-384");
}

#[tokio::test]
async fn without_compression_the_certificate_message_names_each_certificate() {
    let chain = Made::good();
    let mut plain = config(&chain);
    plain.cert_compressors = Vec::new();
    let server = Server::tls(plain).await;
    let record = Bench::new().greeted(&server.target(), &Policy::new(chain.trust())).await.record;
    let handshake = told(&record);
    let message = handshake.messages.iter().find(|message| message.name == "Certificate").unwrap();
    let entries: Vec<&str> =
        message.fields.iter().filter(|f| f.name == "CertificateEntry").map(|f| f.value.as_str()).collect();
    assert_eq!(entries, ["CN=localhost", "CN=Made issuing"], "end entity first");
}

#[tokio::test]
async fn tls_1_2_is_decoded_full_and_resumed() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy { max_version: Some(Version::Tls12), ..Policy::new(chain.trust()) };
    let record = bench.greeted(&server.target(), &policy).await.record;
    let full = told(&record);
    assert_eq!(
        names(&full),
        [
            "> ClientHello none",
            "< ServerHello none",
            "< Certificate none",
            "< ServerKeyExchange none",
            "< ServerHelloDone none",
            "> ClientKeyExchange none",
            "> change_cipher_spec none",
            "> Finished application",
            "< change_cipher_spec none",
            "< Finished application",
        ]
    );
    assert_eq!(checks(&full), ALL);
    let schedule: Vec<&str> = full.key_schedule.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        schedule,
        [
            "pre_master_secret",
            "master_secret",
            "client_write_key",
            "client_write_IV",
            "server_write_key",
            "server_write_IV"
        ]
    );
    let record = bench.greeted(&server.target(), &policy).await.record;
    let resumed = told(&record);
    assert!(resumed.messages.iter().all(|message| message.name != "Certificate"), "no certificate this time");
    assert_eq!(checks(&resumed), ["messages", "transcript", "finished", "secrets", "parameters"]);
    assert_eq!(resumed.key_schedule[0].name, "master_secret", "no pre-master secret this time");
}

#[tokio::test]
async fn a_resumed_handshake_of_tls_1_3_is_decoded() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy::new(chain.trust());
    bench.greeted(&server.target(), &policy).await;
    let record = bench.greeted(&server.target(), &policy).await.record;
    let handshake = told(&record);
    assert_eq!(
        names(&handshake)[1..6],
        [
            "< ServerHello none",
            "< change_cipher_spec none",
            "< EncryptedExtensions handshake",
            "< Finished handshake",
            "> change_cipher_spec none"
        ]
    );
    let early = handshake.key_schedule.iter().find(|entry| entry.name == "early_secret").unwrap();
    assert_eq!(early.derivation.as_deref(), Some("HKDF-Extract(zeros, the pre-shared key of the ticket)"));
}

/// A server that takes only this group.
fn only(chain: &Made, group: &'static dyn rustls::crypto::SupportedKxGroup) -> ServerConfig {
    let own = CryptoProvider { kx_groups: vec![group], ..(*provider()).clone() };
    ServerConfig::builder_with_provider(Arc::new(own))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.sent.clone(), chain.key.clone_key())
        .unwrap()
}

#[tokio::test]
async fn a_retry_replaces_the_first_hello_in_the_transcript() {
    let chain = Made::good();
    let server = Server::tls(only(&chain, rustls::crypto::aws_lc_rs::kx_group::SECP384R1)).await;
    let policy = Policy { alpn: crate::Alpn::None, ..Policy::new(chain.trust()) };
    let record = Bench::new().greeted(&server.target(), &policy).await.record;
    let handshake = told(&record);
    let names = names(&handshake);
    assert_eq!(names.iter().filter(|name| name.contains("ClientHello")).count(), 2, "{names:?}");
    assert_eq!(names[1], "< HelloRetryRequest none");
    assert_eq!(checks(&handshake), ALL);
    assert_eq!(record.recording.as_ref().unwrap().secret("shared_secret").unwrap().len(), 96, "48 bytes of P-384");
}

#[tokio::test]
async fn a_classical_server_takes_the_classical_half_of_the_hybrid_share() {
    let chain = Made::good();
    let server = Server::tls(only(&chain, rustls::crypto::aws_lc_rs::kx_group::X25519)).await;
    let policy = Policy { alpn: crate::Alpn::None, ..Policy::new(chain.trust()) };
    let record = Bench::new().greeted(&server.target(), &policy).await.record;
    let handshake = told(&record);
    assert!(handshake.messages.iter().all(|message| message.name != "HelloRetryRequest"), "one round trip");
    assert_eq!(record.recording.as_ref().unwrap().secret("shared_secret").unwrap().len(), 64, "32 bytes of X25519");
}

#[tokio::test]
async fn a_client_certificate_is_seen_on_the_wire_in_both_versions() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, true)).await;
    let key = KeyPair::generate().unwrap();
    let mut params = crate::fixture::params("merchant 7", 90);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2099, 1, 1);
    let certificate = params.signed_by(&key, &clients.issuer).unwrap();
    let identity = Arc::new(ClientIdentity::new(vec![certificate.der().clone()], key_of(&key)).unwrap());
    for max_version in [None, Some(Version::Tls12)] {
        let policy = Policy { client_identity: Some(Arc::clone(&identity)), max_version, ..Policy::new(chain.trust()) };
        let record = Bench::new().greeted(&server.target(), &policy).await.record;
        let handshake = told(&record);
        let sent: Vec<&str> =
            handshake.messages.iter().filter(|m| m.from == "client").map(|m| m.name.as_str()).collect();
        assert!(sent.contains(&"CertificateVerify"), "{max_version:?}: {sent:?}");
        let request = handshake.messages.iter().find(|message| message.name == "CertificateRequest").unwrap();
        assert!(
            request.fields.iter().any(|field| field.value == "CN=Clients"),
            "the accepted issuer is named: {:?}",
            request.fields
        );
    }
}

#[tokio::test]
async fn a_refused_chain_leaves_the_whole_flight_of_the_server_readable() {
    let (chain, other) = (Made::good(), Made::good());
    let server = Server::tls(config(&chain)).await;
    let failure = Bench::new().refused(&server.target(), &Policy::new(other.trust())).await;
    let handshake = told(&failure.record);
    let names = names(&handshake);
    assert!(names.contains(&"< Finished handshake".to_owned()), "the wire shows more than the library read: {names:?}");
    let alert = handshake.messages.last().unwrap();
    assert_eq!((alert.from.as_str(), alert.name.as_str()), ("client", "alert"), "we hang up, and say why");
    assert_eq!(alert.fields[1].value, "51, decrypt_error", "the issuer of that name has another key");
}

#[tokio::test]
async fn a_late_refusal_of_the_client_is_seen_under_application_keys() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, true)).await;
    let mut connection = Bench::new().connect(&server.target(), &Policy::new(chain.trust())).await.unwrap();
    connection.io.read_u8().await.expect_err("the server wants a certificate");
    let handshake = told(&connection.record);
    let alert = handshake.messages.iter().rfind(|m| m.name == "alert" && m.from == "server").unwrap();
    assert_eq!(alert.protection, "application");
    assert_eq!(alert.fields[1].value, "116, certificate_required");
}

#[tokio::test]
async fn one_changed_byte_of_a_secret_turns_a_check_red() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let record = Bench::new().greeted(&server.target(), &Policy::new(chain.trust())).await.record;
    record.recording.as_ref().unwrap().spoil();
    let handshake = record.handshake_in_full().unwrap();
    let red: Vec<&str> = handshake.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
    assert!(red.contains(&"messages") && red.contains(&"secrets"), "{red:?}");
}

#[tokio::test]
async fn a_capture_of_the_handshake_holds_no_secret_of_what_follows() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let record = Bench::new().greeted(&server.target(), &Policy::new(chain.trust())).await.record;
    let cut = record.capture(Scope::HandshakeOnly).unwrap();
    let part = String::from_utf8_lossy(&cut);
    assert_eq!(part.matches("HANDSHAKE_TRAFFIC_SECRET").count(), 2, "one for each direction");
    for label in ["_TRAFFIC_SECRET_0", "EXPORTER_SECRET", "EARLY", "CLIENT_RANDOM"] {
        assert!(!part.contains(label), "{label}");
    }
    let whole = record.capture(Scope::Full).unwrap();
    assert!(String::from_utf8_lossy(&whole).contains("CLIENT_TRAFFIC_SECRET_0"), "the full one opens everything");
    assert!(whole.len() > cut.len(), "tickets, greeting and more secrets");

    let old = Policy { max_version: Some(Version::Tls12), ..Policy::new(chain.trust()) };
    let record = Bench::new().greeted(&server.target(), &old).await.record;
    let part = String::from_utf8_lossy(&record.capture(Scope::HandshakeOnly).unwrap()).into_owned();
    assert!(!part.contains("CLIENT_RANDOM"), "the master secret of TLS 1.2 opens everything");
}

#[test]
fn nothing_of_a_recording_is_printed() {
    let endpoint = crate::recorder::Endpoint { port: 1, dialled: ("127.0.0.1".to_owned(), 1) };
    let recorder = crate::recorder::Recorder::new(endpoint);
    recorder.flights.note(crate::recorder::Sender::Client, b"canary");
    let text = format!("{recorder:?} {:?}", crate::Recording::new(recorder.clone()));
    assert!(!text.contains("canary") && !text.contains("99"), "{text}");
}
