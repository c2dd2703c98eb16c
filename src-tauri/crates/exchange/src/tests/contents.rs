//! Contents on their way to and from the disk.

use std::io::Write as _;

use countersign_secret::{Redactor, Secret};
use countersign_tls::{Alpn, Policy};
use http_body_util::{BodyExt as _, Full};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lab::{Answering, Lab, PATIENCE, bytes, client, closed, get, head, lease, post, scripted, send, served};
use crate::{Body, Content, ContentStore, Error, Failure, Lease, Outgoing, Received, Sink, StoredContent};

const BLOCK: usize = 1024 * 1024;

fn store() -> (tempfile::TempDir, ContentStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ContentStore::new(folder.path().join("content"));
    (folder, store)
}

async fn receive(lease: Lease, outgoing: Outgoing, sink: Sink) -> Result<Received, Box<Failure>> {
    lease.send(outgoing, sink, Instant::now() + 3 * PATIENCE, &CancellationToken::new()).await
}

fn stored(received: &Received) -> &StoredContent {
    match &received.body {
        Body::Stored(stored) => stored,
        Body::Memory(_) => panic!("it was to be stored"),
    }
}

fn block(number: usize) -> Vec<u8> {
    (0..BLOCK).map(|at| u8::try_from((at * 31 + number) % 251).unwrap()).collect()
}

#[tokio::test]
async fn a_hundred_megabytes_go_to_disk() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        stream
            .write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 100 * BLOCK).as_bytes())
            .await
            .unwrap();
        for number in 0..100 {
            stream.write_all(&block(number)).await.unwrap();
        }
        closed(&mut stream).await;
    })
    .await;
    let (_folder, store) = store();
    let lease = lease(&client(), &server.http(), &Policy::default()).await;
    let received = receive(lease, get("/"), Sink::Store(store.writer(None).unwrap())).await.unwrap();
    let stored = stored(&received);
    assert_eq!((stored.length, stored.stored_length), (100 * BLOCK as u64, 100 * BLOCK as u64));
    for number in [0, 41, 99] {
        let part = store.read(&stored.reference, (number * BLOCK) as u64, 1000).unwrap();
        assert_eq!(part, block(number)[..1000], "block {number}");
    }
}

#[tokio::test]
async fn a_content_over_http2_is_the_same_on_disk() {
    let lab = Lab::new();
    let server = served(lab.config(&["h2"], false), |request| -> Answering {
        Box::pin(async move {
            let content = request.into_body().collect().await.unwrap().to_bytes();
            http::Response::new(Full::new(content).boxed())
        })
    })
    .await;
    let (_folder, store) = store();
    let lease = lease(&client(), &server.https(), &lab.policy(Alpn::Auto)).await;
    let sent = block(7).repeat(8);
    let received = receive(lease, post("/", sent.clone()), Sink::Store(store.writer(None).unwrap())).await.unwrap();
    assert_eq!(stored(&received), &store.put(&sent).unwrap());
}

#[tokio::test]
async fn a_file_is_sent_as_it_is() {
    let lab = Lab::new();
    for protocol in ["http/1.1", "h2"] {
        let server = served(lab.config(&[protocol], false), |request| -> Answering {
            Box::pin(async move {
                let length = request.headers()["content-length"].to_str().unwrap().to_owned();
                let content = request.into_body().collect().await.unwrap().to_bytes();
                http::Response::new(Full::new([length.into_bytes(), content.to_vec()].concat().into()).boxed())
            })
        })
        .await;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&block(3)).unwrap();
        let lease = lease(&client(), &server.https(), &lab.policy(Alpn::Auto)).await;
        let content = Content::File { path: file.path().to_owned(), length: BLOCK as u64 };
        let received = send(lease, Outgoing { content, ..post("/", "") }).await.unwrap();
        assert!(bytes(&received) == [BLOCK.to_string().into_bytes(), block(3)].concat(), "{protocol}");
    }
}

#[tokio::test]
async fn a_live_secret_in_an_answer_never_reaches_the_disk() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        for piece in ["{\"token\":\"canary-", "0123", "456789\"}"] {
            stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        closed(&mut stream).await;
    })
    .await;
    let (_folder, store) = store();
    let redactor = Redactor::new();
    redactor.register_token(&Secret::new("canary-0123456789".to_owned()));
    let sink = Sink::Store(store.writer(Some(redactor.stream())).unwrap());
    let received = receive(lease(&client(), &server.http(), &Policy::default()).await, get("/"), sink).await.unwrap();
    let stored = stored(&received);
    let text = String::from_utf8(store.read(&stored.reference, 0, 1000).unwrap()).unwrap();
    assert!(text.starts_with("{\"token\":\"‹token ") && !text.contains("canary"), "{text}");
    assert_eq!(stored.length, 29, "the length is that of what came");
}

#[tokio::test]
async fn a_truncated_content_is_kept_on_disk_too() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello").await.unwrap();
    })
    .await;
    let (_folder, store) = store();
    let sink = Sink::Store(store.writer(None).unwrap());
    let failure =
        receive(lease(&client(), &server.http(), &Policy::default()).await, get("/"), sink).await.unwrap_err();
    assert!(matches!(failure.error, Error::Truncated { received: 5, announced: Some(10) }), "{failure:?}");
    let partial = failure.partial.unwrap();
    assert_eq!(store.read(&stored(&partial).reference, 0, 99).unwrap(), b"hello");
}

#[tokio::test]
async fn more_than_memory_may_hold_is_an_error_with_its_beginning() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        let _refused = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789").await;
    })
    .await;
    let lease = lease(&client(), &server.http(), &Policy::default()).await;
    let failure = receive(lease, get("/"), Sink::Memory { limit: 4 }).await.unwrap_err();
    assert_eq!(failure.error, Error::TooLarge { limit: 4 });
    assert_eq!(bytes(failure.partial.as_ref().unwrap()), b"0123");
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_refuses_leaves_the_head() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
        closed(&mut stream).await;
    })
    .await;
    let (folder, store) = store();
    let sink = Sink::Store(store.writer(None).unwrap());
    // the folder goes away under the writer: the content has no place to be
    std::fs::remove_dir_all(folder.path().join("content")).unwrap();
    std::fs::write(folder.path().join("content"), b"").unwrap();
    let failure =
        receive(lease(&client(), &server.http(), &Policy::default()).await, get("/"), sink).await.unwrap_err();
    assert_eq!(failure.error.problem().code, "storage.unwritable", "{failure:?}");
    assert_eq!(failure.partial.unwrap().status, 200);
}
