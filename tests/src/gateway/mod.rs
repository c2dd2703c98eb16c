//! The bundled gateway, judged by clients that share no code with ours: reqwest on its own rustls, jsonwebtoken over
//! the published keys, signatures written out by hand.

mod api;
mod authorization_server;
pub mod client;
mod clients;
mod device;
mod exchange;
mod faults;
pub mod jwt;
mod keycloak;
mod ngenius;
mod platform;
mod proofs;
mod sign_in;
mod sloppy;
mod token_faults;

use std::net::SocketAddr;
use std::sync::Arc;

use countersign_console::clock::Clock;
use countersign_gateway::{Config, Dialect, Gateway};
use countersign_secret::Secret;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::{TLS12, TLS13};

use self::client::{Lab, client, tls, words};
use crate::support::pki::Pki;

fn config() -> Config {
    Config::new(Arc::new(Secret::new("secret".to_owned())), Clock::system(None).wall_function())
}

#[tokio::test]
async fn tls_1_2_and_1_3_and_both_http_versions_are_served_on_both_ports() {
    let lab = Lab::start(Dialect::Rfc).await;
    let ready = lab.gateway.ready();
    for version in [&TLS12, &TLS13] {
        for (protocol, expected) in [("h2", reqwest::Version::HTTP_2), ("http/1.1", reqwest::Version::HTTP_11)] {
            let client = client(tls(lab.gateway.ca_der(), &[version], &[protocol]));
            for (url, status) in [(format!("{}/payments", ready.api), 401), (ready.jwks_uri.clone(), 200)] {
                let response = client.get(&url).send().await.unwrap_or_else(|e| panic!("{}", words(&e)));
                let found = (response.version(), response.status().as_u16());
                assert_eq!(found, (expected, status), "{url} over {version:?}");
            }
        }
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_client_without_the_root_does_not_trust_it_and_that_is_seen() {
    let (lab, stranger) = (Lab::start(Dialect::Rfc).await, Pki::new());
    let mut seen = lab.gateway.subscribe();
    let root = CertificateDer::from_pem_slice(stranger.root.as_bytes()).unwrap();
    let client = client(tls(&root, rustls::ALL_VERSIONS, &["h2"]));
    let error = client.get(lab.api("/payments")).send().await.unwrap_err();
    assert!(words(&error).contains("UnknownIssuer"), "{}", words(&error));
    let entry = seen.recv().await.unwrap();
    assert_eq!((entry.request.as_str(), entry.status), ("TLS, localhost", None));
    assert_eq!(entry.judged, "alert 48, unknown_ca", "the client's alert says why");
    assert!(!entry.on_purpose, "no fault is active");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:8443"] {
        let address: SocketAddr = address.parse().unwrap();
        for is_api in [true, false] {
            let mut config = config();
            *if is_api { &mut config.listen } else { &mut config.authorization_listen } = address;
            let problem = Gateway::start(config).await.err().unwrap().problem();
            assert_eq!(problem.code, "gateway.not_loopback", "{address}");
            assert!(problem.detail.contains(&address.to_string()) && !problem.hints.is_empty(), "{problem:?}");
        }
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut config = config();
    config.listen = taken.local_addr().unwrap();
    let problem = Gateway::start(config).await.err().unwrap().problem();
    assert_eq!(problem.code, "gateway.port_taken");
    assert!(problem.detail.contains(&taken.local_addr().unwrap().port().to_string()), "{problem:?}");
}

#[tokio::test]
async fn stopping_ends_connections_and_frees_the_ports() {
    let lab = Lab::start(Dialect::Rfc).await;
    let port = lab.gateway.port();
    let token = lab.token("payments:read").await;
    assert_eq!(lab.get("/payments", &token).await.status, 200, "a connection stays open in the client's pool");
    lab.gateway.stop().await;
    let error = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn every_answer_names_the_entry_that_judged_it() {
    let lab = Lab::start(Dialect::Rfc).await;
    let token = lab.token("payments:read").await;
    let answer = lab.get("/payments", &token).await;
    let newest = lab.gateway.seen().into_iter().next().unwrap();
    assert_eq!(answer.field("x-gateway-seen"), newest.id.to_string());
    assert_eq!((newest.request.as_str(), newest.status), ("GET /v1/payments", Some(200)));
    assert_eq!(newest.judged, "token accepted, not signed");
    assert_eq!(lab.gateway.seen_count(), 2, "the token call and this one");
    assert_eq!(lab.gateway.most_token_calls_in_flight(), 1);
    lab.gateway.stop().await;
}
