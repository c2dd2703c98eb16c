//! Pinned keys: for a host that has one, a chain counts only where a pinned key is on its path.
//!
//! A pin can be all the trust a host has: "exactly this certificate for this host". Then no store is needed, but
//! name and dates are judged as ever.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, OtherError, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::{Certificate, HostPattern, Store};

/// The SHA-256 of a SubjectPublicKeyInfo (RFC 7469 §2.4 makes it the same way), bound to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    host: HostPattern,
    spki_sha256: String,
}

impl Pin {
    /// From base64 or hexadecimal; `None` where it is not that of 32 bytes, or the host stands for every host.
    pub fn new(host: HostPattern, spki_sha256: &str) -> Option<Self> {
        let text = spki_sha256.trim();
        let bytes = hex::decode(text.replace(':', "")).ok().or_else(|| STANDARD.decode(text).ok())?;
        (bytes.len() == 32 && !host.is_any()).then(|| Self { host, spki_sha256: STANDARD.encode(bytes) })
    }

    /// The host it is bound to.
    pub fn host(&self) -> &HostPattern {
        &self.host
    }

    /// Base64.
    pub fn spki_sha256(&self) -> &str {
        &self.spki_sha256
    }

    fn is_of(&self, certificate: &Certificate) -> bool {
        spki_sha256(certificate) == self.spki_sha256
    }
}

/// As a pin is written: base64.
pub(crate) fn spki_sha256(certificate: &Certificate) -> String {
    STANDARD.encode(digest::digest(&digest::SHA256, &certificate.spki))
}

/// No pinned key is on a path of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinMismatch {
    /// The pins of the host, base64.
    pub(crate) pinned: Vec<String>,
}

impl fmt::Display for PinMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no key of the chain is pinned for this host ({})", self.pinned.join(", "))
    }
}

impl std::error::Error for PinMismatch {}

/// What is judged beside the pins.
pub(crate) struct Presented<'a> {
    pub(crate) end_entity: &'a CertificateDer<'a>,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
    pub(crate) server_name: &'a ServerName<'a>,
    pub(crate) stores: &'a [(usize, &'a Store)],
    pub(crate) now: UnixTime,
    pub(crate) provider: &'a Arc<CryptoProvider>,
}

impl Presented<'_> {
    /// The verifier's word with the pins of the host: without pins it stays as it is. A refusal for another reason
    /// than a missing anchor stays too.
    pub(crate) fn judged(&self, result: Result<(), Error>, pins: &[&Pin]) -> Result<(), Error> {
        let anchorless = match &result {
            _ if pins.is_empty() => return result,
            Ok(()) => false,
            Err(Error::InvalidCertificate(error)) => is_about_anchors(error),
            Err(_) => false,
        };
        if result.is_err() && !anchorless {
            return result;
        }
        let leaf_pinned = parsed(self.end_entity).is_some_and(|leaf| pins.iter().any(|pin| pin.is_of(&leaf)));
        match result {
            Ok(()) if leaf_pinned || self.verifies_below(pins).is_ok() => Ok(()),
            Ok(()) => Err(mismatch(pins)),
            Err(_) if leaf_pinned => self.is_for_this_name_now(),
            Err(error) => match self.verifies_below(pins) {
                Ok(()) => Ok(()),
                Err(Some(other)) if !is_anchorless(&other) => Err(other),
                Err(_) => Err(error),
            },
        }
    }

    /// The verifier with the pinned certificates, sent or in a store, for its only anchors: a certificate that is
    /// merely sent along proves nothing.
    fn verifies_below(&self, pins: &[&Pin]) -> Result<(), Option<Error>> {
        let sent = self.intermediates.iter().filter_map(parsed);
        let anchors = self.stores.iter().flat_map(|(_, store)| store.anchors().iter().cloned());
        let pinned = sent.chain(anchors).filter(|one| pins.iter().any(|pin| pin.is_of(one)));
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(pinned.map(|one| one.der().clone()));
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(self.provider))
            .build()
            .map_err(|_| None)?;
        verifier
            .verify_server_cert(self.end_entity, self.intermediates, self.server_name, &[], self.now)
            .map(drop)
            .map_err(Some)
    }

    fn is_for_this_name_now(&self) -> Result<(), Error> {
        verify_server_name(&ParsedCertificate::try_from(self.end_entity)?, self.server_name)?;
        let bad = || Error::InvalidCertificate(CertificateError::BadEncoding);
        let leaf = parsed(self.end_entity).ok_or_else(bad)?;
        let now = i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX);
        if now < leaf.view().not_before.unix_seconds() {
            return Err(Error::InvalidCertificate(CertificateError::NotValidYet));
        }
        if now > leaf.view().not_after.unix_seconds() {
            return Err(Error::InvalidCertificate(CertificateError::Expired));
        }
        Ok(())
    }
}

fn parsed(der: &CertificateDer<'_>) -> Option<Certificate> {
    Certificate::from_der(der).ok()
}

fn mismatch(pins: &[&Pin]) -> Error {
    let pinned = pins.iter().map(|pin| pin.spki_sha256.clone()).collect();
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(PinMismatch { pinned }))))
}

fn is_anchorless(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(error) if is_about_anchors(error))
}

