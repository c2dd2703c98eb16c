//! What a handshake that did not end well means: from the library's error, the alert, the bytes that came and
//! what the verifier saw, to the one error that says who is at fault.

use std::io;
use std::time::Duration;

use countersign_evidence::{Finding, Handshake};
use rustls::{PeerIncompatible, PeerMisbehaved};

use crate::hello::{self, FirstBytes};
use crate::policy::Version;
use crate::recorder::Observation;
use crate::{Alert, ConnectionRecord, Error, Mismatch, Policy, alert_in, iana};

/// How the handshake ended.
pub(crate) enum Ending {
    /// The library or the socket said so.
    Failed(io::Error),
    /// The time allowed was over.
    TimedOut(Duration),
}

/// Everything known about a handshake that failed.
pub(crate) struct Failure<'a> {
    pub(crate) endpoint: String,
    /// The name in SNI, or the address.
    pub(crate) server_name: &'a str,
    pub(crate) policy: &'a Policy,
    pub(crate) observation: &'a Observation,
    /// Bytes the server sent, as far as they were kept.
    pub(crate) received: &'a [u8],
    pub(crate) received_total: u64,
    /// Why the chain, or the proof of its key, was refused by us.
    pub(crate) refusal: Option<&'a Finding>,
}

impl Failure<'_> {
    /// The error to tell.
    pub(crate) fn error(self, ending: &Ending) -> Error {
        if let Some(finding) = self.refusal {
            return Error::NotTrusted { endpoint: self.endpoint, finding: Box::new(finding.clone()) };
        }
        match hello::first_bytes(self.received) {
            FirstBytes::Http(first_line) => return Error::PlainHttp { endpoint: self.endpoint, first_line },
            FirstBytes::Other(first_bytes) => return Error::NotTls { endpoint: self.endpoint, first_bytes },
            FirstBytes::Ssl2 => {
                return mismatch(self.endpoint, Mismatch::Version { spoken: vec!["SSL 2.0".to_owned()] });
            }
            FirstBytes::Nothing | FirstBytes::Tls => {}
        }
        let error = match ending {
            Ending::TimedOut(after) => return self.timed_out(*after),
            Ending::Failed(error) => error,
        };
        let alert = alert_in(error).or_else(|| match library_error(error) {
            Some(_) => None,
            None => hello::plain_alert(self.received).map(Alert),
        });
        if let Some(alert) = alert {
            return self.alert(alert);
        }
        match library_error(error) {
            Some(error) => self.library(error),
            None => self.socket(error),
        }
    }

    fn timed_out(self, after: Duration) -> Error {
        match self.received_total {
            0 => Error::Silent { endpoint: self.endpoint, after },
            received => Error::TlsTimedOut { endpoint: self.endpoint, received, after },
        }
    }

    fn socket(self, error: &io::Error) -> Error {
        let reset = matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
        );
        match self.received_total {
            0 if reset => Error::Reset { endpoint: self.endpoint },
            received => Error::ClosedMidHandshake { endpoint: self.endpoint, received },
        }
    }

    fn alert(self, alert: Alert) -> Error {
        let Self { endpoint, observation, policy, .. } = self;
        let said = format!("the alert {}", alert.name());
        let requested = observation.client_certificate_requested;
        // OpenSSL says handshake_failure where TLS 1.2 has no word for "I wanted a certificate"
        let wanted = requested && !observation.client_certificate_sent && alert.code() == 40;
        if alert.code() == 116 || wanted || (requested && alert.is_about_client_certificate()) {
            let sent = policy.client_identity.as_ref().filter(|_| observation.client_certificate_sent);
            return about_client_certificate(
                endpoint,
                alert,
                sent.map(|identity| (identity.subject().to_owned(), identity.issuer().to_owned())),
                observation.acceptable_issuers.clone(),
            );
        }
        let offered = Version::offered_words(policy.max_version).to_owned();
        match alert.code() {
            70 => Error::NoCommonVersion { endpoint, offered, answered: said },
            71 => Error::NoCommonParameters { endpoint, reason: format!("the server sent {said}") },
            // before the server chose anything, this is all it can mean
            40 if hello::server_hello(self.received).is_none() => {
                Error::NoCommonParameters { endpoint, reason: format!("the server sent {said}") }
            }
            112 => Error::UnrecognizedName { endpoint, server_name: self.server_name.to_owned() },
            120 => Error::NoApplicationProtocol { endpoint, offered: policy.alpn.offered_words().to_owned() },
            _ => Error::AlertReceived { endpoint, alert },
        }
    }

    fn library(self, error: &rustls::Error) -> Error {
        let endpoint = self.endpoint;
        match error {
            rustls::Error::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported) => {
                mismatch(endpoint, Mismatch::Downgrade)
            }
            rustls::Error::PeerIncompatible(reason) => match reason {
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled => Error::NoCommonVersion {
                    endpoint,
                    offered: Version::offered_words(self.policy.max_version).to_owned(),
                    answered: hello::server_hello(self.received).map_or_else(
                        || "an older version".to_owned(),
                        |hello| iana::protocol_version(hello.version).replace("TLSv", "TLS "),
                    ),
                },
                other => Error::NoCommonParameters { endpoint, reason: words(&format!("{other:?}")) },
            },
            rustls::Error::PeerMisbehaved(
                reason @ (PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup
                | PeerMisbehaved::SelectedUnofferedCipherSuite
                | PeerMisbehaved::SelectedUnofferedKxGroup),
            ) => Error::NoCommonParameters { endpoint, reason: words(&format!("{reason:?}")) },
            rustls::Error::NoApplicationProtocol => {
                Error::NoApplicationProtocol { endpoint, offered: self.policy.alpn.offered_words().to_owned() }
            }
            rustls::Error::General(_)
            | rustls::Error::FailedToGetCurrentTime
            | rustls::Error::FailedToGetRandomBytes
            | rustls::Error::EncryptError
            | rustls::Error::BadMaxFragmentSize => Error::Configuration { reason: error.to_string() },
            other => Error::ProtocolViolation { endpoint, reason: other.to_string() },
        }
    }
}

