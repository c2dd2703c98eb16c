//! Chains for tests, made with rcgen and judged by the real verifier at a time the test chooses.

pub(crate) mod ocsp;

use std::time::{Duration, SystemTime};

use countersign_evidence::{Profile, Timestamp};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use time::OffsetDateTime;

use crate::explain::{Decision, Explanation, Question, Supplement, explain};
use crate::recorder::{self, Endpoint, Recorder};
use crate::verifier::RecordingVerifier;
use crate::{HostPattern, Store, StoreLabel, Trust};

/// Seconds.
pub(crate) const DAY: i64 = 86_400;

/// When the certificates begin to be valid.
pub(crate) fn beginning() -> SystemTime {
    Timestamp::parse("2027-03-01T00:00:00Z").unwrap().to_system()
}

/// So many seconds after (or before) that.
pub(crate) fn moment(offset: i64) -> SystemTime {
    let span = Duration::from_secs(offset.unsigned_abs());
    if offset < 0 { beginning() - span } else { beginning() + span }
}

/// A CA that can issue.
pub(crate) struct Ca {
    pub(crate) certificate: Certificate,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

/// Common name, valid for so many days.
pub(crate) fn params(name: &str, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::from(beginning());
    params.not_after = OffsetDateTime::from(beginning()) + time::Duration::days(days);
    params.use_authority_key_identifier_extension = true;
    params
}

pub(crate) fn ca_params(name: &str, days: i64, constraints: BasicConstraints) -> CertificateParams {
    let mut params = params(name, days);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// `localhost` and 127.0.0.1, 90 days.
pub(crate) fn leaf_params() -> CertificateParams {
    let mut params = params("localhost", 90);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = vec![dns("localhost"), SanType::IpAddress([127, 0, 0, 1].into())];
    params
}

pub(crate) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

impl Ca {
    pub(crate) fn root(name: &str) -> Self {
        Self::root_with(ca_params(name, 3650, BasicConstraints::Unconstrained))
    }

    pub(crate) fn root_with(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }
}

/// A chain with its root and the key of its end entity.
pub(crate) struct Made {
    pub(crate) sent: Vec<CertificateDer<'static>>,
    pub(crate) root: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) profile: Profile,
    /// Whom the store with the root is bound to.
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) host: String,
}

impl Made {
    /// Root, one intermediate, end entity.
    pub(crate) fn good() -> Self {
        Self::with(|_| {}, |_| {})
    }

    pub(crate) fn named(prefix: &str) -> Self {
        Self::build(prefix, |_| {}, |_| {}, false)
    }

    /// Changed end entity, changed intermediate.
    pub(crate) fn with(leaf: impl FnOnce(&mut CertificateParams), ca: impl FnOnce(&mut CertificateParams)) -> Self {
        Self::build("Made", leaf, ca, false)
    }

    /// Root, two intermediates, end entity.
    pub(crate) fn deep() -> Self {
        Self::build("Made", |_| {}, |_| {}, true)
    }

    /// An end entity that signed itself.
    pub(crate) fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = leaf_params();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { sent: vec![certificate], ..Self::around(Ca::root("Made root").der(), key_of(&key)) }
    }

    fn build(
        prefix: &str,
        leaf: impl FnOnce(&mut CertificateParams),
        ca: impl FnOnce(&mut CertificateParams),
        deep: bool,
    ) -> Self {
        let root = Ca::root(&format!("{prefix} root"));
        let upper = ca_params(&format!("{prefix} upper"), 2000, BasicConstraints::Unconstrained);
        let above = if deep { Some(root.below(upper)) } else { None };
        let mut lower = ca_params(&format!("{prefix} issuing"), 1095, BasicConstraints::Unconstrained);
        ca(&mut lower);
        let issuing = above.as_ref().unwrap_or(&root).below(lower);
        let mut params = leaf_params();
        leaf(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuing.issuer).unwrap().der().clone();
        let mut sent = vec![certificate, issuing.der()];
        sent.extend(above.iter().map(Ca::der));
        Self { sent, ..Self::around(root.der(), key_of(&key)) }
    }

    fn around(root: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> Self {
        Self { sent: Vec::new(), root, key, profile: Profile::Auto, hosts: Vec::new(), host: "localhost".to_owned() }
    }

    /// The root in one store.
    pub(crate) fn trust(&self) -> Trust {
        let store = Store::new(StoreLabel::Workspace("made-root".to_owned()), [self.root.clone()]);
        Trust::builder().store(store.for_hosts(self.hosts.clone())).profile(self.profile).build()
    }

    /// What the verifier says of it, and why, so many seconds after the beginning.
    pub(crate) fn at(&self, offset: i64) -> Explanation {
        self.judged(&self.trust(), offset)
    }

    /// Under the rules for public CAs.
    pub(crate) fn public(self) -> Self {
        Self { profile: Profile::Public, ..self }
    }

    /// Likewise with other stores.
    pub(crate) fn judged(&self, trust: &Trust, offset: i64) -> Explanation {
        self.supplemented(trust, offset, Supplement::default())
    }

    /// Likewise with what else is known.
    pub(crate) fn supplemented(&self, trust: &Trust, offset: i64, supplement: Supplement<'_>) -> Explanation {
        let decision = decision(&self.sent, &self.host, trust, moment(offset));
        explain(&Question {
            chain: &self.sent,
            host: &self.host,
            port: 443,
            trust,
            at: moment(offset),
            decision: &decision,
            supplement,
        })
    }
}

