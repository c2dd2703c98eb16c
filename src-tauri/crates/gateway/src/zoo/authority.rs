//! The zoo's CAs: one intermediate under the lab root that every good case shares, and what a case makes for itself.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    RevocationReason, RevokedCertParams, SerialNumber, SigningKey as _,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use super::der::{self, Element};
use super::extension;
use crate::Error;

pub(super) fn made(what: &'static str) -> impl Fn(rcgen::Error) -> Error {
    move |e| Error::Make { what, reason: e.to_string() }
}

/// A library of ours wrote something it cannot read back.
pub(super) fn unreadable(what: &'static str) -> Error {
    Error::Make { what, reason: "its own DER does not read".to_owned() }
}

/// The kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    Ed25519,
    MlDsa65,
    P256,
    P521,
    Rsa2048,
    Rsa8192,
}

impl KeyKind {
    /// A new key; the RSA ones are made once in a process, because making them takes long.
    pub(super) fn make(self) -> Result<Arc<KeyPair>, Error> {
        static RSA_2048: OnceLock<Result<Arc<KeyPair>, String>> = OnceLock::new();
        static RSA_8192: OnceLock<Result<Arc<KeyPair>, String>> = OnceLock::new();
        let kept = |cell: &OnceLock<Result<Arc<KeyPair>, String>>, size| {
            let kept = cell.get_or_init(|| rsa(size).map(Arc::new)).clone();
            kept.map_err(|reason| Error::Make { what: "RSA key", reason })
        };
        let algorithm = match self {
            KeyKind::Ed25519 => &rcgen::PKCS_ED25519,
            KeyKind::MlDsa65 => &rcgen::PKCS_ML_DSA_65,
            KeyKind::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyKind::P521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            KeyKind::Rsa2048 => return kept(&RSA_2048, KeySize::Rsa2048),
            KeyKind::Rsa8192 => return kept(&RSA_8192, KeySize::Rsa8192),
        };
        KeyPair::generate_for(algorithm).map(Arc::new).map_err(made("zoo key"))
    }
}

fn rsa(size: KeySize) -> Result<KeyPair, String> {
    let key = aws_lc_rs::rsa::KeyPair::generate(size).map_err(|e| e.to_string())?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|e| e.to_string())?;
    let der = PrivatePkcs8KeyDer::from(der.as_ref());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_RSA_SHA256).map_err(|e| e.to_string())
}

/// An RSA public key whose private key nobody has.
pub(super) struct ForeignRsa {
    key: Vec<u8>,
}

impl ForeignRsa {
    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub(super) fn from_der(spki: &[u8]) -> Option<Self> {
        let parts = der::within(spki)?;
        let (unused, key) = parts.get(1).filter(|part| part.tag == der::BIT_STRING)?.content.split_first()?;
        (*unused == 0).then(|| Self { key: key.to_vec() })
    }
}

impl PublicKeyData for ForeignRsa {
    fn der_bytes(&self) -> &[u8] {
        &self.key
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// A key pair that several hold.
pub(super) struct SharedKey(Arc<KeyPair>);

impl PublicKeyData for SharedKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        PublicKeyData::algorithm(self.0.as_ref())
    }
}

impl rcgen::SigningKey for SharedKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message)
    }
}

/// A CA that signs.
#[derive(Clone)]
pub(super) struct Ca {
    /// Under which its certificate, list and responder lie on the zoo's plain listener.
    pub(super) slug: String,
    pub(super) der: CertificateDer<'static>,
    issuer: Arc<Issuer<'static, SharedKey>>,
}

impl Ca {
    /// Of what is known of it already.
    pub(super) fn new(slug: &str, der: CertificateDer<'static>, params: CertificateParams, key: Arc<KeyPair>) -> Self {
        Self { slug: slug.to_owned(), der, issuer: Arc::new(Issuer::new(params, SharedKey(key))) }
    }

    /// One that signed itself.
    pub(super) fn root(slug: &str, name: &str, now: OffsetDateTime) -> Result<Self, Error> {
        let (params, key) = (ca_params(name, now, 3650), KeyKind::P256.make()?);
        let der = params.self_signed(key.as_ref()).map_err(made("zoo root"))?.der().clone();
        Ok(Self::new(slug, der, params, key))
    }

