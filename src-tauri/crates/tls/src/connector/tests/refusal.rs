//! Servers that did not prove who they are.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_evidence::{Step, StepState, VerdictState};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;

use super::{Bench, Heard, LIMIT, Server, code, config};
use crate::danger::AcceptUnverified;
use crate::fixture::{DAY, Made, dns};
use crate::{HostPattern, Policy, Trust, provider};

#[tokio::test]
async fn a_refused_chain_is_shown_with_its_verdict() {
    let chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let (bench, heard) = (Bench::new(), Heard::default());
    let other = Policy::new(Made::named("Other").trust());
    let failure = bench.connector.connect(&server.target(), &other, LIMIT, &heard).await.unwrap_err();
    let record = &failure.record;
    assert_eq!(code(&failure), "path.untrusted_root");
    assert_eq!(
        (record.verdict.state, record.verdict.reason.as_str()),
        (VerdictState::NotTrusted, "path.untrusted_root")
    );
    assert_eq!(record.certificates.len(), 2, "what was sent");
    assert_eq!(record.failed_step, Some(Step::Tls));
    let handshake = record.handshake.as_ref().unwrap();
    assert_eq!(handshake.protocol_version.as_deref(), Some("TLSv1.3"), "from the ServerHello on the wire");
    assert_eq!(handshake.named_group.as_deref(), Some("X25519MLKEM768"));
    assert_eq!(record.root_cause.as_ref().map(|cause| &cause.sentence), record.findings.first().map(|f| &f.sentence));
    assert_eq!(heard.steps().last(), Some(&(Step::Tls, StepState::Cause, "Not trusted".to_owned())));
}

#[tokio::test]
async fn refusals_have_the_code_of_their_most_specific_finding() {
    let bench = Bench::new();
    let mut alone = Made::good();
    alone.sent.truncate(1);
    for (chain, offset, expected) in [
        (Made::good(), 93 * DAY, "certificate.expired"),
        (Made::good(), -DAY, "certificate.not_yet_valid"),
        (Made::with(|leaf| leaf.subject_alt_names = vec![dns("other.test")], |_| {}), DAY, "name.mismatch"),
        (alone, DAY, "path.missing_intermediate"),
        (Made::self_signed(|_| {}), DAY, "path.self_signed"),
    ] {
        let server = Server::tls(config(&chain)).await;
        bench.offset.store(offset, Ordering::Relaxed);
        let failure = bench.refused(&server.target(), &Policy::new(chain.trust())).await;
        assert_eq!(code(&failure), expected);
        assert_eq!(failure.record.findings.first().map(|finding| finding.id.as_str()), Some(expected));
    }
}

#[tokio::test]
async fn a_store_bound_to_hosts_does_not_count_for_another() {
    let mut chain = Made::good();
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    chain.hosts = vec![HostPattern::parse("api.corp.test").unwrap()];
    let failure = bench.refused(&server.target(), &Policy::new(chain.trust())).await;
    assert_eq!(code(&failure), "path.untrusted_root");
    assert!(failure.record.findings[0].sentence.contains("trusts for api.corp.test only"), "{failure:?}");
    chain.hosts = vec![HostPattern::parse("localhost").unwrap()];
    assert!(bench.connect(&server.target(), &Policy::new(chain.trust())).await.is_ok());
}

/// Presents a chain with a key that is not its own.
#[derive(Debug)]
struct Mismatched(Arc<CertifiedKey>);

impl ResolvesServerCert for Mismatched {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[tokio::test]
async fn a_key_that_is_not_the_certificates_own_is_recognised() {
    let (chain, other) = (Made::good(), Made::good());
    let key = provider().key_provider.load_private_key(other.key.clone_key()).unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Mismatched(Arc::new(CertifiedKey::new(chain.sent.clone(), key)))));
    let server = Server::tls(config).await;
    let failure = Bench::new().refused(&server.target(), &Policy::new(chain.trust())).await;
    assert_eq!(code(&failure), "certificate.key_mismatch");
    assert_eq!(
        (failure.record.verdict.state, failure.record.verdict.store.as_deref()),
        (VerdictState::NotTrusted, None)
    );
}

#[tokio::test]
async fn a_host_accepted_unverified_is_never_called_trusted() {
    let chain = Made::self_signed(|_| {});
    let server = Server::tls(config(&chain)).await;
    let bench = Bench::new();
    let trust = Trust::builder().accept_unverified(AcceptUnverified::for_host("localhost")).build();
    let policy = Policy::new(trust);
    for _ in 0..2 {
        let record = bench.greeted(&server.target(), &policy).await.record;
        assert_eq!(
            (record.verdict.state, record.verdict.reason.as_str()),
            (VerdictState::NotChecked, "verification_off")
        );
        assert_eq!(record.findings[0].id, "path.self_signed", "what is wrong is written down, when resumed too");
    }
}

#[tokio::test]
async fn an_empty_chain_is_a_protocol_violation_and_no_panic() {
    let key = provider().key_provider.load_private_key(Made::good().key).unwrap();
    let empty: Vec<CertificateDer<'static>> = Vec::new();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Mismatched(Arc::new(CertifiedKey::new(empty, key)))));
    let server = Server::tls(config).await;
    let failure = Bench::new().refused(&server.target(), &Policy::default()).await;
    assert!(code(&failure).starts_with("tls."), "{failure:?}");
}
