//! Ports that do not answer, or speak something else.

use std::time::Duration;

use countersign_evidence::{Step, StepState, VerdictState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Bench, Heard, LIMIT, Server, code, config};
use crate::fixture::Made;
use crate::{Policy, Target};

#[tokio::test]
async fn a_port_that_speaks_plain_http_is_recognised() {
    let server = Server::new(|mut stream| async move {
        let mut some = [0; 64];
        drop(stream.read(&mut some).await);
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await);
    })
    .await;
    let failure = Bench::new().refused(&server.target(), &Policy::default()).await;
    assert_eq!(code(&failure), "tls.plain_http");
    assert_eq!(failure.record.root_cause.as_ref().unwrap().sentence, "This port speaks plain HTTP.");
    assert_eq!(
        (failure.record.verdict.state, failure.record.verdict.reason.as_str()),
        (VerdictState::NotChecked, "handshake_failed")
    );
    assert_eq!(failure.record.handshake, None);
}

#[tokio::test]
async fn another_protocol_is_shown_by_its_first_bytes() {
    let server = Server::new(|mut stream| async move {
        drop(stream.write_all(b"220 mail ready\r\n").await);
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    })
    .await;
    let failure = Bench::new().refused(&server.target(), &Policy::default()).await;
    assert_eq!(code(&failure), "tls.not_tls");
    assert!(failure.error.problem().detail.contains("220 mail ready"), "{failure:?}");
}

#[tokio::test]
async fn a_silent_port_costs_the_limit_and_no_more() {
    let server = Server::new(|mut stream| async move {
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    })
    .await;
    let bench = Bench::new();
    let limit = Duration::from_millis(150);
    let failure = bench.connector.connect(&server.target(), &Policy::default(), limit, &()).await.unwrap_err();
    assert_eq!(code(&failure), "tls.silent");
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_timed_out() {
    let server = Server::new(|mut stream| async move {
        // the head of a record that never comes
        drop(stream.write_all(&[22, 3, 3, 0, 100, 2, 0, 0, 96]).await);
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    })
    .await;
    let bench = Bench::new();
    let limit = Duration::from_millis(150);
    let failure = bench.connector.connect(&server.target(), &Policy::default(), limit, &()).await.unwrap_err();
    assert_eq!(code(&failure), "tls.timed_out");
}

#[tokio::test]
async fn closing_and_resetting_are_told_apart() {
    let closing = Server::new(|mut stream| async move {
        let mut hello = vec![0; 4096];
        // all of the ClientHello, or the kernel resets instead of closing
        drop(stream.read(&mut hello).await);
        drop(stream.shutdown().await);
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    })
    .await;
    let bench = Bench::new();
    let failure = bench.refused(&closing.target(), &Policy::default()).await;
    assert_eq!(code(&failure), "tls.closed_mid_handshake");
    let resetting = Server::new(|stream| async move {
        drop(stream.readable().await);
        // closed with the ClientHello unread: the kernel answers with a reset (RFC 2525 §2.17)
        drop(stream);
    })
    .await;
    assert_eq!(code(&bench.refused(&resetting.target(), &Policy::default()).await), "tls.reset");
}

#[tokio::test]
async fn alerts_are_told_by_what_they_mean() {
    for (alert, expected) in [
        (40, "tls.no_common_parameters"),
        (70, "tls.no_common_version"),
        (71, "tls.no_common_parameters"),
        (80, "tls.alert"),
        (112, "tls.no_name"),
        (116, "client_certificate.required"),
        (120, "tls.no_alpn"),
    ] {
        let server = Server::new(move |mut stream| async move {
            let mut hello = vec![0; 4096];
            drop(stream.read(&mut hello).await);
            drop(stream.write_all(&[21, 3, 3, 0, 2, 2, alert]).await);
            drop(stream.shutdown().await);
            let mut rest = Vec::new();
            drop(stream.read_to_end(&mut rest).await);
        })
        .await;
        let failure = Bench::new().refused(&server.target(), &Policy::default()).await;
        assert_eq!(code(&failure), expected, "alert {alert}");
        assert!(failure.record.root_cause.is_some(), "alert {alert} has its sentence");
    }
}

#[tokio::test]
async fn a_server_without_our_protocols_says_so() {
    let chain = Made::good();
    let mut only = config(&chain);
    only.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let server = Server::tls(only).await;
    let failure = Bench::new().refused(&server.target(), &Policy::new(chain.trust())).await;
    assert_eq!(code(&failure), "tls.no_alpn");
}

#[tokio::test]
async fn plain_http_has_a_record_without_a_handshake() {
    let server = Server::new(|mut stream| async move {
        drop(stream.write_all(b"hi").await);
    })
    .await;
    let target = Target::parse(&format!("http://127.0.0.1:{}", server.port)).unwrap();
    let heard = Heard::default();
    let mut connection = Bench::new().connector.connect(&target, &Policy::default(), LIMIT, &heard).await.unwrap();
    let mut text = String::new();
    connection.io.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hi");
    let record = connection.record;
    assert_eq!((record.verdict.state, record.verdict.reason.as_str()), (VerdictState::NotChecked, "plain_http"));
    assert_eq!((&record.handshake, record.certificates.len()), (&None, 0));
    assert_eq!(heard.steps().last(), Some(&(Step::Tls, StepState::NotReached, "not used: plain HTTP".to_owned())));
}

#[tokio::test]
async fn failures_before_tls_name_their_step() {
    let bench = Bench::new();
    let missing = Target::parse("https://nowhere.invalid").unwrap();
    let failure = bench.refused(&missing, &Policy::default()).await;
    assert_eq!((code(&failure), failure.record.failed_step), ("dns.not_found".to_owned(), Some(Step::Name)));
    assert!(failure.record.root_cause.is_none(), "no handshake was reached");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let target = Target::parse(&format!("https://127.0.0.1:{port}")).unwrap();
    let failure = bench.refused(&target, &Policy::default()).await;
    assert_eq!((code(&failure), failure.record.failed_step), ("tcp.refused".to_owned(), Some(Step::Tcp)));
    assert_eq!(failure.record.failure.as_ref().unwrap().detail, format!("127.0.0.1:{port}: connection refused"));
    assert_eq!(failure.record.addresses, ["127.0.0.1"]);
}
