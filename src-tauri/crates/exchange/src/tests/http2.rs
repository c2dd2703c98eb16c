//! HTTP/2: shared connections, and servers that give streams up.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use countersign_tls::{Alpn, Policy};
use http::{HeaderName, HeaderValue, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio_rustls::server::TlsStream;

use super::lab::{Answering, Lab, Server, bytes, client, get, lease, post, scripted_tls, send, served, until};
use crate::{Error, Protocol};

type H2 = h2::server::Connection<TlsStream<TcpStream>, Bytes>;

/// A server that speaks HTTP/2 frame by frame.
async fn framed<F, W>(lab: &Lab, script: F) -> (Server, Policy)
where
    F: Fn(H2, usize) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let server = scripted_tls(lab.config(&["h2"], false), move |stream, number| {
        let script = script.clone();
        async move { script(h2::server::handshake(stream).await.unwrap(), number).await }
    })
    .await;
    (server, lab.policy(Alpn::Auto))
}

fn ok() -> Response<()> {
    Response::new(())
}

#[tokio::test]
async fn a_request_goes_out_with_its_authority_and_comes_back_with_trailers() {
    let lab = Lab::new();
    let server = served(lab.config(&["h2", "http/1.1"], false), |request| -> Answering {
        Box::pin(async move {
            let (parts, content) = request.into_parts();
            let content = content.collect().await.unwrap().to_bytes();
            let names: Vec<&str> = parts.headers.keys().map(HeaderName::as_str).collect();
            let seen = format!("{:?} {} {} {names:?} {content:?}", parts.version, parts.method, parts.uri);
            let trailers =
                http::HeaderMap::from_iter([(HeaderName::from_static("x-sum"), HeaderValue::from_static("1"))]);
            let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from(seen))), Ok(Frame::trailers(trailers))];
            Response::new(StreamBody::new(futures_util::stream::iter(frames)).boxed())
        })
    })
    .await;
    let lease = lease(&client(), &server.https(), &lab.policy(Alpn::Auto)).await;
    assert_eq!((lease.protocol(), lease.protocol().words()), (Protocol::Http2, "HTTP/2"));
    let mut outgoing = post("/v1?x=1", &b"{}"[..]);
    for (name, value) in [("zeta", "1"), ("connection", "keep-alive"), ("alpha", "2")] {
        outgoing.fields.push((HeaderName::from_static(name), HeaderValue::from_static(value)));
    }
    let received = send(lease, outgoing).await.unwrap();
    let expected = format!(
        "HTTP/2.0 POST https://localhost:{}/v1?x=1 [\"zeta\", \"alpha\", \"content-length\"] b\"{{}}\"",
        server.address.port()
    );
    assert_eq!(std::str::from_utf8(bytes(&received)).unwrap(), expected);
    assert_eq!(received.trailers, [("x-sum".to_owned(), b"1".to_vec())]);
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_connection() {
    let lab = Lab::new();
    let both = Arc::new(Barrier::new(2));
    let server = served(lab.config(&["h2"], false), move |_| -> Answering {
        let both = both.clone();
        Box::pin(async move {
            both.wait().await;
            Response::new(Full::new(Bytes::from_static(b"together")).boxed())
        })
    })
    .await;
    let (client, policy) = (client(), lab.policy(Alpn::Auto));
    let first = lease(&client, &server.https(), &policy).await;
    let second = lease(&client, &server.https(), &policy).await;
    assert!(!first.reused() && second.reused());
    assert!(Arc::ptr_eq(first.record(), second.record()), "one socket, one record");
    let (one, other) = tokio::join!(send(first, get("/1")), send(second, get("/2")));
    assert_eq!((bytes(&one.unwrap()), bytes(&other.unwrap())), (&b"together"[..], &b"together"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_at_once_end_well_in_both_versions() {
    let lab = Lab::new();
    for protocol in ["http/1.1", "h2"] {
        let server = served(lab.config(&[protocol], false), |request| -> Answering {
            Box::pin(async move {
                let content = request.into_body().collect().await.unwrap().to_bytes();
                Response::new(Full::new(content).boxed())
            })
        })
        .await;
        let (client, policy, target) = (client(), lab.policy(Alpn::Auto), server.https());
        let mut all = tokio::task::JoinSet::new();
        for number in 0..20usize {
            let (client, policy, target) = (client.clone(), policy.clone(), target.clone());
            all.spawn(async move {
                for turn in 0..10usize {
                    let content = vec![u8::try_from(number + turn).unwrap(); number * 1000 + turn];
                    let received =
                        send(lease(&client, &target, &policy).await, post("/", content.clone())).await.unwrap();
                    assert!(bytes(&received) == content, "{number} {turn}");
                }
            });
        }
        all.join_all().await;
    }
}

#[tokio::test]
async fn each_part_has_its_own_time_on_a_shared_connection_too() {
    let lab = Lab::new();
    let server = served(lab.config(&["h2"], false), |_| -> Answering {
        Box::pin(async move {
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            Response::new(Full::new(Bytes::from_static(b"late")).boxed())
        })
    })
    .await;
    let (client, policy) = (client(), lab.policy(Alpn::Auto));
    for outgoing in [get("/"), post("/", vec![0; 300_000])] {
        let received = send(lease(&client, &server.https(), &policy).await, outgoing).await.unwrap();
        let timing = received.timing;
        assert!(timing.request > 0 && timing.request < 50_000 && timing.first_byte >= 50_000, "{timing:?}");
    }
}

#[tokio::test]
async fn a_refused_stream_on_a_reused_connection_may_be_sent_again() {
    let lab = Lab::new();
    let (server, policy) = framed(&lab, |mut connection, _| async move {
        let mut count = 0;
        while let Some(Ok((_, mut answer))) = connection.accept().await {
            count += 1;
            if count == 1 {
                answer.send_response(ok(), true).unwrap();
            } else {
                answer.send_reset(h2::Reason::REFUSED_STREAM);
            }
        }
    })
    .await;
    let client = client();
    send(lease(&client, &server.https(), &policy).await, get("/")).await.unwrap();
    let second = lease(&client, &server.https(), &policy).await;
    assert!(second.reused());
    let failure = send(second, post("/", &b"x"[..])).await.unwrap_err();
    assert!(
        matches!(&failure.error, Error::StreamReset { reason, unprocessed: true, .. } if reason == "REFUSED_STREAM"),
        "{failure:?}"
    );
    assert!(failure.unsent_on_pooled, "RFC 9113 §8.7: the request was not processed");
}

#[tokio::test]
async fn a_stream_reset_in_the_middle_keeps_what_came() {
    let lab = Lab::new();
    let (server, policy) = framed(&lab, |mut connection, _| async move {
        while let Some(Ok((_, mut answer))) = connection.accept().await {
            let mut content = answer.send_response(ok(), false).unwrap();
            content.send_data(Bytes::from_static(b"half"), false).unwrap();
            tokio::spawn(async move {
                // the data goes first: a reset discards what is not yet on the wire
                content.reserve_capacity(1);
                let _granted = std::future::poll_fn(|context| content.poll_capacity(context)).await;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                content.send_reset(h2::Reason::INTERNAL_ERROR);
            });
        }
    })
    .await;
    let failure = send(lease(&client(), &server.https(), &policy).await, get("/")).await.unwrap_err();
    assert_eq!(failure.error.problem().code, "exchange.stream_reset");
    assert!(failure.sent && !failure.unsent_on_pooled);
    assert_eq!(bytes(failure.partial.as_ref().unwrap()), b"half");
}

#[tokio::test]
async fn an_answer_shorter_than_its_length_is_truncated() {
    let lab = Lab::new();
    let (server, policy) = framed(&lab, |mut connection, _| async move {
        while let Some(Ok((_, mut answer))) = connection.accept().await {
            let head = Response::builder().header("content-length", "10").body(()).unwrap();
            let mut content = answer.send_response(head, false).unwrap();
            content.send_data(Bytes::from_static(b"short"), true).unwrap();
        }
    })
    .await;
    let failure = send(lease(&client(), &server.https(), &policy).await, get("/")).await.unwrap_err();
    let Error::Truncated { received, announced } = failure.error else { panic!("{failure:?}") };
    assert!(received <= 5 && announced == Some(10), "RFC 9113 §8.1.1");
}

#[tokio::test]
async fn a_connection_that_says_goodbye_serves_no_further_request() {
    let lab = Lab::new();
    let (server, policy) = framed(&lab, |mut connection, _| async move {
        if let Some(Ok((_, mut answer))) = connection.accept().await {
            answer.send_response(ok(), true).unwrap();
        }
        connection.graceful_shutdown();
        while connection.accept().await.is_some() {}
    })
    .await;
    let client = client();
    let first = lease(&client, &server.https(), &policy).await;
    let watching = lease(&client, &server.https(), &policy).await;
    assert!(watching.reused());
    send(first, get("/")).await.unwrap();
    until(|| watching.is_closed()).await;
    let failure = send(watching, get("/")).await.unwrap_err();
    assert!(!failure.sent && failure.unsent_on_pooled, "{failure:?}");
    let next = lease(&client, &server.https(), &policy).await;
    assert!(!next.reused(), "its end was noticed");
    send(next, get("/")).await.unwrap();
}
