//! Handshakes that end well, full and resumed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_evidence::{Handshake, HandshakeKind, Step, StepState, Timestamp, VerdictState, VerifiedOn};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Bench, Heard, LIMIT, Server, code, config};
use crate::configuration::Configuration;
use crate::connector::Clock;
use crate::fixture::{DAY, Made, dns, moment};
use crate::policy::Version;
use crate::recorder::{self, Endpoint, Recorder};
use crate::tap::Tap;
use crate::{HostPattern, Policy, Target};

#[tokio::test]
async fn a_full_handshake_is_written_down() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let (bench, heard) = (Bench::new(), Heard::default());
    let policy = Policy::new(chain.trust());
    let connection = bench.connector.connect(&server.target(), &policy, LIMIT, &heard).await.unwrap();
    let record = connection.record;
    let handshake = record.handshake.clone().unwrap();
    assert_eq!(
        handshake,
        Handshake {
            protocol_version: Some("TLSv1.3".to_owned()),
            cipher_suite: Some("TLS_AES_256_GCM_SHA384".to_owned()),
            named_group: Some("X25519MLKEM768".to_owned()),
            signature_scheme: Some("ecdsa_secp256r1_sha256".to_owned()),
            alpn_protocol: Some("h2".to_owned()),
            kind: Some(HandshakeKind::Full),
            server_name: Some("localhost".to_owned()),
            client_certificate_requested: false,
            client_certificate: None,
            acceptable_issuers: Vec::new(),
            early_data: false,
            ocsp_response: Some(false),
            verified_on: None,
            messages: Vec::new(),
            key_schedule: Vec::new(),
            checks: Vec::new(),
        }
    );
    assert_eq!(record.verdict.state, VerdictState::Trusted);
    assert_eq!(record.verdict.checked_at, Timestamp::parse("2027-03-02T00:00:00Z"), "the caller's clock");
    assert_eq!(record.certificates.len(), 3, "two sent, and the anchor");
    assert_eq!(
        (record.id.as_str(), record.endpoint.as_str()),
        ("connection-1", &*format!("localhost:{}", server.port))
    );
    assert_eq!(record.remote.as_deref(), Some(&*format!("127.0.0.1:{}", server.port)));
    assert_eq!(record.addresses, ["127.0.0.1", "::1"], "RFC 6761 §6.3");
    assert!(
        record.timing.tls.duration > 0 && record.timing.tls.start >= record.timing.tcp.start,
        "{:?}",
        record.timing
    );
    assert!(record.failure.is_none() && record.failed_step.is_none() && record.root_cause.is_none());
    assert_eq!(
        heard.steps(),
        [
            (Step::Name, StepState::Running, String::new()),
            (Step::Name, StepState::Done, "127.0.0.1".to_owned()),
            (Step::Tcp, StepState::Running, String::new()),
            (Step::Tcp, StepState::Done, format!("port {}", server.port)),
            (Step::Tls, StepState::Running, String::new()),
            (Step::Tls, StepState::Done, "1.3, Trusted".to_owned()),
        ]
    );
}

#[tokio::test]
async fn tls_1_2_is_written_down_and_resumed() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy { max_version: Some(Version::Tls12), ..Policy::new(chain.trust()) };
    let first = bench.greeted(&server.target(), &policy).await.record;
    let handshake = first.handshake.clone().unwrap();
    assert_eq!(handshake.protocol_version.as_deref(), Some("TLSv1.2"));
    assert_eq!(handshake.cipher_suite.as_deref(), Some("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"));
    assert_eq!(handshake.signature_scheme.as_deref(), Some("ecdsa_secp256r1_sha256"));
    assert_eq!(first.verdict.state, VerdictState::Trusted);
    let second = bench.greeted(&server.target(), &policy).await.record;
    assert_eq!(second.handshake.as_ref().unwrap().kind, Some(HandshakeKind::Resumed));
    assert_eq!(second.certificates, first.certificates);
}

#[tokio::test]
async fn a_resumed_handshake_says_where_the_server_was_verified() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy::new(chain.trust());
    let first = bench.greeted(&server.target(), &policy).await.record;
    bench.offset.fetch_add(60, Ordering::Relaxed);
    let heard = Heard::default();
    let second = bench.connector.connect(&server.target(), &policy, LIMIT, &heard).await.unwrap().record;
    let handshake = second.handshake.clone().unwrap();
    assert_eq!(handshake.kind, Some(HandshakeKind::Resumed));
    assert_eq!(
        handshake.verified_on,
        Some(VerifiedOn { connection: "connection-1".to_owned(), at: first.opened_at }),
        "the full handshake of a minute ago"
    );
    assert_eq!((handshake.signature_scheme, handshake.ocsp_response), (None, None), "nothing was signed this time");
    assert_eq!((&second.certificates, &second.verdict), (&first.certificates, &first.verdict));
    assert_eq!(heard.steps().last().map(|(_, state, _)| *state), Some(StepState::Reused));
}

#[tokio::test]
async fn forgetting_drops_the_tickets() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy::new(chain.trust());
    drop(bench.greeted(&server.target(), &policy).await);
    bench.connector.forget();
    let second = bench.greeted(&server.target(), &policy).await.record;
    assert_eq!(second.handshake.as_ref().unwrap().kind, Some(HandshakeKind::Full));
}

