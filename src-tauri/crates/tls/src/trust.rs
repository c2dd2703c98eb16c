//! Whom to trust: labelled stores, each for all hosts or for some. Stores stay apart, so that every
//! accepted path can say which store holds its root.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
pub use countersign_evidence::Profile;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;

use crate::certificate::{Comparable, certificates_from_pem};
use crate::danger::AcceptUnverified;
use crate::{Certificate, Error, Pin};

/// Which store an anchor comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoreLabel {
    /// Given on the command line for this call.
    Command,
    /// The running gateway's own root.
    Gateway,
    /// The set Mozilla trusts for servers, compiled in.
    Mozilla,
    /// The operating system's.
    Os,
    /// A CA file of the workspace, by its name.
    Workspace(String),
}

impl StoreLabel {
    /// In a sentence, `the OS store`.
    pub(crate) fn words(&self) -> String {
        match self {
            StoreLabel::Command => "the CA file of this call".to_owned(),
            StoreLabel::Gateway => "the gateway's root".to_owned(),
            StoreLabel::Mozilla => "Mozilla".to_owned(),
            StoreLabel::Os => "OS".to_owned(),
            StoreLabel::Workspace(name) => format!("workspace CA {name}"),
        }
    }

    /// Preference among equal paths: what was chosen by hand first.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            StoreLabel::Command => 0,
            StoreLabel::Gateway => 1,
            StoreLabel::Workspace(_) => 2,
            StoreLabel::Os => 3,
            StoreLabel::Mozilla => 4,
        }
    }
}

impl fmt::Display for StoreLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreLabel::Command => "command",
            StoreLabel::Gateway => "gateway",
            StoreLabel::Mozilla => "mozilla",
            StoreLabel::Os => "os",
            StoreLabel::Workspace(name) => name,
        })
    }
}

/// A host a store or a credential is bound to: `host`, `host:port`, `*.suffix`, or `*`. No port: any port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    name: String,
    port: Option<u16>,
}

impl HostPattern {
    /// Reads a pattern; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port.parse().ok()?)),
            _ => (text.as_str(), None),
        };
        let dotted = name.trim_matches(['[', ']']);
        let name = dotted.trim_end_matches('.');
        // `*.` is a suffix that was forgotten, not every host
        if name == "*" && dotted != name {
            return None;
        }
        let plain = name.strip_prefix("*.").unwrap_or(name);
        let well_formed = name == "*" || (!plain.is_empty() && !plain.contains(['*', '/', '@', ' ']));
        well_formed.then(|| Self { name: name.to_owned(), port })
    }

    /// Whether it stands for every host.
    pub fn is_any(&self) -> bool {
        self.name == "*"
    }

    /// Whether this endpoint is meant. `*.suffix` covers any number of labels, but not the suffix itself.
    pub fn matches(&self, host: &str, port: u16) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let named = match self.name.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.name,
        };
        named && self.port.is_none_or(|own| own == port)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Anchors under one label. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    label: StoreLabel,
    hosts: Vec<HostPattern>,
    anchors: Arc<Anchors>,
}

#[derive(Debug)]
struct Anchors {
    certificates: Vec<Certificate>,
    by_subject: HashMap<Comparable, Vec<usize>>,
}

impl Store {
    /// Certificates that do not parse are left out, as the verifier would leave them out.
    pub fn new(label: StoreLabel, anchors: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let certificates: Vec<Certificate> =
            anchors.into_iter().filter_map(|der| Certificate::from_der(&der).ok()).collect();
        let mut by_subject: HashMap<Comparable, Vec<usize>> = HashMap::new();
        for (index, certificate) in certificates.iter().enumerate() {
            by_subject.entry(certificate.subject_name.clone()).or_default().push(index);
        }
        Self { label, hosts: Vec::new(), anchors: Arc::new(Anchors { certificates, by_subject }) }
    }

    /// From a PEM text, or one DER certificate; an empty or unreadable text is an error that names the store.
    pub fn from_file_contents(label: StoreLabel, contents: &[u8]) -> Result<Self, Error> {
        let malformed = |reason: String| Error::CaMalformed { store: label.to_string(), reason };
        let list = if contents.first() == Some(&0x30) {
            vec![CertificateDer::from(contents.to_vec())]
        } else {
            certificates_from_pem(contents).map_err(|error| malformed(error.reason))?
        };
        if list.is_empty() {
            return Err(malformed("no certificate in it".to_owned()));
        }
        for der in &list {
            Certificate::from_der(der).map_err(|error| malformed(error.to_string()))?;
        }
        Ok(Self::new(label, list))
    }

    /// What the operating system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured). Reads files: call it once.
    pub fn os() -> Self {
        Self::new(StoreLabel::Os, rustls_native_certs::load_native_certs().certs)
    }

    /// The compiled-in Mozilla set.
    pub fn mozilla() -> Self {
        Self::new(StoreLabel::Mozilla, webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned())
    }

    /// Counts only for these hosts.
    #[must_use]
    pub fn for_hosts(mut self, hosts: Vec<HostPattern>) -> Self {
        self.hosts = hosts;
        self
    }

    /// Its label.
    pub fn label(&self) -> &StoreLabel {
        &self.label
    }

    /// The hosts it is bound to; empty: it counts for all.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// The anchors in it.
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors.certificates
    }

    pub(crate) fn applies(&self, host: &str, port: u16) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|pattern| pattern.matches(host, port))
    }

    /// The anchors whose name a certificate gives as its issuer (RFC 5280 §7.1).
    pub(crate) fn issuers_of(&self, child: &Certificate) -> impl Iterator<Item = &Certificate> {
        let found = self.anchors.by_subject.get(&child.issuer_name);
        found.into_iter().flatten().filter_map(|index| self.anchors.certificates.get(*index))
    }
}

