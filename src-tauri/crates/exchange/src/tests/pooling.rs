//! When a connection is used again, and when not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_evidence::{Fact, Step, StepState};
use countersign_tls::{Alpn, Observer, Policy};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::lab::{
    Lab, PATIENCE, answer_all, client, client_with_idle_limit, closed, get, head, lease, post, scripted, send, until,
};

const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Answers once, then closes when told to.
async fn answer_once(mut stream: TcpStream, close: Arc<Notify>) {
    head(&mut stream).await;
    stream.write_all(EMPTY).await.unwrap();
    close.notified().await;
}

#[tokio::test]
async fn a_pooled_connection_that_was_closed_meanwhile_is_not_used() {
    let close = Arc::new(Notify::new());
    let closing = close.clone();
    let server = scripted(move |stream, _| answer_once(stream, closing.clone())).await;
    let (client, policy) = (client(), Policy::default());
    send(lease(&client, &server.http(), &policy).await, get("/")).await.unwrap();
    // held until its end is known, then given back
    let held = lease(&client, &server.http(), &policy).await;
    assert!(held.reused());
    close.notify_one();
    until(|| held.is_closed()).await;
    drop(held);
    let next = lease(&client, &server.http(), &policy).await;
    assert!(!next.reused(), "a dead connection is noticed when it is asked for");
    send(next, get("/")).await.unwrap();
}

#[tokio::test]
async fn a_request_to_a_pooled_connection_that_just_ended_is_unsent_and_may_go_again() {
    let close = Arc::new(Notify::new());
    let closing = close.clone();
    let server = scripted(move |stream, _| answer_once(stream, closing.clone())).await;
    let (client, policy) = (client(), Policy::default());
    send(lease(&client, &server.http(), &policy).await, get("/")).await.unwrap();
    let pooled = lease(&client, &server.http(), &policy).await;
    close.notify_one();
    until(|| pooled.is_closed()).await;
    let failure = send(pooled, post("/", &b"once only"[..])).await.unwrap_err();
    assert!(!failure.sent && failure.unsent_on_pooled, "{failure:?}");
    assert_eq!(failure.error.problem().code, "exchange.closed");
    let fresh = client.lease(&server.http(), &policy, PATIENCE, true, &()).await.unwrap();
    send(fresh, get("/")).await.unwrap();
}

#[tokio::test]
async fn a_connection_of_its_own_that_ended_is_not_called_pooled() {
    let server = scripted(|stream, _| async move { drop(stream) }).await;
    let lease = lease(&client(), &server.http(), &Policy::default()).await;
    until(|| lease.is_closed()).await;
    let failure = send(lease, get("/")).await.unwrap_err();
    assert!(!failure.sent && !failure.unsent_on_pooled, "sending again would meet the same end: {failure:?}");
}

#[tokio::test]
async fn a_lease_dropped_unused_goes_back() {
    let server = scripted(|mut stream, _| async move { answer_all(&mut stream, EMPTY).await }).await;
    let (client, policy) = (client(), Policy::default());
    let first = lease(&client, &server.http(), &policy).await;
    let record = first.record().clone();
    drop(first);
    let second = lease(&client, &server.http(), &policy).await;
    assert!(second.reused() && Arc::ptr_eq(second.record(), &record));
    let third = lease(&client, &server.http(), &policy).await;
    assert!(!third.reused(), "HTTP/1.1 serves one at a time");
}

struct Told(Mutex<Vec<(Step, StepState)>>);

impl Observer for Told {
    fn event(&self, step: Step, state: StepState, _facts: Vec<Fact>) {
        self.0.lock().unwrap().push((step, state));
    }
}

#[tokio::test]
async fn the_observer_hears_that_a_connection_is_reused() {
    let server = scripted(|mut stream, _| async move { answer_all(&mut stream, EMPTY).await }).await;
    let (client, policy) = (client(), Policy::default());
    drop(lease(&client, &server.http(), &policy).await);
    let told = Told(Mutex::default());
    let lease = client.lease(&server.http(), &policy, PATIENCE, false, &told).await.unwrap();
    assert!(lease.reused());
    assert_eq!(*told.0.lock().unwrap(), [Step::Name, Step::Tcp, Step::Tls].map(|step| (step, StepState::Reused)));
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_the_connectors_failure() {
    let server = scripted(|stream, _| async move { drop(stream) }).await;
    let target = server.http();
    server.stop().await;
    let failure = client().lease(&target, &Policy::default(), PATIENCE, false, &()).await.unwrap_err();
    assert_eq!(failure.error.problem().code, "tcp.refused");
}

#[tokio::test]
async fn another_policy_or_fresh_or_close_means_another_connection() {
    let lab = Lab::new();
    let server = scripted(|mut stream, _| async move { answer_all(&mut stream, EMPTY).await }).await;
    let (client, policy) = (client(), Policy::default());
    drop(lease(&client, &server.http(), &policy).await);
    assert!(!lease(&client, &server.http(), &lab.policy(Alpn::Auto)).await.reused(), "other trust");
    assert!(!client.lease(&server.http(), &policy, PATIENCE, true, &()).await.unwrap().reused(), "asked to be fresh");
    let in_use = lease(&client, &server.http(), &policy).await;
    client.close_idle();
    send(in_use, get("/")).await.unwrap();
    assert!(!lease(&client, &server.http(), &policy).await.reused(), "nothing from before is left");
}

#[tokio::test]
async fn a_connection_the_server_will_close_does_not_go_back() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
    ] {
        let server = scripted(move |mut stream, _| async move { answer_all(&mut stream, answer).await }).await;
        let (client, policy) = (client(), Policy::default());
        send(lease(&client, &server.http(), &policy).await, get("/")).await.unwrap();
        assert!(!lease(&client, &server.http(), &policy).await.reused(), "{answer:?}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let ended = Arc::new(Notify::new());
    let ending = ended.clone();
    let server = scripted(move |mut stream, _| {
        let ending = ending.clone();
        async move {
            answer_all(&mut stream, EMPTY).await;
            closed(&mut stream).await;
            ending.notify_one();
        }
    })
    .await;
    let client = client_with_idle_limit(Duration::from_millis(100));
    send(lease(&client, &server.http(), &Policy::default()).await, get("/")).await.unwrap();
    timeout(PATIENCE, ended.notified()).await.expect("the server sees the end");
    assert!(!lease(&client, &server.http(), &Policy::default()).await.reused());
}

#[tokio::test]
async fn a_connection_in_use_outlives_the_idle_limit() {
    let server = scripted(|mut stream, _| async move {
        head(&mut stream).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(EMPTY).await.unwrap();
        closed(&mut stream).await;
    })
    .await;
    let client = client_with_idle_limit(Duration::from_millis(20));
    send(lease(&client, &server.http(), &Policy::default()).await, get("/")).await.unwrap();
}

#[tokio::test]
async fn dropping_the_client_closes_what_is_idle() {
    let ended = Arc::new(Notify::new());
    let ending = ended.clone();
    let server = scripted(move |mut stream, _| {
        let ending = ending.clone();
        async move {
            answer_all(&mut stream, EMPTY).await;
            ending.notify_one();
        }
    })
    .await;
    let client = client();
    send(lease(&client, &server.http(), &Policy::default()).await, get("/")).await.unwrap();
    drop(client);
    timeout(PATIENCE, ended.notified()).await.expect("the server sees the end");
}