#[tokio::test]
async fn a_policy_of_whole_handshakes_never_resumes() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy { whole_handshakes: true, ..Policy::new(chain.trust()) };
    for _ in 0..2 {
        let record = bench.greeted(&server.target(), &policy).await.record;
        assert_eq!(record.handshake.as_ref().unwrap().kind, Some(HandshakeKind::Full), "an inspection shows it all");
    }
}

#[tokio::test]
async fn a_chain_that_ended_is_not_resumed_from() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy::new(chain.trust());
    drop(bench.greeted(&server.target(), &policy).await);
    bench.offset.store(91 * DAY, Ordering::Relaxed);
    assert_eq!(code(&bench.refused(&server.target(), &policy).await), "certificate.expired", "verified anew");
}

#[tokio::test]
async fn tickets_of_one_port_do_not_vouch_for_another() {
    let chain = Made::good();
    let shared = Arc::new(config(&chain));
    let (one, other) = (Server::tls((*shared).clone()).await, Server::tls((*shared).clone()).await);
    let bench = Bench::new();
    let mut bound = Made { sent: chain.sent.clone(), root: chain.root.clone(), ..Made::self_signed(|_| {}) };
    bound.hosts = vec![HostPattern::parse(&format!("localhost:{}", one.port)).unwrap()];
    let policy = Policy::new(bound.trust());
    drop(bench.greeted(&one.target(), &policy).await);
    let failure = bench.refused(&other.target(), &policy).await;
    assert_eq!(code(&failure), "path.untrusted_root", "the store counts for the first port only");
    assert!(failure.error.to_string().contains("not trusted"), "{failure}");
}

#[tokio::test]
async fn another_name_may_be_asked_for_at_another_address() {
    let chain = Made::with(|leaf| leaf.subject_alt_names = vec![dns("api.pay.test")], |_| {});
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let policy = Policy::new(chain.trust());
    let mut target = Target::parse("https://api.pay.test").unwrap();
    target.connect_to = Some(("127.0.0.1".to_owned(), server.port));
    let record = bench.connect(&target, &policy).await.unwrap().record;
    assert_eq!(record.handshake.as_ref().unwrap().server_name.as_deref(), Some("api.pay.test"));
    assert_eq!(record.endpoint, "api.pay.test:443", "what was asked for");
    target.host = "127.0.0.1".to_owned();
    target.server_name = Some("api.pay.test".to_owned());
    assert!(bench.connect(&target, &policy).await.is_ok(), "verified by the name asked for in SNI");
    target.server_name = None;
    let failure = bench.refused(&target, &policy).await;
    assert_eq!(code(&failure), "name.ip_not_listed");
    assert_eq!(failure.record.handshake.as_ref().unwrap().server_name, None, "RFC 6066 §3: no address in SNI");
}

#[tokio::test]
async fn connections_at_the_same_time_do_not_mix_their_records() {
    let (one, other) = (Made::good(), Made::named("Other"));
    let (first, second) = (Server::tls(config(&one)).await, Server::tls(config(&other)).await);
    let trust = one.trust();
    let bench = Bench::new();
    let policy = Policy::new(trust);
    for _ in 0..8 {
        let (good, bad) = (first.target(), second.target());
        let (good, bad) = tokio::join!(bench.connect(&good, &policy), bench.connect(&bad, &policy));
        assert_eq!(good.unwrap().record.certificates[1].subject, "CN=Made issuing");
        assert_eq!(bad.unwrap_err().record.certificates[1].subject, "CN=Other issuing");
    }
}

/// The key share entries of a ClientHello record: (group, length).
fn key_shares(record: &[u8]) -> Vec<(u16, usize)> {
    let word = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let hello = &record[9..];
    let mut at = 34 + 1 + usize::from(hello[34]);
    at += 2 + word(&hello[at..]);
    at += 1 + usize::from(hello[at]);
    let mut extensions = &hello[at + 2..at + 2 + word(&hello[at..])];
    let mut shares = Vec::new();
    while extensions.len() >= 4 {
        let (kind, length) = (word(extensions), word(&extensions[2..]));
        if kind == 51 {
            let mut entries = &extensions[6..4 + length];
            while entries.len() >= 4 {
                let length = word(&entries[2..]);
                shares.push((u16::try_from(word(entries)).unwrap(), length));
                entries = &entries[4 + length..];
            }
        }
        extensions = &extensions[4 + length..];
    }
    shares
}

#[tokio::test]
async fn the_client_hello_carries_the_hybrid_share_and_the_classic_one() {
    let server = Server::new(|mut stream| async move {
        let mut hello = vec![0; 4096];
        drop(stream.read(&mut hello).await);
    })
    .await;
    let recorder = Recorder::new(Endpoint { port: server.port, dialled: ("127.0.0.1".to_owned(), server.port) });
    let clock: Clock = Arc::new(|| moment(DAY));
    let configuration = Configuration::new(&Policy::default(), false, &clock).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let name = server.target().verified_name().unwrap();
    let connector = TlsConnector::from(configuration.client);
    let handshake = recorder::scope(&recorder, || connector.connect(name, Tap::new(stream, Arc::clone(&recorder))));
    assert!(handshake.await.is_err(), "the server only listened");
    assert_eq!(
        key_shares(&recorder.flights.sent_by(recorder::Sender::Client)),
        [(0x11ec, 1216), (0x001d, 32)],
        "X25519MLKEM768 and x25519"
    );
}
