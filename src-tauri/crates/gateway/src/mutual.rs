//! Mutual TLS for clients (RFC 8705): a listener that asks for a certificate and takes any, and how a certificate is judged.
//!
//! The handshake proves that the client has the key. Whether the certificate stands for a client is the token endpoint's
//! question: one of the lab's own CA by its name (§2.1), one that was registered by its hash (§2.2).

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::{Secret, SecretText};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName as Hint, RootCertStore, SignatureScheme};
use time::{Duration, OffsetDateTime};

use crate::{DEMO_CLIENT, Error};

/// The dNSName of the demo client's certificate: `tls_client_auth_san_dns` (RFC 8705 §2.1.2).
const CLIENT_NAME: &str = "demo-client.clients.test";

/// What the client presented, its own certificate first; of one connection.
#[derive(Clone, Default)]
pub(crate) struct Presented(pub(crate) Arc<Vec<CertificateDer<'static>>>);

impl Presented {
    /// `x5t#S256` (RFC 8705 §3.1) of the client's own certificate.
    pub(crate) fn thumbprint(&self) -> Option<String> {
        self.0.first().map(|own| thumbprint(own))
    }
}

/// `x5t#S256`: the SHA-256 of a certificate, base64url.
pub(crate) fn thumbprint(certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate))
}

/// A client certificate with its key.
pub struct ClientCertificate {
    /// RFC 7468.
    pub certificate_pem: String,
    /// PKCS #8, RFC 7468.
    pub key_pem: SecretText,
}

/// The CA of the lab's clients.
pub(crate) struct Clients {
    issuer: Issuer<'static, KeyPair>,
    verifier: Arc<dyn ClientCertVerifier>,
}

fn made(what: &'static str) -> impl Fn(rcgen::Error) -> Error {
    move |e| Error::Make { what, reason: e.to_string() }
}

fn named(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(365);
    params
}

impl Clients {
    /// Makes the CA for this time.
    pub(crate) fn make(now: OffsetDateTime) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(made("client CA key"))?;
        let mut params = named("Countersign lab clients", now);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).map_err(made("client CA"))?;
        let refused = |reason: String| Error::Make { what: "client CA", reason };
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).map_err(|e| refused(e.to_string()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = builder.build().map_err(|e| refused(e.to_string()))?;
        Ok(Self { issuer: Issuer::new(params, key), verifier })
    }

    /// A new certificate of the demo client, for `tls_client_auth`.
    pub(crate) fn issue(&self, now: OffsetDateTime) -> Result<ClientCertificate, Error> {
        let key = KeyPair::generate().map_err(made("client key"))?;
        let mut params = named(DEMO_CLIENT, now);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![SanType::DnsName(CLIENT_NAME.try_into().map_err(made("name"))?)];
        let certificate = params.signed_by(&key, &self.issuer).map_err(made("client certificate"))?;
        Ok(ClientCertificate { certificate_pem: certificate.pem(), key_pem: Secret::new(key.serialize_pem()) })
    }

    /// Whether the lab's CA issued the chain's certificate to the demo client (RFC 8705 §2.1).
    pub(crate) fn know(&self, presented: &Presented, now: i64) -> bool {
        let Some((own, above)) = presented.0.split_first() else { return false };
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.unsigned_abs()));
        let named = || {
            let parsed = ParsedCertificate::try_from(own).ok()?;
            verify_server_name(&parsed, &ServerName::try_from(CLIENT_NAME).ok()?).ok()
        };
        self.verifier.verify_client_cert(own, above, now).is_ok() && named().is_some()
    }
}

/// Asks for a certificate, takes none or any, and checks that the client has its key.
#[derive(Debug)]
pub(crate) struct AnyClient(pub(crate) WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[Hint] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _above: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use time::OffsetDateTime;

    use super::{Clients, Presented};

    #[test]
    fn a_certificate_of_the_labs_ca_is_known_and_one_of_another_is_not() {
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let (ours, others) = (Clients::make(now).unwrap(), Clients::make(now).unwrap());
        let presented = |clients: &Clients| {
            let pem = clients.issue(now).unwrap().certificate_pem;
            Presented(vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()].into())
        };
        let own = presented(&ours);
        assert!(ours.know(&own, now.unix_timestamp()), "issued by it, for its name");
        assert!(!ours.know(&own, now.unix_timestamp() + 366 * 86_400), "expired");
        assert!(!ours.know(&presented(&others), now.unix_timestamp()), "another CA");
        assert!(!ours.know(&Presented::default(), now.unix_timestamp()), "none at all");
        assert_eq!(own.thumbprint().map(|text| text.len()), Some(43), "SHA-256 in base64url");
    }
}
