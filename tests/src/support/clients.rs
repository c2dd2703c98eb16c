//! Client certificates of a private CA, as the files people are given.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// A CA that issues to clients.
pub struct ClientCa {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    params.distinguished_name = dn;
    params.not_before = OffsetDateTime::now_utc() - Duration::days(30);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(90);
    params
}

impl ClientCa {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut root = params(name);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = root.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(root, key), pem }
    }

    /// `NAME.pem` with certificate and key, `NAME.crt` and `NAME.key` apart; ends so many days from now.
    pub fn issue(&self, folder: &Path, name: &str, days: i64) {
        let key = KeyPair::generate().unwrap();
        let mut leaf = params(name);
        leaf.not_after = OffsetDateTime::now_utc() + Duration::days(days);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = leaf.signed_by(&key, &self.issuer).unwrap().pem();
        let write = |ending: &str, text: &str| std::fs::write(folder.join(format!("{name}.{ending}")), text).unwrap();
        write("pem", &format!("{certificate}{}", key.serialize_pem()));
        write("crt", &certificate);
        write("key", &key.serialize_pem());
    }
}