/// Everything that decides whether a chain is believed. Immutable; a clone is one reference.
#[derive(Clone, Debug)]
pub struct Trust {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    stores: Vec<Store>,
    pins: Vec<Pin>,
    accept_unverified: Vec<AcceptUnverified>,
    profile: Profile,
    fingerprint: [u8; 32],
}

impl Trust {
    /// Starts with nothing.
    pub fn builder() -> TrustBuilder {
        TrustBuilder::default()
    }

    /// Every store.
    pub fn stores(&self) -> &[Store] {
        &self.inner.stores
    }

    /// Which rules apply to notes.
    pub fn profile(&self) -> Profile {
        self.inner.profile
    }

    /// Equal fingerprints decide equally; part of the key for configurations and pooled connections.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.inner.fingerprint
    }

    /// The stores that count for this endpoint, with their positions.
    pub(crate) fn applicable(&self, host: &str, port: u16) -> Vec<(usize, &Store)> {
        self.inner.stores.iter().enumerate().filter(|(_, store)| store.applies(host, port)).collect()
    }

    /// The pins of this endpoint.
    pub(crate) fn pinned(&self, host: &str, port: u16) -> Vec<&Pin> {
        self.inner.pins.iter().filter(|pin| pin.host().matches(host, port)).collect()
    }

    pub(crate) fn accepts_unverified(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.inner.accept_unverified.iter().any(|accepted| accepted.host() == host)
    }

    pub(crate) fn roots(stores: &[(usize, &Store)]) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        for (_, store) in stores {
            roots.add_parsable_certificates(store.anchors().iter().map(|anchor| anchor.der().clone()));
        }
        roots
    }
}

impl Default for Trust {
    fn default() -> Self {
        Self::builder().build()
    }
}

/// Collects what a [`Trust`] is made of.
#[derive(Clone, Debug, Default)]
pub struct TrustBuilder {
    stores: Vec<Store>,
    pins: Vec<Pin>,
    accept_unverified: Vec<AcceptUnverified>,
    profile: Profile,
}

impl TrustBuilder {
    /// Adds a store.
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.stores.push(store);
        self
    }

    /// Adds a pinned key of a host.
    #[must_use]
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pins.push(pin);
        self
    }

    /// Accepts one host whatever its chain is; loud in every record.
    #[must_use]
    pub fn accept_unverified(mut self, host: AcceptUnverified) -> Self {
        self.accept_unverified.push(host);
        self
    }

    /// Which rules apply to notes.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The finished trust.
    pub fn build(self) -> Trust {
        let mut context = digest::Context::new(&digest::SHA256);
        for store in &self.stores {
            context.update(format!("store {} {:?}\n", store.label, store.hosts).as_bytes());
            for anchor in store.anchors() {
                context.update(anchor.view().fingerprints.sha256.as_bytes());
            }
        }
        context.update(format!("{:?} {:?} {:?}", self.pins, self.accept_unverified, self.profile).as_bytes());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.finish().as_ref());
        let Self { stores, pins, accept_unverified, profile } = self;
        Trust { inner: Arc::new(Inner { stores, pins, accept_unverified, profile, fingerprint }) }
    }
}

/// Whether an anchor is in the set Mozilla trusts: then rules for public CAs apply under profile `auto`.
pub(crate) fn is_public(anchor: &Certificate) -> bool {
    static PUBLIC: OnceLock<HashSet<&'static [u8]>> = OnceLock::new();
    PUBLIC
        .get_or_init(|| webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| der.as_ref()).collect())
        .contains(anchor.der().as_ref())
}

#[cfg(test)]
mod tests {
    use super::{HostPattern, Store, StoreLabel, Trust};

    #[test]
    fn host_patterns_match_exactly_what_they_say() {
        for (pattern, host, port, expected) in [
            ("api.example.test", "API.example.test", 443, true),
            ("api.example.test:8443", "api.example.test", 443, false),
            ("*.example.test", "a.b.example.test", 443, true),
            ("*.example.test", "example.test", 443, false),
            ("*.example.test", "badexample.test", 443, false),
            ("[::1]:8443", "::1", 8443, true),
            ("::1", "[::1]", 1, true),
            ("127.0.0.1", "127.0.0.1", 80, true),
        ] {
            assert_eq!(HostPattern::parse(pattern).unwrap().matches(host, port), expected, "{pattern} {host}:{port}");
        }
        for bad in ["", "a*.test", "https://a", "a b", "x:y", "*."] {
            assert_eq!(HostPattern::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn another_store_is_another_fingerprint() {
        let empty = Trust::default();
        let labelled = Trust::builder().store(Store::new(StoreLabel::Gateway, [])).build();
        assert_ne!(empty.fingerprint(), labelled.fingerprint());
        assert_eq!(empty.fingerprint(), Trust::default().fingerprint());
    }

    #[test]
    fn every_anchor_of_the_mozilla_set_parses() {
        assert_eq!(Store::mozilla().anchors().len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    }

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let label = StoreLabel::Workspace("acme-root".to_owned());
        for contents in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let problem = Store::from_file_contents(label.clone(), contents).unwrap_err().problem();
            assert_eq!(problem.code, "tls.ca_malformed");
            assert!(problem.title.contains("acme-root"), "{problem:?}");
        }
    }
}
