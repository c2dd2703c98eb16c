//! How a connection is made: whom to trust, who to be, what to offer. Equal policies share one
//! configuration, and with it the tickets for resumption.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::{ClientIdentity, Trust};

/// Application protocols offered (RFC 7301).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Alpn {
    /// `h2`, then `http/1.1`.
    #[default]
    Auto,
    /// `http/1.1` only.
    Http11,
    /// `h2` only.
    Http2,
    /// No ALPN extension.
    None,
}

impl Alpn {
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Alpn::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Alpn::Http11 => vec![b"http/1.1".to_vec()],
            Alpn::Http2 => vec![b"h2".to_vec()],
            Alpn::None => Vec::new(),
        }
    }

    /// What is offered, in words: `h2, http/1.1`.
    pub(crate) fn offered_words(self) -> &'static str {
        match self {
            Alpn::Auto => "h2, http/1.1",
            Alpn::Http11 => "http/1.1",
            Alpn::Http2 => "h2",
            Alpn::None => "no protocol",
        }
    }
}

/// The highest version offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 9846.
    Tls13,
}

impl Version {
    pub(crate) fn offered(highest: Option<Version>) -> &'static [&'static SupportedProtocolVersion] {
        static ONLY_TLS12: [&SupportedProtocolVersion; 1] = [&TLS12];
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match highest {
            Some(Version::Tls12) => &ONLY_TLS12,
            Some(Version::Tls13) | None => &BOTH,
        }
    }

    /// What is offered, in words: `TLS 1.3 and TLS 1.2`.
    pub(crate) fn offered_words(highest: Option<Version>) -> &'static str {
        match highest {
            Some(Version::Tls12) => "TLS 1.2",
            Some(Version::Tls13) | None => "TLS 1.3 and TLS 1.2",
        }
    }
}

/// Everything that decides a handshake but the endpoint.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whole handshakes only: no ticket is kept or used, so that each connection shows its own chain.
    pub whole_handshakes: bool,
    /// Which roots count, for which hosts.
    pub trust: Trust,
    /// What to answer a CertificateRequest with.
    pub client_identity: Option<Arc<ClientIdentity>>,
    /// Application protocols offered.
    pub alpn: Alpn,
    /// `None`: the newest.
    pub max_version: Option<Version>,
}

impl Policy {
    /// This trust, no client certificate, h2 and http/1.1, TLS 1.3 and 1.2.
    pub fn new(trust: Trust) -> Self {
        Self { trust, ..Self::default() }
    }

    fn key(&self) -> (bool, [u8; 32], Option<[u8; 32]>, Alpn, Option<Version>) {
        (
            self.whole_handshakes,
            self.trust.fingerprint(),
            self.client_identity.as_ref().map(|identity| identity.fingerprint()),
            self.alpn,
            self.max_version,
        )
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Policy {}

impl Hash for Policy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