/// The error for an alert that arrived after the handshake: in TLS 1.3 a server judges the client certificate
/// only when ours is done, so its refusal surfaces in the first read. `None` where the alert is a goodbye or
/// there was no TLS.
pub fn error_for_alert_after_handshake(record: &ConnectionRecord, alert: Alert) -> Option<Error> {
    const CLOSE_NOTIFY: u8 = 0;
    const USER_CANCELED: u8 = 90;
    let handshake: &Handshake = record.handshake.as_ref()?;
    if matches!(alert.code(), CLOSE_NOTIFY | USER_CANCELED) {
        return None;
    }
    let endpoint = record.endpoint.clone();
    if alert.code() == 116 || (handshake.client_certificate_requested && alert.is_about_client_certificate()) {
        let sent = handshake.client_certificate.as_ref().filter(|used| used.sent);
        let sent = sent.map(|used| (used.subject.clone().unwrap_or_default(), used.issuer.clone().unwrap_or_default()));
        return Some(about_client_certificate(endpoint, alert, sent, handshake.acceptable_issuers.clone()));
    }
    Some(Error::AlertReceived { endpoint, alert })
}

fn about_client_certificate(
    endpoint: String,
    alert: Alert,
    sent: Option<(String, String)>,
    acceptable_issuers: Vec<String>,
) -> Error {
    match sent {
        Some((subject, issuer)) => {
            Error::ClientCertificateRefused { endpoint, alert, subject, issuer, acceptable_issuers }
        }
        None => Error::ClientCertificateRequired { endpoint, alert, acceptable_issuers },
    }
}

/// What the answer itself tells.
fn mismatch(endpoint: String, mismatch: Mismatch) -> Error {
    Error::Mismatch { endpoint, mismatch: Box::new(mismatch), probes: Vec::new() }
}

fn library_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// `NoCipherSuitesInCommon` as words.
fn words(variant: &str) -> String {
    let mut out = String::new();
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
