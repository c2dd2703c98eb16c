//! Why a file is no client certificate, each with what to do about it.

use countersign_evidence::{Fault, Problem};

/// What stopped the import; never a byte of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// Certificates, and none of them belongs to the key.
    KeyMismatch { subject: String },
    /// A key and no certificate.
    NoCertificate,
    /// Certificates and no key.
    NoKey,
    /// Encrypted, and no passphrase was given.
    PassphraseNeeded,
    /// The passphrase does not open it.
    PassphraseWrong,
    /// Too large, or neither PEM nor DER of a known kind.
    Unreadable { reason: String },
    /// Encrypted or of a kind that is not read here, and what helps.
    Unsupported { what: &'static str, hint: &'static str },
}

impl Error {
    /// As people read it.
    pub(crate) fn problem(&self) -> Problem {
        let caller = |code, title, detail: &str| Problem::new(code, Fault::Caller, title, detail.to_owned());
        match self {
            Error::KeyMismatch { subject } => caller(
                "client_certificate.key_mismatch",
                "the private key does not belong to the certificate",
                &format!("the public key of {subject} is not that of the private key"),
            )
            .with_hint("Take certificate and key from the same request for a certificate.")
            .with_citation("RFC 5280", "4.1.2.7"),
            Error::NoCertificate => caller(
                "client_certificate.no_certificate",
                "the file holds no certificate",
                "a private key alone was found",
            )
            .with_hint("Give the certificate as well, followed by its intermediates."),
            Error::NoKey => caller(
                "client_certificate.no_key",
                "the file holds no private key",
                "certificates alone prove nothing about who sends",
            )
            .with_hint("Give the private key that the certificate was requested with."),
            Error::PassphraseNeeded => caller(
                "client_certificate.passphrase_needed",
                "the private key is encrypted",
                "no passphrase was given",
            )
            .with_hint("Enter the passphrase of the file; on the command line --passphrase-env VAR, or at the prompt."),
            Error::PassphraseWrong => caller(
                "client_certificate.passphrase_wrong",
                "the passphrase does not open the file",
                "it is another one, or the file was changed",
            )
            .with_hint("Enter the passphrase the file was exported with."),
            Error::Unreadable { reason } => {
                caller("client_certificate.unreadable", "the file is no client certificate", reason)
                    .with_hint("Give PEM (certificates and a key), PKCS#8, or PKCS#12 (.p12, .pfx).")
            }
            Error::Unsupported { what, hint } => {
                caller("client_certificate.unsupported", "the file is of a kind that is not read here", what)
                    .with_hint(*hint)
            }
        }
    }
}
