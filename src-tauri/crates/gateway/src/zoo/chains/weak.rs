//! Keys and signatures that are too weak. What no library here signs with comes from `certs/fixtures`, made once with another
//! tool: end entities, and public keys of issuers that are certified under the lab root here, so that the weakness is the
//! only thing wrong with the path.

use rcgen::{CertificateParams, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use super::super::authority::{ForeignRsa, KeyKind, ca_params, intermediate, unreadable};
use super::super::mint::{Chain, Leaf, Mint};
use super::Table;
use crate::Error;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../../../certs/fixtures/", $name, ".pem"))
    };
}

pub(super) const TABLE: Table = &[
    ("sha1-leaf", |mint| fixed(mint, &[fixture!("sha1-leaf")], "Countersign fixture issuing", fixture!("issuing.pub"))),
    ("md5", |mint| fixed(mint, &[fixture!("md5")], "Countersign fixture issuing", fixture!("issuing.pub"))),
    ("sha1-intermediate", |mint| {
        let sent = [fixture!("sha1-intermediate"), fixture!("sha1-issuing")];
        fixed(mint, &sent, "Countersign fixture upper", fixture!("upper.pub"))
    }),
    ("rsa-1024-intermediate", |mint| {
        let sent = [fixture!("rsa-1024-intermediate")];
        fixed(mint, &sent, "Countersign fixture issuing 1024", fixture!("issuing-1024.pub"))
    }),
    ("rsa-1024", |mint| proved_by_nobody(mint, fixture!("rsa-1024.pub"))),
    ("close-primes", |mint| proved_by_nobody(mint, fixture!("close-primes.pub"))),
    ("key-mismatch", |mint| {
        let mut chain = mint.chain(&mint.leaf(mint.host)?)?;
        chain.key = Some(KeyKind::P256.make()?);
        Ok(chain)
    }),
];

/// The usages of an RSA key, and one of 2048 bits.
pub(super) fn rsa_2048(leaf: &mut Leaf) {
    leaf.key = KeyKind::Rsa2048;
    leaf.params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
}

/// Certificates of the fixtures below an issuer whose public key is certified here.
fn fixed(mint: &Mint<'_>, sent: &[&str], issuer: &str, key: &str) -> Result<Chain, Error> {
    let mut params: CertificateParams = ca_params(issuer, mint.now, 1095);
    intermediate(&mut params, &mint.authorities.base);
    let issuer = mint.authorities.root.sign(&params, &public(key)?)?;
    let mut chain: Vec<CertificateDer<'static>> = sent
        .iter()
        .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable("zoo fixture")))
        .collect::<Result<_, _>>()?;
    chain.push(issuer);
    Ok(Chain { sent: chain, key: None, ocsp: None, issuing: None })
}

/// A good certificate for a key that nobody here has.
fn proved_by_nobody(mint: &Mint<'_>, key: &str) -> Result<Chain, Error> {
    let (key, issuing) = (public(key)?, &mint.authorities.issuing);
    let leaf = mint.changed(rsa_2048)?;
    let certificate = issuing.sign(&mint.complete(&leaf, issuing, &key), &key)?;
    Ok(Chain { sent: vec![certificate, issuing.der.clone()], key: None, ocsp: None, issuing: None })
}

fn public(pem: &str) -> Result<ForeignRsa, Error> {
    let spki = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable("zoo fixture"))?;
    ForeignRsa::from_der(spki.as_ref()).ok_or_else(|| unreadable("zoo fixture"))
}
