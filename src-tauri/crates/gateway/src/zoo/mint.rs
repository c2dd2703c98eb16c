//! A server's certificate as a public CA would issue it today, to be changed into a broken one, and the chain around it.

use std::sync::Arc;

use aws_lc_rs::digest;
use rcgen::{
    CertificateParams, CrlDistributionPoint, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PublicKeyData,
    SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};

use super::authority::{Authorities, Ca, KeyKind, made, named};
use super::extension;
use crate::Error;

/// How long a good certificate lives.
pub(super) const LIFE: Duration = Duration::days(45);

/// What a case presents.
pub(super) struct Chain {
    /// As sent, the server's own first.
    pub(super) sent: Vec<CertificateDer<'static>>,
    /// The key it proves; absent where nobody has it.
    pub(super) key: Option<Arc<KeyPair>>,
    /// The stapled OCSP response.
    pub(super) ocsp: Option<Vec<u8>>,
    /// The CA of the server's certificate, when it is not the shared one.
    pub(super) issuing: Option<Ca>,
}

impl Chain {
    /// With a staple.
    pub(super) fn stapled(mut self, response: Vec<u8>) -> Self {
        self.ocsp = Some(response);
        self
    }

    /// Sends one more certificate.
    pub(super) fn and(mut self, certificate: &CertificateDer<'static>) -> Self {
        self.sent.push(certificate.clone());
        self
    }
}

/// A certificate before it is signed.
pub(super) struct Leaf {
    pub(super) params: CertificateParams,
    pub(super) key: KeyKind,
    /// How many timestamps of logs it carries.
    pub(super) timestamps: u8,
    /// Whether it says where its issuer lies.
    pub(super) says_issuer: bool,
}

/// What a case is made from.
pub(super) struct Mint<'a> {
    pub(super) authorities: &'a Authorities,
    /// The case's id.
    pub(super) case: &'a str,
    /// The name that will be asked for.
    pub(super) host: &'a str,
    /// The gateway's time, without fractions.
    pub(super) now: OffsetDateTime,
}

impl Mint<'_> {
    /// A good certificate for a name: P-256, 45 days, from yesterday.
    pub(super) fn leaf(&self, host: &str) -> Result<Leaf, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(host);
        params.not_before = self.now - Duration::days(1);
        params.not_after = params.not_before + LIFE - Duration::SECOND;
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![dns(host)?];
        if host == "localhost" {
            params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
            params.subject_alt_names.push(SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()));
        }
        Ok(Leaf { params, key: KeyKind::P256, timestamps: 2, says_issuer: true })
    }

    /// That certificate, changed.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Leaf)) -> Result<Leaf, Error> {
        let mut leaf = self.leaf(self.host)?;
        change(&mut leaf);
        Ok(leaf)
    }

    /// The parameters as they are signed: serial number, addresses, timestamps.
    pub(super) fn complete(&self, leaf: &Leaf, ca: &Ca, key: &impl PublicKeyData) -> CertificateParams {
        let base = &self.authorities.base;
        let mut params = leaf.params.clone();
        if params.serial_number.is_none() {
            let seed = [self.case.as_bytes(), &self.now.unix_timestamp().to_be_bytes(), key.der_bytes()].concat();
            let mut serial = digest::digest(&digest::SHA256, &seed).as_ref()[..16].to_vec();
            // positive, and no octet fewer
            serial[0] = serial[0] & 0x7f | 0x40;
            params.serial_number = Some(SerialNumber::from_slice(&serial));
        }
        params.crl_distribution_points =
            vec![CrlDistributionPoint { uris: vec![format!("{base}/crl/{}.crl", ca.slug)] }];
        let issuer = leaf.says_issuer.then(|| format!("{base}/issuer/{}.der", ca.slug));
        let ocsp = format!("{base}/ocsp/{}", ca.slug);
        let mut extensions = vec![
            extension::policies(&extension::DOMAIN_VALIDATED),
            extension::authority_information(issuer.as_deref(), Some(&ocsp)),
        ];
        if leaf.timestamps > 0 {
            extensions.push(extension::timestamps(leaf.timestamps, leaf.params.not_before + Duration::HOUR));
        }
        params.custom_extensions.splice(0..0, extensions);
        params
    }

    /// Signed by that CA: the certificate and its key.
    pub(super) fn signed(&self, leaf: &Leaf, ca: &Ca) -> Result<(CertificateDer<'static>, Arc<KeyPair>), Error> {
        let key = leaf.key.make()?;
        let certificate = ca.sign(&self.complete(leaf, ca, key.as_ref()), key.as_ref())?;
        Ok((certificate, key))
    }

    /// The certificate under the shared intermediate, with it.
    pub(super) fn chain(&self, leaf: &Leaf) -> Result<Chain, Error> {
        self.under(leaf, &self.authorities.issuing, &[])
    }

    /// The certificate under a CA of the case's own, with it and what stands above it.
    pub(super) fn under(&self, leaf: &Leaf, ca: &Ca, above: &[&Ca]) -> Result<Chain, Error> {
        let (certificate, key) = self.signed(leaf, ca)?;
        let mut sent = vec![certificate, ca.der.clone()];
        sent.extend(above.iter().map(|ca| ca.der.clone()));
        let issuing = (ca.slug != self.authorities.issuing.slug).then(|| ca.clone());
        Ok(Chain { sent, key: Some(key), ocsp: None, issuing })
    }

    /// The certificate under the shared intermediate, its signed fields or the whole of it damaged.
    pub(super) fn damaged(
        &self,
        leaf: &Leaf,
        damage: impl FnOnce(&[u8], &Ca) -> Option<Result<Vec<u8>, Error>>,
    ) -> Result<Chain, Error> {
        let mut chain = self.chain(leaf)?;
        if let Some(own) = chain.sent.first_mut() {
            let damaged = damage(own.as_ref(), &self.authorities.issuing);
            *own = damaged.unwrap_or_else(|| Err(super::authority::unreadable("zoo certificate")))?.into();
        }
        Ok(chain)
    }
}

/// A dNSName.
pub(super) fn dns(name: &str) -> Result<SanType, Error> {
    name.try_into().map(SanType::DnsName).map_err(made("name"))
}