    /// One below this.
    pub(super) fn below(&self, slug: &str, params: CertificateParams) -> Result<Self, Error> {
        let key = KeyKind::P256.make()?;
        self.below_with(slug, params, key)
    }

    /// One below this, with a key that others have too.
    pub(super) fn below_with(&self, slug: &str, params: CertificateParams, key: Arc<KeyPair>) -> Result<Self, Error> {
        let der = self.sign(&params, key.as_ref())?;
        Ok(Self::new(slug, der, params, key))
    }

    /// A certificate for that key.
    pub(super) fn sign(
        &self,
        params: &CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<CertificateDer<'static>, Error> {
        Ok(params.signed_by(key, &self.issuer).map_err(made("zoo certificate"))?.der().clone())
    }

    /// A signature by its key, ECDSA with SHA-256.
    pub(super) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.issuer.key().sign(message).map_err(made("zoo signature"))
    }

    /// Its list (RFC 5280 §5): the serial numbers were revoked a day ago, for keyCompromise.
    pub(super) fn revocation_list(&self, revoked: &[&[u8]], now: OffsetDateTime) -> Result<Vec<u8>, Error> {
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: now - Duration::days(1),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: now - Duration::hours(1),
            next_update: now + Duration::days(7),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer).map_err(made("revocation list"))?.der().to_vec())
    }
}

/// A CA of that name.
pub(super) fn ca_params(name: &str, now: OffsetDateTime, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(days);
    params.use_authority_key_identifier_extension = true;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A distinguished name with a common name only.
pub(super) fn named(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

/// X.509 knows no fractions of a second.
pub(super) fn whole_seconds(now: OffsetDateTime) -> OffsetDateTime {
    now.replace_nanosecond(0).unwrap_or(now)
}

/// What every case stands on.
pub(super) struct Authorities {
    /// The lab root, which workspaces trust.
    pub(super) root: Ca,
    /// The intermediate of the good cases.
    pub(super) issuing: Ca,
    /// The plain listener: `http://127.0.0.1:40500`.
    pub(super) base: String,
    /// The serial number that the revocation list of `issuing` names.
    pub(super) revoked: Vec<u8>,
    /// Issues the client certificates that the servers accept.
    pub(super) clients: Ca,
}

impl Authorities {
    /// Below the lab root; the plain listener is at that address.
    pub(super) fn make(root: Ca, plain: SocketAddr, now: OffsetDateTime) -> Result<Self, Error> {
        let base = format!("http://{plain}");
        let mut params = ca_params("Countersign zoo issuing", now, 1095);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        intermediate(&mut params, &base);
        let issuing = root.below("issuing", params)?;
        let clients = Ca::root("clients", "Countersign zoo clients", now)?;
        let revoked = digest::digest(&digest::SHA256, issuing.der.as_ref()).as_ref()[1..17].to_vec();
        Ok(Self { root, issuing, base, revoked, clients })
    }

    /// A CA below the lab root for one case, changed as wanted.
    pub(super) fn own(
        &self,
        case: &str,
        name: &str,
        now: OffsetDateTime,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Result<Ca, Error> {
        let mut params = ca_params(name, now, 1095);
        intermediate(&mut params, &self.base);
        change(&mut params);
        self.root.below(case, params)
    }
}

/// What a public CA's intermediate carries: what it is for, a policy, where its issuer and the list lie.
pub(super) fn intermediate(params: &mut CertificateParams, base: &str) {
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![format!("{base}/crl/root.crl")] }];
    params.custom_extensions = vec![
        extension::policies(&extension::DOMAIN_VALIDATED),
        extension::authority_information(Some(&format!("{base}/issuer/root.der")), None),
    ];
}

/// The fields of a certificate's signed part (RFC 5280 §4.1.2), from the version on.
pub(super) fn fields(certificate: &[u8]) -> Option<Vec<Element<'_>>> {
    der::within(der::within(certificate)?.first()?.whole)
}
