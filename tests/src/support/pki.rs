//! Certificates for the peers: root, intermediate, leaf for localhost.

use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
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

/// As a file that OpenSSL 3.0 reads: it takes no PKCS#8 with the public key inside, which is how Ed25519 keys are
/// written otherwise.
fn key_of(algorithm: &'static rcgen::SignatureAlgorithm) -> KeyPair {
    if algorithm != &rcgen::PKCS_ED25519 {
        return KeyPair::generate_for(algorithm).unwrap();
    }
    let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519"]).output().unwrap();
    KeyPair::from_pem(&String::from_utf8(made.stdout).unwrap()).unwrap()
}

impl Pki {
    /// Fresh keys, valid from yesterday for 90 days.
    pub fn new() -> Self {
        Self::with(&rcgen::PKCS_ECDSA_P256_SHA256)
    }

    /// The same with a leaf of this kind of key.
    pub fn with(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
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
        let middle_key_pem = middle_key.serialize_pem();
        let middle_issuer = Issuer::new(middle, middle_key);

        let key = key_of(algorithm);
        let mut leaf = named("localhost");
        leaf.serial_number =
            Some(SerialNumber::from(vec![0x4c, 0x0f, 0xfe, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
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
        std::fs::write(pki.path().join("intermediate-key.pem"), middle_key_pem).unwrap();
        pki
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `staple.der`: what the issuing CA's OCSP responder says of the leaf, made by openssl.
    pub fn staple(&self) -> String {
        let index = "V\t491231235959Z\t\t4C0FFEE00102030405060708090A0B0C\tunknown\t/CN=localhost\n";
        std::fs::write(self.file("index.txt"), index).unwrap();
        let run = |arguments: &[&str]| {
            let done = Command::new("openssl").args(arguments).current_dir(self.path()).output().unwrap();
            assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        };
        run(&["ocsp", "-issuer", "intermediate.pem", "-cert", "leaf.pem", "-reqout", "request.der", "-no_nonce"]);
        let mut answer = vec!["ocsp", "-index", "index.txt", "-CA", "intermediate.pem", "-reqin", "request.der"];
        answer.extend(["-rsigner", "intermediate.pem", "-rkey", "intermediate-key.pem", "-ndays", "7"]);
        answer.extend(["-respout", "staple.der"]);
        run(&answer);
        self.text("staple.der")
    }

    /// `key.pem`, `leaf.pem`, `intermediate.pem`, `chain.pem`, `root.pem`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.file(name).to_str().unwrap().to_owned()
    }
}
