//! HTTP/1.1 on the wire.

use bytes::Bytes;
use countersign_tls::{Alpn, Policy};
use http::{HeaderName, HeaderValue, Method};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::lab::{Lab, answer_all, bytes, client, closed, get, head, lease, post, scripted, scripted_tls, send};
use crate::{Content, Outgoing, Protocol};

#[tokio::test]
async fn the_given_fields_go_out_in_order_and_nothing_else() {
    let (heads, mut seen) = mpsc::unbounded_channel();
    let server = scripted(move |mut stream, _| {
        let heads = heads.clone();
        async move {
            heads.send(head(&mut stream).await).unwrap();
            let mut content = [0; 2];
            stream.read_exact(&mut content).await.unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            closed(&mut stream).await;
        }
    })
    .await;
    let fields = [("zeta", "1"), ("authorization", "Bearer t"), ("accept", "text/html"), ("alpha", "\u{e9}")];
    let fields =
        fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()));
    let outgoing = Outgoing {
        method: Method::PUT,
        uri: format!("http://{}/v1/a%20b?x=1&y", server.address).parse().unwrap(),
        fields: fields.to_vec(),
        content: Content::Bytes(Bytes::from_static(b"{}")),
    };
    let received = send(lease(&client(), &server.http(), &Policy::default()).await, outgoing).await.unwrap();
    assert_eq!(received.status, 204);
    let expected = format!(
        "PUT /v1/a%20b?x=1&y HTTP/1.1\r\nhost: {}\r\nzeta: 1\r\nauthorization: Bearer t\r\naccept: text/html\r\n\
         alpha: \u{e9}\r\ncontent-length: 2\r\n\r\n",
        server.address
    );
    assert_eq!(seen.recv().await.unwrap(), expected);
}

#[tokio::test]
async fn a_request_over_tls_is_answered_with_the_record_of_its_socket() {
    let lab = Lab::new();
    let server = scripted_tls(lab.config(&["http/1.1"], false), |mut stream, _| async move {
        answer_all(&mut stream, b"HTTP/1.1 200 OK\r\nX-One: a\r\nSet-Cookie: b\r\ncontent-length: 5\r\n\r\nhello")
            .await;
    })
    .await;
    let (client, policy) = (client(), lab.policy(Alpn::Auto));
    let first = lease(&client, &server.https(), &policy).await;
    assert_eq!((first.protocol(), first.protocol().words(), first.reused()), (Protocol::Http11, "HTTP/1.1", false));
    let record = first.record().clone();
    let received = send(first, get("/")).await.unwrap();
    assert_eq!((received.status.as_u16(), bytes(&received)), (200, &b"hello"[..]));
    let names: Vec<&str> = received.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["x-one", "set-cookie", "content-length"], "in the order they came");

    let second = lease(&client, &server.https(), &policy).await;
    assert!(second.reused(), "the connection went back when the content had ended");
    assert!(std::sync::Arc::ptr_eq(second.record(), &record), "and kept its record");
    send(second, get("/")).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_never_has_content_is_whole_whatever_its_length_says() {
    let server = scripted(|mut stream, _| async move {
        answer_all(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n").await;
    })
    .await;
    let outgoing = Outgoing { method: Method::HEAD, ..get("/") };
    let received = send(lease(&client(), &server.http(), &Policy::default()).await, outgoing).await.unwrap();
    assert_eq!(received.body.length(), 0, "RFC 9110 §9.3.2");
}

#[tokio::test]
async fn chunks_are_joined_and_trailers_shown() {
    let server = scripted(|mut stream, _| async move {
        let answer =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 11\r\n\r\n";
        answer_all(&mut stream, answer.as_bytes()).await;
    })
    .await;
    let received = send(lease(&client(), &server.http(), &Policy::default()).await, get("/")).await.unwrap();
    assert_eq!(bytes(&received), b"hello world");
    assert_eq!(received.trailers, [("x-sum".to_owned(), b"11".to_vec())]);
}

#[tokio::test]
async fn informational_answers_are_passed_over() {
    let server = scripted(|mut stream, _| async move {
        let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        answer_all(&mut stream, answer.as_bytes()).await;
    })
    .await;
    let received = send(lease(&client(), &server.http(), &Policy::default()).await, get("/")).await.unwrap();
    assert_eq!(received.status, 200);
}

#[tokio::test]
async fn an_early_answer_is_received_although_the_request_was_not_taken() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        let answer = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let outgoing = post("/", vec![0; 8 * 1024 * 1024]);
    let result = send(lease(&client(), &server.http(), &Policy::default()).await, outgoing).await;
    match result {
        Ok(received) => assert_eq!((received.status.as_u16(), bytes(&received)), (413, &b"big"[..])),
        // the kernel may throw the answer away with the reset: that is told as what it is
        Err(failure) => assert_eq!((failure.error.problem().code.as_str(), failure.sent), ("exchange.reset", true)),
    }
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let server = scripted(|mut stream, _| async move {
        answer_all(
            &mut stream,
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00",
        )
        .await;
    })
    .await;
    let received = send(lease(&client(), &server.http(), &Policy::default()).await, get("/")).await.unwrap();
    assert_eq!(bytes(&received), b"\x1f\x8b\x08\x00");
}
