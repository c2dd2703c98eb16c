//! Cancelling, deadlines, and how long things took.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::Severity;
use countersign_tls::Policy;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::lab::{PATIENCE, Server, bytes, client, closed, get, head, lease, memory, post, scripted, send};
use crate::{Error, Phase};

/// Answers with these bytes and stays; tells when the client has left.
async fn stalling(answer: &'static [u8]) -> (Server, Arc<Notify>) {
    let left = Arc::new(Notify::new());
    let leaving = left.clone();
    let server = scripted(move |mut stream, _| {
        let leaving = leaving.clone();
        async move {
            head(&mut stream).await;
            stream.write_all(answer).await.unwrap();
            closed(&mut stream).await;
            leaving.notify_one();
        }
    })
    .await;
    (server, left)
}

const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";

#[tokio::test]
async fn cancelling_before_the_answer_closes_the_connection() {
    let (server, left) = stalling(b"").await;
    let lease = lease(&client(), &server.http(), &Policy::default()).await;
    let cancel = CancellationToken::new();
    let cancelling = cancel.clone();
    let sending =
        tokio::spawn(async move { lease.send(get("/"), memory(), Instant::now() + PATIENCE, &cancelling).await });
    tokio::time::sleep(Duration::from_millis(30)).await;
    cancel.cancel();
    let failure = sending.await.unwrap().unwrap_err();
    assert_eq!(failure.error, Error::Cancelled);
    assert!(failure.sent && failure.partial.is_none());
    assert_eq!(failure.error.problem().severity, Severity::Neutral);
    timeout(PATIENCE, left.notified()).await.expect("the server sees the end");
}

#[tokio::test]
async fn cancelling_in_the_middle_keeps_what_came() {
    let (server, left) = stalling(HALF).await;
    let lease = lease(&client(), &server.http(), &Policy::default()).await;
    let cancel = CancellationToken::new();
    let cancelling = cancel.clone();
    let sending =
        tokio::spawn(async move { lease.send(get("/"), memory(), Instant::now() + PATIENCE, &cancelling).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    cancel.cancel();
    let failure = sending.await.unwrap().unwrap_err();
    assert_eq!(failure.error, Error::Cancelled);
    assert_eq!(bytes(failure.partial.as_ref().unwrap()), b"hello");
    timeout(PATIENCE, left.notified()).await.expect("the server sees the end");
}

#[tokio::test]
async fn cancelled_beforehand_nothing_is_sent_and_the_connection_stays() {
    let (server, _left) = stalling(b"").await;
    let client = client();
    let first = lease(&client, &server.http(), &Policy::default()).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let failure = first.send(get("/"), memory(), Instant::now() + PATIENCE, &cancel).await.unwrap_err();
    assert!(failure.error == Error::Cancelled && !failure.sent);
    assert!(lease(&client, &server.http(), &Policy::default()).await.reused());
}

#[tokio::test]
async fn a_deadline_says_what_it_was_waiting_for() {
    for (answer, expected, came) in [(&b""[..], Phase::FirstByte, None), (HALF, Phase::Content, Some(&b"hello"[..]))] {
        let (server, left) = stalling(answer).await;
        let lease = lease(&client(), &server.http(), &Policy::default()).await;
        let deadline = Instant::now() + Duration::from_millis(150);
        let failure = lease.send(get("/"), memory(), deadline, &CancellationToken::new()).await.unwrap_err();
        let Error::TimedOut { phase, after, .. } = &failure.error else { panic!("{failure:?}") };
        assert_eq!(*phase, expected);
        assert!(*after >= Duration::from_millis(100) && *after < PATIENCE, "{after:?}");
        assert_eq!(failure.partial.as_ref().map(bytes), came);
        timeout(PATIENCE, left.notified()).await.expect("the server sees the end");
    }
}

#[tokio::test]
async fn a_request_nobody_reads_times_out_while_it_is_written() {
    let server = scripted(|stream, _| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let lease = lease(&client(), &server.http(), &Policy::default()).await;
    let deadline = Instant::now() + Duration::from_millis(300);
    let outgoing = post("/", vec![0; 64 * 1024 * 1024]);
    let failure = lease.send(outgoing, memory(), deadline, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(failure.error, Error::TimedOut { phase: Phase::Request, .. }), "{failure:?}");
    assert!(failure.sent);
}

#[tokio::test]
async fn each_part_has_its_own_time() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        stream.write_all(HALF).await.unwrap();
        tokio::time::sleep(Duration::from_millis(40)).await;
        stream.write_all(b"world").await.unwrap();
        closed(&mut stream).await;
    })
    .await;
    let received = send(lease(&client(), &server.http(), &Policy::default()).await, get("/")).await.unwrap();
    assert_eq!(bytes(&received), b"helloworld");
    let timing = received.timing;
    assert!(timing.request > 0 && timing.request < 50_000, "{timing:?}");
    assert!(timing.first_byte >= 50_000, "{timing:?}");
    assert!(timing.content >= 30_000, "{timing:?}");
}
