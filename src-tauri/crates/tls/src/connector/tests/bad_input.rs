//! Servers that send what no server sends: a clear error each, bounded in what is kept and in how long it takes.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Bench, Server, code, config};
use crate::explain::{Case, Peer, Supplement, Usage, explain_case};
use crate::fixture::{Ca, Made, leaf_params, moment};
use crate::{ConnectFailure, HostPattern, Policy, Store, StoreLabel, Target, Trust};

/// Enough for whatever ends by itself; what does not is to meet the limit.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes of each direction that are kept at most.
const KEPT: usize = 768 * 1024;

/// A server that reads the ClientHello and then does as it likes.
async fn scripted<F, S>(script: S) -> Server
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream) -> F + Send + Sync + Clone + 'static,
{
    Server::new(move |mut stream| {
        let script = script.clone();
        async move {
            let mut hello = vec![0; 4096];
            if stream.read(&mut hello).await.is_ok() {
                script(stream).await;
            }
        }
    })
    .await
}

async fn refused(target: &Target, limit: Duration) -> Box<ConnectFailure> {
    Bench::new().connector.connect(target, &Policy::default(), limit, &()).await.expect_err("no handshake")
}

/// What was kept is told, and is no more than it may be.
fn told(failure: &ConnectFailure) {
    let told = failure.record.handshake_in_full().unwrap_or_default();
    let kept: usize = told.messages.iter().filter_map(|message| message.bytes.as_ref()).map(|hex| hex.len() / 2).sum();
    assert!(kept <= 2 * KEPT, "{kept} bytes in the document");
}

/// The first flight a real server sends, as bytes: of another connection, so that its keys fit nothing.
async fn flight() -> Vec<u8> {
    let server = Server::tls(config(&Made::good())).await;
    let connection = Bench::new().connector.observe(&server.target(), &Policy::default(), LIMIT, &()).await;
    let recording = connection.recording.clone().unwrap();
    recording.sent_by_server()
}

#[tokio::test]
async fn a_flight_that_is_cut_short_anywhere_ends_with_an_error() {
    let flight = Arc::new(flight().await);
    let length = flight.len();
    assert!(length > 1000, "{length} bytes");
    for end in (0..length).step_by(length / 40) {
        let flight = Arc::clone(&flight);
        let server = scripted(move |mut stream| {
            let flight = Arc::clone(&flight);
            async move { drop(stream.write_all(&flight[..end]).await) }
        })
        .await;
        let failure = refused(&server.target(), LIMIT).await;
        let expected = ["tls.closed_mid_handshake", "tls.reset", "tls.protocol_violation", "tls.alert"];
        assert!(expected.contains(&code(&failure).as_str()), "cut after {end} of {length} bytes: {failure:?}");
        told(&failure);
    }
}

#[tokio::test]
async fn a_flight_with_one_byte_changed_ends_with_an_error() {
    let flight = Arc::new(flight().await);
    let length = flight.len();
    for at in (0..length).step_by(length / 60) {
        let flight = Arc::clone(&flight);
        let server = scripted(move |mut stream| {
            let mut flight = flight.to_vec();
            flight[at] ^= 0x55;
            async move { drop(stream.write_all(&flight).await) }
        })
        .await;
        let failure = refused(&server.target(), LIMIT).await;
        assert!(code(&failure).starts_with("tls."), "byte {at} of {length}: {failure:?}");
        told(&failure);
    }
}

/// A ServerHello of TLS 1.2, and the head of a Certificate of the largest length there is.
fn endless_certificate() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0xc0, 0x2b, 0]);
    let mut flight =
        vec![22, 3, 3, 0, 4 + u8::try_from(body.len()).unwrap(), 2, 0, 0, u8::try_from(body.len()).unwrap()];
    flight.extend(body);
    flight.extend([22, 3, 3, 0x40, 0, 11, 0xff, 0xff, 0xff]);
    flight.extend(vec![0; 0x4000 - 4]);
    flight
}

