//! Whom the server asks us to be.

use std::sync::Arc;

use countersign_evidence::{CertificateUse, HandshakeKind, VerdictState};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};
use tokio::io::AsyncReadExt as _;

use super::{Bench, LIMIT, Server, code, mutual};
use crate::fixture::{Ca, Made, key_of};
use crate::policy::Version;
use crate::{Alert, ClientIdentity, Policy, alert_in, error_for_alert_after_handshake};

fn identity(by: &Ca) -> Arc<ClientIdentity> {
    let key = KeyPair::generate().unwrap();
    let mut params = crate::fixture::params("merchant 7", 90);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    // the server judges by the clock of this machine
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(2099, 1, 1);
    let certificate = params.signed_by(&key, &by.issuer).unwrap();
    Arc::new(ClientIdentity::new(vec![certificate.der().clone()], key_of(&key)).unwrap())
}

#[tokio::test]
async fn a_client_certificate_that_was_asked_for_and_not_sent_is_written_down() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, false)).await;
    let record = Bench::new().connect(&server.target(), &Policy::new(chain.trust())).await.unwrap().record;
    let handshake = record.handshake.as_ref().unwrap();
    assert!(handshake.client_certificate_requested);
    assert_eq!(handshake.client_certificate, Some(CertificateUse::default()));
    assert_eq!(handshake.acceptable_issuers, ["CN=Clients"]);
}

#[tokio::test]
async fn a_client_certificate_is_sent_and_named() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, false)).await;
    let policy = Policy { client_identity: Some(identity(&clients)), ..Policy::new(chain.trust()) };
    let record = Bench::new().connect(&server.target(), &policy).await.unwrap().record;
    let used = record.handshake.as_ref().unwrap().client_certificate.clone();
    assert_eq!(
        used,
        Some(CertificateUse {
            sent: true,
            subject: Some("CN=merchant 7".to_owned()),
            issuer: Some("CN=Clients".to_owned()),
            ..CertificateUse::default()
        })
    );
}

#[tokio::test]
async fn a_demand_for_a_client_certificate_is_recognised_in_both_versions() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, true)).await;
    let bench = Bench::new();
    let old = Policy { max_version: Some(Version::Tls12), ..Policy::new(chain.trust()) };
    assert_eq!(
        code(&bench.refused(&server.target(), &old).await),
        "client_certificate.required",
        "TLS 1.2: in the handshake"
    );

    let mut connection = bench.connect(&server.target(), &Policy::new(chain.trust())).await.unwrap();
    let error = connection.io.read_u8().await.unwrap_err();
    let alert = alert_in(&error).expect("TLS 1.3: in the first read");
    let error = error_for_alert_after_handshake(&connection.record, alert).unwrap();
    assert_eq!(error.problem().code, "client_certificate.required");
    assert!(error.problem().detail.contains("CN=Clients"), "the issuers it accepts: {error:?}");
    assert_eq!(error_for_alert_after_handshake(&connection.record, Alert(0)), None, "close_notify is a goodbye");
}

#[tokio::test]
async fn a_refused_client_certificate_is_named() {
    let (chain, clients) = (Made::good(), Ca::root("Clients"));
    let server = Server::tls(mutual(&chain, &clients, true)).await;
    let stranger = Ca::root("Strangers");
    let policy = Policy {
        client_identity: Some(identity(&stranger)),
        max_version: Some(Version::Tls12),
        ..Policy::new(chain.trust())
    };
    let failure = Bench::new().refused(&server.target(), &policy).await;
    assert_eq!(code(&failure), "client_certificate.refused");
    assert_eq!(failure.record.verdict.state, VerdictState::Trusted, "the server had proved itself");
    assert!(failure.error.problem().detail.contains("sent CN=merchant 7"), "{failure:?}");
}

#[tokio::test]
async fn observing_completes_the_handshake_of_a_refused_chain_and_shows_nobody() {
    let (mut chain, clients) = (Made::good(), Ca::root("Clients"));
    chain.sent.truncate(1);
    let server = Server::tls(mutual(&chain, &clients, false)).await;
    let policy = Policy { client_identity: Some(identity(&clients)), ..Policy::new(chain.trust()) };
    let record = Bench::new().connector.observe(&server.target(), &policy, LIMIT, &()).await;
    assert_eq!(
        (record.verdict.state, record.verdict.reason.as_str()),
        (VerdictState::NotTrusted, "path.missing_intermediate")
    );
    assert!(record.failure.is_none(), "the handshake itself ended well");
    let handshake = record.handshake.as_ref().unwrap();
    assert_eq!(handshake.kind, Some(HandshakeKind::Full));
    assert_eq!(handshake.client_certificate, Some(CertificateUse::default()), "whoever asks");
}