/// No path to an anchor; a self-signed CA certificate as end entity is told otherwise by the library.
fn is_about_anchors(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer => true,
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

/// The mismatch inside a refusal.
pub(crate) fn mismatch_in(error: &Error) -> Option<&PinMismatch> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use countersign_evidence::VerdictState;

    use super::{Pin, spki_sha256};
    use crate::explain::Explanation;
    use crate::fixture::{DAY, Made, ids};
    use crate::{Certificate, HostPattern, Store, StoreLabel, Trust};

    fn pin_of(chain: &Made, index: usize) -> Pin {
        let certificate = Certificate::from_der(&chain.sent[index]).unwrap();
        pin(&spki_sha256(&certificate))
    }

    fn pin(spki_sha256: &str) -> Pin {
        Pin::new(HostPattern::parse("localhost:443").unwrap(), spki_sha256).unwrap()
    }

    fn judged(chain: &Made, in_store: bool, pins: &[Pin], offset: i64) -> Explanation {
        let store = Store::new(StoreLabel::Os, in_store.then(|| chain.root.clone()));
        let trust = pins.iter().fold(Trust::builder().store(store), |builder, pin| builder.pin(pin.clone()));
        chain.judged(&trust.build(), offset)
    }

    fn state(explanation: &Explanation) -> (VerdictState, &str) {
        (explanation.verdict.state, explanation.verdict.reason.as_str())
    }

    #[test]
    fn a_pin_is_the_base64_or_hexadecimal_of_32_bytes_for_a_named_host() {
        let host = || HostPattern::parse("a.test").unwrap();
        let hexadecimal = Pin::new(host(), &"ab".repeat(32)).unwrap();
        let base64 = Pin::new(host(), hexadecimal.spki_sha256()).unwrap();
        assert_eq!(hexadecimal, base64, "two spellings of one");
        assert_eq!(Pin::new(host(), "AAAA"), None, "too short");
        assert_eq!(Pin::new(HostPattern::parse("*").unwrap(), &"ab".repeat(32)), None, "a key of every host is none");
    }

    #[test]
    fn a_pinned_key_anywhere_on_the_path_satisfies_and_another_one_refuses() {
        let (chain, other) = (Made::good(), Made::good());
        for (what, pinned) in [("end entity", pin_of(&chain, 0)), ("intermediate", pin_of(&chain, 1))] {
            assert_eq!(state(&judged(&chain, true, &[pinned], DAY)), (VerdictState::Trusted, "path.valid"), "{what}");
        }
        let root = pin(&spki_sha256(&Certificate::from_der(&chain.root).unwrap()));
        assert_eq!(state(&judged(&chain, true, &[root], DAY)).0, VerdictState::Trusted, "the anchor's key counts");
        let refused = judged(&chain, true, &[pin_of(&other, 0)], DAY);
        assert_eq!(state(&refused), (VerdictState::NotTrusted, "trust.pin_mismatch"), "{refused:?}");
        assert_eq!(ids(&refused).first().map(String::as_str), Some("trust.pin_mismatch"), "told first");
    }

    #[test]
    fn a_certificate_that_is_merely_sent_along_satisfies_no_pin() {
        let (mut chain, other) = (Made::good(), Made::named("Other"));
        chain.sent.push(other.sent[1].clone());
        let refused = judged(&chain, true, &[pin_of(&other, 1)], DAY);
        assert_eq!(state(&refused).1, "trust.pin_mismatch", "it is on no path: {refused:?}");
    }

    #[test]
    fn a_pin_is_all_the_trust_a_host_needs_with_name_and_dates_judged() {
        let chain = Made::self_signed(|_| {});
        let own = pin_of(&chain, 0);
        let accepted = judged(&chain, false, std::slice::from_ref(&own), DAY);
        assert_eq!(state(&accepted), (VerdictState::Trusted, "path.valid"), "{accepted:?}");
        assert_eq!(accepted.verdict.store.as_deref(), Some("pin"), "which trust it was");
        assert!(ids(&accepted).contains(&"trust.pinned".to_owned()), "{accepted:?}");
        assert_eq!(state(&judged(&chain, false, &[], DAY)).1, "path.self_signed", "without it nobody vouches");
        let expired = judged(&chain, false, std::slice::from_ref(&own), 100 * DAY);
        assert_eq!(state(&expired), (VerdictState::NotTrusted, "certificate.expired"), "{expired:?}");
        let mut elsewhere = Made::self_signed(|params| params.subject_alt_names = vec![crate::fixture::dns("b.test")]);
        elsewhere.host = "localhost".to_owned();
        let refused = judged(&elsewhere, false, &[pin_of(&elsewhere, 0)], DAY);
        assert_eq!(state(&refused), (VerdictState::NotTrusted, "name.mismatch"), "{refused:?}");
    }

    #[test]
    fn a_pinned_intermediate_needs_no_store() {
        let chain = Made::good();
        let accepted = judged(&chain, false, &[pin_of(&chain, 1)], DAY);
        assert_eq!(state(&accepted).0, VerdictState::Trusted, "{accepted:?}");
    }

    #[test]
    fn another_pin_is_another_fingerprint() {
        let with = Trust::builder().pin(pin(&"ab".repeat(32))).build();
        assert_ne!(with.fingerprint(), Trust::default().fingerprint(), "configurations are kept by it");
    }
}