pub(crate) fn key_of(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

/// The verifier itself.
pub(crate) fn decision(chain: &[CertificateDer<'static>], host: &str, trust: &Trust, at: SystemTime) -> Decision {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let now = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    let (leaf, rest) = chain.split_first().unwrap();
    let verifier = RecordingVerifier::new(trust.clone(), false);
    let recorder = Recorder::new(Endpoint { port: 443, dialled: (host.to_owned(), 443) });
    match recorder::scope(&recorder, || verifier.verify_server_cert(leaf, rest, &name, &[], now)) {
        Ok(_) => Decision::Accepted,
        Err(error) => Decision::Refused(error),
    }
}

/// The ids of what was found, in order.
pub(crate) fn ids(explanation: &Explanation) -> Vec<String> {
    explanation.findings.iter().map(|finding| finding.id.clone()).collect()
}

/// Whether it was found, so many seconds after the beginning.
pub(crate) fn found(chain: &Made, offset: i64, id: &str) -> bool {
    chain.at(offset).findings.iter().any(|finding| finding.id == id)
}

/// A certificate with other bytes in one place; its signature does not fit any more.
pub(crate) fn written(der: &CertificateDer<'_>, place: usize, bytes: &[u8]) -> CertificateDer<'static> {
    let mut out = der.to_vec();
    out[place..place + bytes.len()].copy_from_slice(bytes);
    CertificateDer::from(out)
}

/// Likewise, the place found by what stands there.
pub(crate) fn patched(der: &CertificateDer<'_>, from: &[u8], to: &[u8]) -> CertificateDer<'static> {
    assert_eq!(from.len(), to.len(), "lengths stay, or the DER breaks");
    let place = der.windows(from.len()).position(|part| part == from).expect("the bytes are there");
    written(der, place, to)
}

/// One element of DER.
pub(crate) fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..128 => out.push(short as u8),
        long => {
            let bytes = (long as u32).to_be_bytes();
            let digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
    }
    out.extend(contents);
    out
}

/// Timestamps of logs, so many seconds after the beginning; their signatures are made up.
pub(crate) fn scts(offsets: &[i64]) -> CustomExtension {
    let mut list = Vec::new();
    for offset in offsets {
        let millis = Timestamp::from_system(moment(*offset)).unix_millis();
        let mut sct = vec![0];
        sct.extend([7; 32]);
        sct.extend(millis.to_be_bytes());
        sct.extend([0, 0, 4, 3, 0, 2, 1, 1]);
        list.extend((sct.len() as u16).to_be_bytes());
        list.extend(sct);
    }
    let mut content = (list.len() as u16).to_be_bytes().to_vec();
    content.extend(list);
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2], tlv(4, &content))
}

/// Critical names.
pub(crate) fn critical_names(name: &str) -> CustomExtension {
    let content = tlv(0x30, &tlv(0x82, name.as_bytes()));
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], content);
    extension.set_criticality(true);
    extension
}

/// The address of the issuer.
pub(crate) fn access(address: &str) -> CustomExtension {
    let description = [tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]), tlv(0x86, address.as_bytes())].concat();
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tlv(0x30, &tlv(0x30, &description)))
}

/// `leaf → root A`, and with them root A signed by root B, valid for so many days.
pub(crate) fn cross_signed(days: i64) -> Made {
    let (a, b) = (Ca::root("Root A"), Ca::root("Root B"));
    let key = KeyPair::generate().unwrap();
    let leaf = leaf_params().signed_by(&key, &a.issuer).unwrap();
    let cross =
        ca_params("Root A", days, BasicConstraints::Unconstrained).signed_by(a.issuer.key(), &b.issuer).unwrap();
    Made { sent: vec![leaf.der().clone(), cross.der().clone()], root: a.der(), ..Made::good() }
}
