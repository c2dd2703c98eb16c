//! Hellos as our own decoder reads them, and answers byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::answer::read;
use super::{Answer, GROUPS, Hello, Mismatch, Offer, Prober, Until, legacy_suites, mismatch};
use crate::Alert;
use crate::recorder::{Flight, Sender};
use crate::wire;

const OURS: [u16; 4] = [0x11ec, 0x001d, 0x0017, 0x0018];

#[test]
fn a_hello_reads_as_what_it_offers() {
    for offer in [Offer::Tls13, Offer::Legacy(0x0303), Offer::Legacy(0x0301), Offer::Legacy(0x0300)] {
        let mut hello = Hello::everything(offer, Some("api.example.test"));
        hello.protocols = vec!["h2", "http/1.1"];
        let flight = Flight { from: Sender::Client, at_us: 0, bytes: hello.record(&[7; 64]) };
        let decoded = wire::decode(&[flight], &[]);
        let [message] = decoded.messages.as_slice() else { panic!("one message: {:?}", decoded.messages) };
        assert_eq!(wire::name(message), "ClientHello");
        let fields = wire::fields(message, offer == Offer::Tls13, None);
        assert!(fields.iter().all(|field| field.name != "undecoded"), "{offer:?}: {fields:?}");
        let has = |text: &str| fields.iter().any(|field| field.value.contains(text));
        assert_eq!(has("api.example.test"), offer != Offer::Legacy(0x0300), "{offer:?}: extensions came with TLS");
    }
}

#[test]
fn every_suite_of_the_registry_is_offered_once_and_fits_a_record() {
    let suites = legacy_suites();
    let unique: std::collections::BTreeSet<u16> = suites.iter().copied().collect();
    assert_eq!(unique.len(), suites.len(), "no suite twice");
    assert!(suites.len() > 300, "{} suites", suites.len());
    assert!(suites.contains(&0x0005) && suites.contains(&0xc011), "RC4 is asked for too");
    let record = Hello::everything(Offer::Legacy(0x0303), Some(&"a".repeat(253))).record(&[0; 64]);
    assert!(record.len() < 1 << 14, "{} bytes", record.len());
}

#[test]
fn nothing_is_concluded_from_half_a_message() {
    let alert = [21, 3, 3, 0, 2, 2, 70];
    assert_eq!(read(&alert), Some(Answer::Alert(Alert::of(70))));
    assert_eq!(read(&alert[..6]), None, "not yet");
    assert_eq!(read(b""), None);
    assert!(matches!(read(b"HTTP/1.1 400 Bad Request"), Some(Answer::Http(_))));
    let said = |answer: Option<Answer>| match answer {
        Some(Answer::Hello(said)) => said,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        said(read(&[0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0])).version,
        0x0002,
        "SSL 2.0 answers in its own way"
    );
    for end in 0..hello(0x0303, 0xc02f).len() {
        assert_eq!(read(&hello(0x0303, 0xc02f)[..end]), None, "{end} bytes");
    }
    let whole = said(read(&hello(0x0303, 0xc02f)));
    assert_eq!((whole.version, whole.suite, whole.done), (0x0303, 0xc02f, false));
}

#[test]
fn garbage_is_never_an_answer_and_never_a_panic() {
    let mut state = 1_u32;
    for length in 0..2000_usize {
        let mut bytes = vec![22, 3, 3, (length >> 8) as u8, length as u8, 2];
        bytes.extend((0..length).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }));
        if let Some(Answer::Hello(said)) = read(&bytes) {
            assert!(said.extensions.len() < 1000, "bounded: {said:?}");
        }
    }
}

/// A record with a ServerHello and nothing else.
fn hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([9; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    let mut message = vec![2, 0, 0, body.len() as u8];
    message.extend(body);
    let mut record = vec![22, 3, 1, 0, message.len() as u8];
    record.extend(message);
    record
}

/// A server that answers each hello with what `answer` makes of it; its address.
async fn server(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 5];
            if socket.read_exact(&mut head).await.is_err() {
                continue;
            }
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            if socket.read_exact(&mut hello).await.is_ok() {
                let _gone = socket.write_all(&answer(&hello)).await;
            }
        }
    });
    address
}

async fn asked(address: std::net::SocketAddr) -> Option<Mismatch> {
    let told = |_| {};
    let prober = Prober::new(vec![address], Some("localhost"), Duration::from_secs(5), 6, &told);
    mismatch(&prober, &OURS).await.0
}

const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 1, 0, 2, 2, 40];

#[tokio::test]
async fn a_server_of_an_old_version_is_named() {
    let tls11 = server(|_| hello(0x0302, 0x002f)).await;
    let spoken = vec!["TLS 1.1".to_owned()];
    assert_eq!(asked(tls11).await, Some(Mismatch::Version { spoken }), "whatever it is offered");
    let strict =
        server(|message| if message[4..6] == [3, 0] { hello(0x0300, 0x0005) } else { HANDSHAKE_FAILURE.to_vec() });
    let spoken = vec!["SSL 3.0".to_owned()];
    assert_eq!(asked(strict.await).await, Some(Mismatch::Version { spoken }), "asked for when nothing else is spoken");
}

#[tokio::test]
async fn a_server_of_old_suites_is_named_with_them() {
    let offers = |message: &[u8], suite: u16| message.windows(2).any(|pair| pair == suite.to_be_bytes());
    let cbc = server(move |message| {
        let tls13 = message.windows(7).any(|w| w == [0, 43, 0, 3, 2, 3, 4]);
        match [0xc013_u16, 0x002f].into_iter().find(|suite| !tls13 && offers(message, *suite)) {
            Some(suite) if message[4..6] == [3, 3] => hello(0x0303, suite),
            _ => HANDSHAKE_FAILURE.to_vec(),
        }
    });
    let found = asked(cbc.await).await.unwrap();
    let chosen = ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"].map(ToOwned::to_owned).to_vec();
    assert_eq!(found, Mismatch::Suites { chosen, field_bits: None });
    assert_eq!(found.code(), "tls.cbc_only");
}

#[tokio::test]
async fn a_silent_port_and_one_that_refuses_everything_have_no_cause_to_name() {
    let refusing = server(|_| HANDSHAKE_FAILURE.to_vec()).await;
    assert_eq!(asked(refusing).await, None);
    let told = |_| {};
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = vec![silent.local_addr().unwrap()];
    let prober = Prober::new(address, None, Duration::from_millis(50), 2, &told);
    let hello = Hello { groups: GROUPS[..1].to_vec(), ..Hello::everything(Offer::Tls13, None) };
    assert_eq!(prober.probe(&hello, Until::Done).await, Answer::Silent);
    assert_eq!(prober.count(), 1, "it counts");
}
