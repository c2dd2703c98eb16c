//! Servers that do not keep to HTTP, or leave.

use countersign_evidence::Step;
use countersign_tls::{Alpn, Policy};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::lab::{Lab, Server, bytes, client, closed, get, head, lease, post, scripted, scripted_tls, send};
use crate::{Error, Failure};

/// Answers with these bytes, then closes in good order.
async fn saying(answer: &'static [u8]) -> Server {
    scripted(move |mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        closed(&mut stream).await;
    })
    .await
}

async fn failure(server: &Server) -> Box<Failure> {
    send(lease(&client(), &server.http(), &Policy::default()).await, get("/")).await.unwrap_err()
}

#[tokio::test]
async fn content_that_ends_early_is_truncated_and_kept() {
    let failure = failure(&saying(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello").await).await;
    assert_eq!(failure.error, Error::Truncated { received: 5, announced: Some(10) });
    let partial = failure.partial.unwrap();
    assert_eq!((partial.status.as_u16(), bytes(&partial)), (200, &b"hello"[..]));
    assert!(failure.sent && !failure.unsent_on_pooled);
}

#[tokio::test]
async fn chunks_without_an_end_are_truncated() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello",
    ] {
        let failure = failure(&saying(answer).await).await;
        assert_eq!(failure.error, Error::Truncated { received: 5, announced: None });
        assert_eq!(bytes(failure.partial.as_ref().unwrap()), b"hello");
    }
}

#[tokio::test]
async fn a_server_that_leaves_without_an_answer_is_told_so() {
    let failure = failure(&saying(b"").await).await;
    assert!(matches!(failure.error, Error::ClosedBeforeAnswer { .. }), "{failure:?}");
    assert!(failure.sent, "the request may have been processed");
    assert!(failure.partial.is_none() && failure.error.step() == Step::Response);
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
    ] {
        let failure = failure(&saying(answer).await).await;
        assert_eq!(failure.error.problem().code, "exchange.malformed_answer", "{failure:?}");
        assert!(failure.partial.is_none());
    }
}

#[tokio::test]
async fn broken_chunks_are_malformed_and_what_came_is_kept() {
    let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n";
    let failure = failure(&saying(answer).await).await;
    assert_eq!(failure.error.problem().code, "exchange.malformed_answer", "{failure:?}");
    assert_eq!(bytes(failure.partial.as_ref().unwrap()), b"hello");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        let _refused = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(&[b'a'; 64 * 1024]).await.is_ok() {}
    })
    .await;
    let failure = failure(&server).await;
    assert_eq!(failure.error.problem().code, "exchange.malformed_answer", "{failure:?}");
}

#[tokio::test]
async fn a_reset_is_told_from_a_close() {
    let server = scripted(|mut stream: TcpStream, _| async move {
        head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let failure = failure(&server).await;
    assert_eq!(failure.error.problem().code, "exchange.reset", "{failure:?}");
    assert!(failure.sent);
}

#[tokio::test]
async fn tls_cut_off_without_close_notify_is_truncation_where_no_length_was_said() {
    let lab = Lab::new();
    let server = scripted_tls(lab.config(&["http/1.1"], false), |mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello").await.unwrap();
        stream.flush().await.unwrap();
        let (mut socket, _) = stream.into_inner();
        socket.shutdown().await.unwrap();
        closed(&mut socket).await;
    })
    .await;
    let result = send(lease(&client(), &server.https(), &lab.policy(Alpn::Auto)).await, get("/")).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.error, Error::Truncated { received: 5, announced: None }, "RFC 9112 §9.8");
    assert_eq!(bytes(failure.partial.as_ref().unwrap()), b"hello");
}

#[tokio::test]
async fn a_client_certificate_refused_after_the_handshake_belongs_to_the_handshake() {
    let lab = Lab::new();
    for protocol in ["http/1.1", "h2"] {
        let server = scripted_tls(lab.config(&[protocol], true), |mut stream, _| async move {
            closed(&mut stream).await;
        })
        .await;
        for outgoing in [get("/"), post("/", vec![0; 4 * 1024 * 1024])] {
            let lease = lease(&client(), &server.https(), &lab.policy(Alpn::Auto)).await;
            let failure = send(lease, outgoing).await.unwrap_err();
            let problem = failure.error.problem();
            assert_eq!(problem.code, "client_certificate.required", "{protocol}: {failure:?}");
            assert_eq!(failure.error.step(), Step::Tls);
            assert!(problem.detail.contains("certificate_required (116)"), "{problem:?}");
        }
    }
}

#[tokio::test]
async fn a_client_certificate_that_was_sent_and_refused_is_named() {
    let (lab, stranger) = (Lab::new(), Lab::new());
    let server = scripted_tls(lab.config(&["http/1.1"], true), |mut stream, _| async move {
        closed(&mut stream).await;
    })
    .await;
    let policy = Policy { client_identity: Some(stranger.identity()), ..lab.policy(Alpn::Auto) };
    let failure = send(lease(&client(), &server.https(), &policy).await, get("/")).await.unwrap_err();
    let problem = failure.error.problem();
    assert_eq!(problem.code, "client_certificate.refused", "{failure:?}");
    assert!(problem.detail.contains("unknown_ca (48)"), "{problem:?}");
}
