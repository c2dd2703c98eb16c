//! Why there is no answer, or not a whole one: variants by who is at fault, operands instead of sentences,
//! stable codes.

use std::io;
use std::time::Duration;

use countersign_evidence::{Fault, Problem, Severity, Step};
use countersign_tls::Alert;

use crate::{HttpTiming, Received};

/// Where an exchange was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request was being written.
    Request,
    /// The request was written, nothing of the answer came.
    FirstByte,
    /// The head of the answer came, its content was coming.
    Content,
}

impl Phase {
    /// As the end of `timed out while …`.
    pub fn words(self) -> &'static str {
        match self {
            Phase::Request => "the request was being written",
            Phase::FirstByte => "waiting for the first byte of the answer",
            Phase::Content => "the content was coming",
        }
    }
}

/// Why an exchange did not end well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The caller.
    /// Stopped on request.
    #[error("cancelled")]
    Cancelled,
    /// The file to send cannot be read, or changed while it was sent.
    #[error("the file to send as content cannot be used: {reason}")]
    ContentUnusable {
        /// Why; never the content.
        reason: String,
    },
    /// A `content-length` among the fields that does not fit the content (RFC 9110 §8.6).
    #[error("the field `content-length` says `{said}`, the content has {is} bytes")]
    ContentLengthWrong {
        /// The field's value.
        said: String,
        /// Bytes of the content.
        is: u64,
    },
    /// More fields than a request can carry.
    #[error("the request has {count} fields, more than can be sent")]
    TooManyFields {
        /// How many.
        count: usize,
    },
    /// More content than the caller wanted in memory.
    #[error("the content of the answer is longer than {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },

    // The peer.
    /// The deadline passed.
    #[error("`{endpoint}` took longer than {after:?} ({})", phase.words())]
    TimedOut {
        /// Host and port.
        endpoint: String,
        /// Where the exchange was.
        phase: Phase,
        /// Since the request was handed over.
        after: Duration,
    },
    /// The connection ended without an answer.
    #[error("`{endpoint}` closed the connection without an answer")]
    ClosedBeforeAnswer {
        /// Host and port.
        endpoint: String,
    },
    /// The content ended too early.
    #[error("the content of the answer ended after {received} bytes{}", of(*announced))]
    Truncated {
        /// Bytes that came.
        received: u64,
        /// What `content-length` said; `None` for content framed otherwise.
        announced: Option<u64>,
    },
    /// The connection was reset by TCP.
    #[error("the connection to `{endpoint}` was reset")]
    Reset {
        /// Host and port.
        endpoint: String,
        /// Bytes of content that came before.
        received: u64,
    },
    /// HTTP/2: the server gave up this stream, or the connection with it (RFC 9113 §7).
    #[error("`{endpoint}` ended the stream with `{reason}`")]
    StreamReset {
        /// Host and port.
        endpoint: String,
        /// The error code's name: `REFUSED_STREAM`.
        reason: String,
        /// Whether the server promised that it did not process the request (RFC 9113 §6.8, §8.7).
        unprocessed: bool,
        /// Bytes of content that came before.
        received: u64,
    },
    /// The answer is not HTTP, or broken HTTP.
    #[error("`{endpoint}` sent an answer that is not well-formed HTTP: {reason}")]
    MalformedAnswer {
        /// Host and port.
        endpoint: String,
        /// The library's words.
        reason: String,
    },
    /// In TLS 1.3 a server judges the client certificate after the handshake succeeded for us: the alert comes
    /// instead of an answer (RFC 9846 §4.5.1.4).
    #[error(transparent)]
    ClientCertificate(countersign_tls::Error),
    /// Another alert instead of an answer.
    #[error("`{endpoint}` ended the connection with the alert `{}`", alert.name())]
    AlertReceived {
        /// Host and port.
        endpoint: String,
        /// The alert.
        alert: Alert,
    },

    // The environment.
    /// The content of the answer could not be written.
    #[error("the content of the answer could not be stored: {reason}")]
    Storage {
        /// Whether the disk is full.
        full: bool,
        /// The system's words.
        reason: String,
    },
}

