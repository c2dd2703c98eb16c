//! Scans of a server whose every setting is known.

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_evidence::{Scan, Timestamp};
use tokio::io::AsyncWriteExt as _;

use super::{Bench, Server, config, mutual};
use crate::fixture::{Ca, Made};
use crate::{Policy, Target};

async fn scan(target: &Target) -> Result<Scan, crate::Error> {
    let told = AtomicUsize::new(0);
    let count = |ended| told.store(ended, Ordering::Relaxed);
    let scan = Bench::new().connector.scan(target, &Policy::default(), Timestamp::from_unix_seconds(0), &count).await?;
    assert_eq!(scan.probes, u64::try_from(told.into_inner()).unwrap(), "each probe was told of");
    Ok(scan)
}

fn feature<'a>(scan: &'a Scan, name: &str) -> Option<&'a str> {
    scan.features.iter().find(|feature| feature.name == name).map(|feature| feature.value.as_str())
}

#[tokio::test]
async fn what_the_library_serves_is_what_a_scan_finds() {
    let server = Server::tls(config(&Made::good())).await;
    let scan = scan(&server.target()).await.unwrap();
    let accepted: Vec<_> = scan.versions.iter().filter(|v| v.accepted).map(|v| v.name.as_str()).collect();
    assert_eq!(accepted, ["TLS 1.3", "TLS 1.2"], "{:?}", scan.versions);
    let suites = |at: usize| scan.versions[at].suites.iter().map(|s| s.name.as_str()).collect::<Vec<_>>();
    let tls13 = ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"];
    assert_eq!(suites(0), tls13);
    let tls12 = [
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ];
    assert_eq!(suites(1), tls12, "those its key can sign");
    assert!(scan.versions.iter().flat_map(|v| &v.suites).all(|suite| suite.remark.is_none()), "nothing against them");
    let groups: Vec<_> = scan.groups.iter().map(|g| (g.name.as_str(), g.post_quantum)).collect();
    let expected = [("X25519MLKEM768", true), ("x25519", false), ("secp256r1", false), ("secp384r1", false)];
    assert_eq!(groups, expected, "without a share for any of them");
    assert_eq!(scan.signature_schemes, ["ecdsa_secp256r1_sha256"]);
    assert_eq!(feature(&scan, "ALPN"), Some("h2, http/1.1"));
    assert_eq!(feature(&scan, "Extended master secret"), Some("yes"));
    assert_eq!(feature(&scan, "Client certificate"), Some("not requested"));
    assert_eq!(feature(&scan, "Encrypt-then-MAC"), None, "no suite has a MAC of its own");
    assert!(scan.title.starts_with("Speaks TLS 1.3 and 1.2, prefers hybrid groups"), "{}", scan.title);
    assert!(scan.findings.iter().all(|finding| !finding.id.starts_with("scan.suite")), "{:?}", scan.findings);
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_is_told() {
    let server = Server::tls(mutual(&Made::good(), &Ca::root("Clients"), true)).await;
    let scan = scan(&server.target()).await.unwrap();
    assert_eq!(feature(&scan, "Client certificate"), Some("requested"), "{:?}", scan.features);
}

#[tokio::test]
async fn what_speaks_no_tls_is_an_error_that_says_what_it_speaks() {
    let http = Server::new(|mut stream| async move {
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
    })
    .await;
    let error = scan(&http.target()).await.unwrap_err();
    assert_eq!(error.problem().code, "tls.plain_http");
    let closed = Server::new(|stream| async move { drop(stream) }).await;
    let target = closed.target();
    drop(closed);
    let error = scan(&target).await.unwrap_err();
    assert_eq!(error.problem().code, "tcp.refused");
    let garbage = Server::new(|mut stream| async move {
        drop(stream.write_all(b"220 mail.example.test ESMTP\r\n").await);
    })
    .await;
    assert_eq!(scan(&garbage.target()).await.unwrap_err().problem().code, "tls.not_tls");
}
