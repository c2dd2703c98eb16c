//! What is to be explained. Everything is given: nothing here reads a file, a clock or a socket.

use std::time::SystemTime;

use rustls_pki_types::CertificateDer;

use crate::Trust;

/// The verifier's word on one chain.
#[derive(Clone, Debug)]
pub enum Decision {
    /// A path to an anchor, for this name, at this time.
    Accepted,
    /// Let pass whatever it is, because verification is off for this host; the refusal it would have met.
    Overridden(Option<rustls::Error>),
    /// No such path.
    Refused(rustls::Error),
}

/// What else is known of a chain; nothing of it has to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Supplement<'a> {
    /// Issuers fetched by the addresses in the certificates.
    pub fetched: &'a [CertificateDer<'static>],
    /// CRLs, DER.
    pub crls: &'a [Vec<u8>],
    /// The OCSP response the server stapled, DER; empty: it stapled none; `None`: not known.
    pub ocsp_response: Option<&'a [u8]>,
}

/// What is to be explained of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// As sent, end entity first.
    pub chain: &'a [CertificateDer<'static>],
    /// The DNS name or address that was asked for.
    pub host: &'a str,
    /// Its port: a store may be bound to it.
    pub port: u16,
    /// Whom to trust.
    pub trust: &'a Trust,
    /// The time the dates were judged at.
    pub at: SystemTime,
    /// What the verifier said.
    pub decision: &'a Decision,
    /// What else is known.
    pub supplement: Supplement<'a>,
}

/// What the certificate is to be used for (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// To prove a client.
    Client,
    /// To prove a server.
    #[default]
    Server,
}

impl Usage {
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Usage::Client => "clientAuth",
            Usage::Server => "serverAuth",
        }
    }

    pub(crate) fn whose(self) -> (&'static str, &'static str) {
        match self {
            Usage::Client => ("a client", "clients"),
            Usage::Server => ("a server", "servers"),
        }
    }
}

/// The names a certificate has to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer<'a> {
    /// Any will do.
    Any,
    /// A DNS name or an address.
    Host(&'a str),
    /// Each of these mailboxes.
    Mailboxes(&'a [String]),
}

/// A chain from files: no verifier decided, the explainer does.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// End entity first.
    pub chain: &'a [CertificateDer<'static>],
    /// Whom to trust, and under which profile.
    pub trust: &'a Trust,
    /// Whom it has to prove.
    pub peer: Peer<'a>,
    /// What for.
    pub usage: Usage,
    /// The time dates are judged at.
    pub at: SystemTime,
    /// Intermediates allowed, self-issued ones not counted.
    pub max_depth: Option<usize>,
    /// Whether what a CA must not do refuses too, as the profile has it: the reading of a conformance test.
    pub strict: bool,
    /// Whether to say who else accepts the chain; asks the verifier of connections once.
    pub compare: bool,
    /// What else is known.
    pub supplement: Supplement<'a>,
}
