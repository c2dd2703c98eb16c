//! The local CA: root, intermediate, leaf, made anew at each start (certs/README.md draws the plan). Broken
//! leaves for the certificate faults are made with it.

use std::sync::Arc;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ServerConfig;
use time::{Duration, OffsetDateTime};

use crate::Error;
use crate::mutual::{AnyClient, Clients};

/// What the API's listener can present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The chain of a case of the zoo.
    Case(&'static str),
    Expired,
    Good,
    UntrustedRoot,
    WrongHost,
}

/// The root and the ready-made server configurations.
pub(crate) struct Pki {
    pub(crate) root_pem: String,
    pub(crate) root_der: Vec<u8>,
    root_params: CertificateParams,
    root_key: Arc<KeyPair>,
    pub(crate) good: Arc<ServerConfig>,
    /// As the good one; it asks for a client certificate.
    pub(crate) mutual: Arc<ServerConfig>,
    /// The CA of the lab's clients.
    pub(crate) clients: Clients,
    expired: Arc<ServerConfig>,
    untrusted_root: Arc<ServerConfig>,
    wrong_host: Arc<ServerConfig>,
}

fn made(what: &'static str) -> impl Fn(rcgen::Error) -> Error {
    move |e| Error::Make { what, reason: e.to_string() }
}

/// A CA that signs leaves: the intermediate, with the certificates to present above a leaf.
struct Authority {
    root: Certificate,
    root_params: CertificateParams,
    root_key: Arc<KeyPair>,
    intermediate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

fn params(name: &str, now: OffsetDateTime, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(days);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(prefix: &str, now: OffsetDateTime) -> Result<Authority, Error> {
    let root_key = KeyPair::generate().map_err(made("root key"))?;
    let mut root = params(&format!("{prefix} root"), now, 3650);
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root_certificate = root.self_signed(&root_key).map_err(made("root certificate"))?;
    let root_issuer = Issuer::from_params(&root, &root_key);

    let key = KeyPair::generate().map_err(made("intermediate key"))?;
    let mut intermediate = params(&format!("{prefix} issuing"), now, 1095);
    intermediate.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    intermediate.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = intermediate.signed_by(&key, &root_issuer).map_err(made("intermediate certificate"))?;
    Ok(Authority {
        root: root_certificate,
        intermediate: certificate,
        issuer: Issuer::new(intermediate, key),
        root_params: root,
        root_key: Arc::new(root_key),
    })
}

impl Authority {
    fn server(
        &self,
        change: impl FnOnce(&mut CertificateParams),
        now: OffsetDateTime,
        mutual: bool,
    ) -> Result<Arc<ServerConfig>, Error> {
        let key = KeyPair::generate().map_err(made("server key"))?;
        let mut leaf = params("localhost", now, 90);
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let dns = |name: &str| name.try_into().map(SanType::DnsName).map_err(made("name"));
        leaf.subject_alt_names = vec![
            dns("localhost")?,
            SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()),
            SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
        ];
        change(&mut leaf);
        let certificate = leaf.signed_by(&key, &self.issuer).map_err(made("server certificate"))?;
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone(), self.intermediate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let make = |e: rustls::Error| Error::Make { what: "server configuration", reason: e.to_string() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(make)?;
        let builder = if mutual {
            builder.with_client_cert_verifier(Arc::new(AnyClient(algorithms)))
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder.with_single_cert(chain, key).map_err(make)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // the certificate is to be seen as it is; the zoo has a case that compresses it
        config.cert_compressors = Vec::new();
        Ok(Arc::new(config))
    }
}

impl Pki {
    /// Makes everything for this time.
    pub(crate) fn make(now: SystemTime) -> Result<Self, Error> {
        let now = OffsetDateTime::from(now);
        let lab = authority("Countersign lab", now)?;
        let unknown = authority("Unknown", now)?;
        let expired = |leaf: &mut CertificateParams| {
            leaf.not_before = now - Duration::days(93);
            leaf.not_after = now - Duration::days(3);
        };
        let elsewhere = "payments.example.test".try_into().map_err(made("name"))?;
        let wrong_host = |leaf: &mut CertificateParams| {
            leaf.distinguished_name.push(DnType::CommonName, "payments.example.test");
            leaf.subject_alt_names = vec![SanType::DnsName(elsewhere)];
        };
        Ok(Self {
            root_pem: lab.root.pem(),
            root_der: lab.root.der().to_vec(),
            root_params: lab.root_params.clone(),
            root_key: Arc::clone(&lab.root_key),
            good: lab.server(|_| {}, now, false)?,
            mutual: lab.server(|_| {}, now, true)?,
            clients: Clients::make(now)?,
            expired: lab.server(expired, now, false)?,
            wrong_host: lab.server(wrong_host, now, false)?,
            untrusted_root: unknown.server(|_| {}, now, false)?,
        })
    }

    /// The root as a CA that signs: for the zoo.
    pub(crate) fn root_authority(&self) -> (CertificateDer<'static>, CertificateParams, Arc<KeyPair>) {
        (self.root_der.clone().into(), self.root_params.clone(), Arc::clone(&self.root_key))
    }

    pub(crate) fn config(&self, presented: Presented) -> Arc<ServerConfig> {
        match presented {
            Presented::Expired => self.expired.clone(),
            // the zoo makes what a case presents
            Presented::Case(_) | Presented::Good => self.good.clone(),
            Presented::UntrustedRoot => self.untrusted_root.clone(),
            Presented::WrongHost => self.wrong_host.clone(),
        }
    }
}
