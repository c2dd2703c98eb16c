//! The zoo from the outside: a client that accepts anything, and the plan beside what is built.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign_secret::Secret;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::plan::Plan;
use super::{Served, ZooCase, chains, script};
use crate::{Config, Gateway};

/// 2026-09-01T00:00:00Z.
pub(super) fn moment() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_788_220_800)
}

pub(super) async fn start() -> Gateway {
    let mut config = Config::new(Arc::new(Secret::new("secret".to_owned())), Arc::new(moment));
    config.zoo = true;
    Gateway::start(config).await.unwrap()
}

/// Accepts every chain, and signatures by the library's own judgement.
#[derive(Debug)]
struct Anything(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _own: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    // certificates that the library cannot read have signatures that it cannot check
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A client that accepts anything; with a client certificate when one is given.
fn client(own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>) -> ClientConfig {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything(provider)));
    let mut config = match own {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// One request; the whole answer, or why there is none.
async fn fetch(case: &ZooCase, config: &Arc<ClientConfig>) -> std::io::Result<(String, Option<rustls::HandshakeKind>)> {
    let socket = TcpStream::connect(("127.0.0.1", case.port.unwrap())).await?;
    let name = ServerName::try_from(case.host.clone()).unwrap();
    let mut stream = TlsConnector::from(Arc::clone(config)).connect(name, socket).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", case.host);
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let kind = stream.get_ref().1.handshake_kind();
    Ok((answer, kind))
}

#[test]
fn the_plan_and_what_is_built_are_the_same_cases() {
    let planned = |served: &[Served]| -> BTreeSet<&str> {
        let cases = Plan::embedded().cases.iter().filter(|case| served.contains(&case.served));
        cases.map(|case| case.id.as_str()).collect()
    };
    let scripted: BTreeSet<&str> = script::ids().into_iter().collect();
    assert_eq!(planned(&[Served::Scripted]), scripted, "scripted cases");
    let chains: BTreeSet<&str> = chains::ids().into_iter().collect();
    assert_eq!(chains.len(), chains::ids().len(), "no id is built twice");
    let all = planned(&[Served::File, Served::Live, Served::Scripted]);
    assert_eq!(chains.difference(&all).collect::<Vec<_>>(), Vec::<&&str>::new(), "built and not planned");
    let without = all.difference(&chains).filter(|id| !scripted.contains(*id)).collect::<Vec<_>>();
    assert_eq!(without, Vec::<&&str>::new(), "live or a file, and without a chain");
}

/// Live cases whose handshake fails even for a client that accepts anything.
const FAILING: [&str; 8] = [
    "brotli-bomb",
    "huge-certificate",
    "mtls-expired-client",
    "mtls-other-ca",
    "mtls-required-12",
    "mtls-required-13",
    "no-alpn-overlap",
    "rsa-8192",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_live_case_answers_a_client_that_accepts_anything() {
    let gateway = start().await;
    let config = Arc::new(client(None));
    let live = gateway.zoo().into_iter().filter(|case| case.served == Served::Live);
    for case in live.filter(|case| !FAILING.contains(&case.id.as_str())) {
        let (answer, _) = fetch(&case, &config).await.unwrap_or_else(|e| panic!("{}: {e}", case.id));
        let status = if case.id == "captive-portal" { "302 Found" } else { "200 OK" };
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{}: {answer}", case.id);
        assert!(answer.contains(&case.broken), "{}: the answer says what is broken: {answer}", case.id);
    }
    gateway.stop().await;
}