impl Error {
    /// An error of the disk while content was stored.
    pub(crate) fn storage(error: &io::Error) -> Self {
        let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        Error::Storage { full, reason: error.to_string() }
    }

    /// The row of the ladder it belongs to.
    pub fn step(&self) -> Step {
        match self {
            Error::ClientCertificate(_) | Error::AlertReceived { .. } => Step::Tls,
            Error::Cancelled
            | Error::ContentUnusable { .. }
            | Error::ContentLengthWrong { .. }
            | Error::TooManyFields { .. }
            | Error::TooLarge { .. }
            | Error::TimedOut { .. }
            | Error::ClosedBeforeAnswer { .. }
            | Error::Truncated { .. }
            | Error::Reset { .. }
            | Error::StreamReset { .. }
            | Error::MalformedAnswer { .. }
            | Error::Storage { .. } => Step::Response,
        }
    }

    /// As a document.
    pub fn problem(&self) -> Problem {
        let (code, fault, detail, hint) = match self {
            Error::ClientCertificate(error) => return error.problem(),
            Error::Cancelled => {
                return Problem::new("exchange.cancelled", Fault::Caller, self.to_string(), "")
                    .with_severity(Severity::Neutral);
            }
            Error::ContentUnusable { reason } => (
                "exchange.content_unusable",
                Fault::Caller,
                reason.clone(),
                "Check that the file is there and stays unchanged while it is sent.",
            ),
            Error::ContentLengthWrong { said, is } => (
                "exchange.content_length_wrong",
                Fault::Caller,
                format!("content-length {said}, content {is} bytes"),
                "Leave the field out: it is set from the content.",
            ),
            Error::TooManyFields { count } => (
                "exchange.too_many_fields",
                Fault::Caller,
                format!("{count} fields"),
                "Take fields out of the request.",
            ),
            Error::TooLarge { limit } => (
                "exchange.too_large",
                Fault::Peer,
                format!("limit {limit} bytes"),
                "Check the address: an answer of this kind is short.",
            ),
            Error::TimedOut { endpoint, phase, after } => (
                "exchange.timed_out",
                Fault::Peer,
                format!("{endpoint}, waited {after:?}, {}", phase.words()),
                "Try again with a longer time-out, or ask the operator.",
            ),
            Error::ClosedBeforeAnswer { endpoint } => (
                "exchange.closed",
                Fault::Peer,
                endpoint.clone(),
                "Look at the server's log for this moment; the request may have been processed.",
            ),
            Error::Truncated { received, announced } => (
                "exchange.truncated",
                Fault::Peer,
                match announced {
                    Some(announced) => format!("{received} of {announced} bytes"),
                    None => format!("{received} bytes, then the connection ended without its end mark"),
                },
                "Look at the server, or at a proxy between, that cut the answer off.",
            ),
            Error::Reset { endpoint, received } => (
                "exchange.reset",
                Fault::Peer,
                format!("{endpoint}, {received} bytes of content received"),
                "Look at the server's log for this moment; a filter on the path behaves like this too.",
            ),
            Error::StreamReset { endpoint, reason, unprocessed, received } => (
                "exchange.stream_reset",
                Fault::Peer,
                format!(
                    "{endpoint}, {reason}, {received} bytes of content received{}",
                    if *unprocessed { ", the request was not processed" } else { "" }
                ),
                match reason.as_str() {
                    "HTTP_1_1_REQUIRED" => "Choose HTTP/1.1 for this request.",
                    _ => "Look at the server's log for this moment.",
                },
            ),
            Error::MalformedAnswer { endpoint, reason } => (
                "exchange.malformed_answer",
                Fault::Peer,
                format!("{endpoint}: {reason}"),
                "Check the port: another service may listen there.",
            ),
            Error::AlertReceived { endpoint, alert } => (
                "tls.alert",
                Fault::Peer,
                format!("{endpoint}, alert {} ({}), after the handshake", alert.name(), alert.code()),
                "Look at the server's log for this moment: it ended the connection.",
            ),
            Error::Storage { full: true, reason } => {
                ("storage.full", Fault::Environment, reason.clone(), "Free some space, then send again.")
            }
            Error::Storage { full: false, reason } => (
                "storage.unwritable",
                Fault::Environment,
                reason.clone(),
                "Check that the data folder can be written by this user.",
            ),
        };
        let title = match self {
            // the system's words, with a path in them, are the detail
            Error::Storage { .. } => "the content of the answer could not be stored".to_owned(),
            _ => self.to_string(),
        };
        let problem = Problem::new(code, fault, title, detail).with_hint(hint);
        match self.citation() {
            Some((source, section)) => problem.with_citation(source, section),
            None => problem,
        }
    }

