//! Certificates for the peers: root, intermediate, leaf for localhost.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

/// A private CA with one leaf, as PEM files in a folder.
pub struct Pki {
    folder: tempfile::TempDir,
    pub key: String,
    pub leaf: String,
    pub chain: String,
    pub root: String,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    params.distinguished_name = dn;
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(90);
    params
}

impl Pki {
    /// Fresh keys, valid from yesterday for 90 days.
    pub fn new() -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = named("Peer test root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_certificate = root.self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(root, root_key);

        let middle_key = KeyPair::generate().unwrap();
        let mut middle = named("Peer test issuing");
        middle.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        middle.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let middle_certificate = middle.signed_by(&middle_key, &root_issuer).unwrap();
        let middle_issuer = Issuer::new(middle, middle_key);

        let key = KeyPair::generate().unwrap();
        let mut leaf = named("localhost");
        leaf.subject_alt_names =
            vec![SanType::DnsName("localhost".try_into().unwrap()), SanType::IpAddress("127.0.0.1".parse().unwrap())];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let leaf_certificate = leaf.signed_by(&key, &middle_issuer).unwrap();

        let pki = Self {
            folder: tempfile::tempdir().unwrap(),
            key: key.serialize_pem(),
            leaf: leaf_certificate.pem(),
            chain: format!("{}{}", leaf_certificate.pem(), middle_certificate.pem()),
            root: root_certificate.pem(),
        };
        for (name, text) in
            [("key.pem", &pki.key), ("leaf.pem", &pki.leaf), ("chain.pem", &pki.chain), ("root.pem", &pki.root)]
        {
            std::fs::write(pki.path().join(name), text).unwrap();
        }
        std::fs::write(pki.path().join("intermediate.pem"), middle_certificate.pem()).unwrap();
        pki
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `key.pem`, `leaf.pem`, `intermediate.pem`, `chain.pem`, `root.pem`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }
}
