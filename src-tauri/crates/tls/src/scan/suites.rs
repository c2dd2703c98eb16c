//! What speaks against a cipher suite (RFC 9325 §4).

use countersign_evidence::ScannedSuite;
use rustls::CipherSuite;

use crate::iana;

/// Kinds of suites, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Nobody proves who they are.
    Anonymous,
    /// Nothing is encrypted.
    Null,
    /// Keys of 40 or 56 bits, by design.
    Export,
    /// RFC 7465.
    Rc4,
    /// Blocks of 64 bits (RFC 9325 §4.1).
    SmallBlocks,
    /// The key exchange encrypts under the certificate's key, or is static: who has the key later reads it all.
    NoForwardSecrecy,
    /// A MAC over padding.
    Cbc,
    /// Nothing speaks against it.
    Good,
}

impl Kind {
    /// As a remark.
    pub(super) fn words(self) -> Option<&'static str> {
        match self {
            Kind::Anonymous => Some("anonymous"),
            Kind::Null => Some("not encrypted"),
            Kind::Export => Some("export grade"),
            Kind::Rc4 => Some("RC4"),
            Kind::SmallBlocks => Some("64-bit blocks"),
            Kind::NoForwardSecrecy => Some("no forward secrecy"),
            Kind::Cbc => Some("CBC"),
            Kind::Good => None,
        }
    }
}

/// The registry's name.
pub(super) fn name(suite: u16) -> String {
    iana::cipher_suite(CipherSuite::from(suite))
}

/// The worst of a suite.
pub(super) fn kind(suite: u16) -> Kind {
    if suite >> 8 == 0x13 {
        return Kind::Good;
    }
    let name = name(suite);
    let has = |part: &str| name.contains(part);
    match () {
        () if has("_anon_") => Kind::Anonymous,
        () if has("_NULL_") => Kind::Null,
        () if has("_EXPORT") || has("_DES40_") || has("_RC2_") => Kind::Export,
        () if has("_RC4_") => Kind::Rc4,
        () if has("_DES_") || has("_3DES_") || has("_IDEA_") => Kind::SmallBlocks,
        () if !has("DHE_") && !has("_ECCPWD_") => Kind::NoForwardSecrecy,
        () if has("_CBC_") => Kind::Cbc,
        () => Kind::Good,
    }
}

pub(super) fn shown(suite: u16) -> ScannedSuite {
    ScannedSuite { name: name(suite), remark: kind(suite).words().map(ToOwned::to_owned) }
}