    /// One sentence, where the failure belongs to the handshake.
    pub fn root_cause(&self) -> Option<countersign_evidence::RootCause> {
        match self {
            Error::ClientCertificate(error) => error.root_cause(),
            _ => None,
        }
    }

    fn citation(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Error::ContentLengthWrong { .. } => Some(("RFC 9110", "8.6")),
            Error::Truncated { .. } => Some(("RFC 9112", "8")),
            Error::StreamReset { .. } => Some(("RFC 9113", "7")),
            Error::AlertReceived { .. } => Some(("RFC 9846", "6.2")),
            Error::Cancelled
            | Error::ContentUnusable { .. }
            | Error::TooManyFields { .. }
            | Error::TooLarge { .. }
            | Error::TimedOut { .. }
            | Error::ClosedBeforeAnswer { .. }
            | Error::Reset { .. }
            | Error::MalformedAnswer { .. }
            | Error::ClientCertificate(_)
            | Error::Storage { .. } => None,
        }
    }
}

/// An exchange that did not end well, and how far it came.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: Error,
    /// Whether a byte of the request may have left.
    pub sent: bool,
    /// The request went to a pooled connection that had ended, and was certainly not processed: it is safe to
    /// send it once more on a fresh connection, whatever its method (RFC 9110 §9.2.2, RFC 9113 §8.7).
    pub unsent_on_pooled: bool,
    /// How long the parts took that happened.
    pub timing: HttpTiming,
    /// When the head had arrived: the head, and what came of the content.
    pub partial: Option<Received>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

fn of(announced: Option<u64>) -> String {
    announced.map(|announced| format!(" of {announced}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io;

    use countersign_evidence::{Severity, Step};

    use super::Error;

    #[test]
    fn cancelling_is_nothing_wrong() {
        let problem = Error::Cancelled.problem();
        assert_eq!((problem.code.as_str(), problem.severity), ("exchange.cancelled", Severity::Neutral));
        assert!(problem.hints.is_empty(), "nothing is to be done about it");
    }

    #[test]
    fn a_full_disk_and_a_refusing_one_have_their_own_codes() {
        let code = |kind| Error::storage(&io::Error::from(kind)).problem().code;
        assert_eq!(code(io::ErrorKind::StorageFull), "storage.full");
        assert_eq!(code(io::ErrorKind::QuotaExceeded), "storage.full");
        assert_eq!(code(io::ErrorKind::PermissionDenied), "storage.unwritable");
    }

    #[test]
    fn truncation_says_how_much_came() {
        let error = Error::Truncated { received: 5, announced: Some(10) };
        assert_eq!(error.to_string(), "the content of the answer ended after 5 bytes of 10");
        assert_eq!((error.problem().detail.as_str(), error.step()), ("5 of 10 bytes", Step::Response));
    }
}