#[tokio::test]
async fn a_certificate_of_sixteen_megabytes_is_not_waited_for() {
    let server = scripted(|mut stream| async move {
        let mut sent = stream.write_all(&endless_certificate()).await;
        let record = [&[22, 3, 3, 0x40, 0][..], &vec![0; 0x4000]].concat();
        for _ in 0..1024 {
            if sent.is_err() {
                return;
            }
            sent = stream.write_all(&record).await;
        }
    })
    .await;
    let failure = refused(&server.target(), LIMIT).await;
    assert_eq!(code(&failure), "tls.protocol_violation", "{failure:?}");
    let (_, server_bytes) = failure.record.recording.as_ref().unwrap().bytes();
    assert!(server_bytes < 4 * 1024 * 1024, "given up long before the end: {server_bytes} bytes came");
    told(&failure);
}

#[tokio::test]
async fn a_handshake_that_never_ends_meets_the_limit() {
    // a byte now and then, of a record that is announced as long
    let drip = scripted(|mut stream| async move {
        drop(stream.write_all(&[22, 3, 3, 0x40, 0]).await);
        while stream.write_all(&[2]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let failure = refused(&drip.target(), Duration::from_millis(200)).await;
    assert_eq!(code(&failure), "tls.timed_out");
    told(&failure);
    // empty records without end
    let empty = scripted(|mut stream| async move { while stream.write_all(&[22, 3, 3, 0, 0]).await.is_ok() {} }).await;
    let failure = refused(&empty.target(), LIMIT).await;
    assert_eq!(code(&failure), "tls.protocol_violation", "{failure:?}");
    // change_cipher_spec without end
    let specs =
        scripted(|mut stream| async move { while stream.write_all(&[20, 3, 3, 0, 1, 1]).await.is_ok() {} }).await;
    let failure = refused(&specs.target(), LIMIT).await;
    assert!(["tls.protocol_violation", "tls.timed_out"].contains(&code(&failure).as_str()), "{failure:?}");
    told(&failure);
}

#[tokio::test]
async fn garbage_on_the_port_is_told_from_tls() {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    for round in 0..20 {
        let garbage: Vec<u8> = (0..2000).map(|_| random()).collect();
        let server = scripted(move |mut stream| {
            let garbage = garbage.clone();
            async move { drop(stream.write_all(&garbage).await) }
        })
        .await;
        let failure = refused(&server.target(), LIMIT).await;
        assert!(code(&failure).starts_with("tls."), "round {round}: {failure:?}");
        told(&failure);
    }
}

#[test]
fn a_chain_of_a_hundred_certificates_and_one_of_more_are_judged_in_bounded_work() {
    let mut authority = Ca::root("Root 0");
    let root = authority.der();
    let mut sent: Vec<CertificateDer<'static>> = Vec::new();
    for depth in 1..=120 {
        let constraints = rcgen::BasicConstraints::Unconstrained;
        authority = authority.below(crate::fixture::ca_params(&format!("CA {depth}"), 90, constraints));
        sent.insert(0, authority.der());
    }
    let leaf = authority.below(leaf_params()).der();
    sent.insert(0, leaf);
    let hosts = HostPattern::parse("localhost").into_iter().collect();
    let trust = Trust::builder().store(Store::new(StoreLabel::Command, [root]).for_hosts(hosts)).build();
    for length in [100, 121] {
        let explained = explain_case(&Case {
            chain: &sent[..length],
            trust: &trust,
            peer: Peer::Host("localhost"),
            usage: Usage::Server,
            at: moment(crate::fixture::DAY),
            max_depth: None,
            strict: false,
            compare: true,
            supplement: Supplement::default(),
        });
        let ids: Vec<&str> = explained.findings.iter().map(|finding| finding.id.as_str()).collect();
        assert!(!ids.is_empty(), "{length} certificates: {}", explained.title);
        assert!(explained.certificates.len() <= 102, "{} are shown", explained.certificates.len());
    }
}
