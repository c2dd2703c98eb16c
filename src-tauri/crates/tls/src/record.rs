//! What is known of one connection, whether it came to be or not.

use std::fmt;
use std::sync::Arc;

use countersign_evidence::{
    Acceptance, CertificateView, Finding, Handshake, PathView, Problem, RootCause, Step, Timestamp, Verdict,
};

use crate::{Ends, Error, Recording, Scope, Stream};

/// A phase: when it began and how long it took, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Since the connect began.
    pub start: u64,
    /// How long.
    pub duration: u64,
}

/// The phases of a connect, on one monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectTiming {
    /// Resolving the name.
    pub name: Span,
    /// TCP connect.
    pub tcp: Span,
    /// ClientHello to Finished sent.
    pub tls: Span,
    /// Explaining the chain after the handshake: our own share, not the network's.
    pub explain: Span,
}

/// The record of one connection; immutable once the connect ended.
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    /// Id from the caller's source.
    pub id: String,
    /// Wall clock when the connect began.
    pub opened_at: Timestamp,
    /// `host:port` as asked for.
    pub endpoint: String,
    /// Resolved addresses, in the order tried.
    pub addresses: Vec<String>,
    /// The address and port that answered.
    pub remote: Option<String>,
    /// Our end of the connection.
    pub local: Option<String>,
    /// What was negotiated; `None` for plain HTTP and where TLS was not reached.
    pub handshake: Option<Handshake>,
    /// The chain as sent, then the anchor from its store.
    pub certificates: Vec<CertificateView>,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What is worth reading, most specific first.
    pub findings: Vec<Finding>,
    /// Who accepts the chain; empty where it was not judged here.
    pub acceptance: Vec<Acceptance>,
    /// Every path, best first.
    pub paths: Vec<PathView>,
    /// How long each phase took.
    pub timing: ConnectTiming,
    /// Why there is no connection.
    pub failure: Option<Problem>,
    /// Which step it failed at.
    pub failed_step: Option<Step>,
    /// One sentence on a failed handshake.
    pub root_cause: Option<RootCause>,
    /// Everything that went over the wire, and the secrets that open it; `None` where TLS was not reached.
    pub recording: Option<Recording>,
}

impl ConnectionRecord {
    /// The handshake with every message that went by so far, the key schedule by name, and the checks. A
    /// handshake that failed before the server decided anything still has its messages.
    pub fn handshake_in_full(&self) -> Option<Handshake> {
        let Some(recording) = &self.recording else { return self.handshake.clone() };
        let mut handshake = self.handshake.clone().unwrap_or_default();
        recording.tell(&mut handshake);
        (self.handshake.is_some() || !handshake.messages.is_empty()).then_some(handshake)
    }

    /// The connection as a pcapng file; `None` where nothing was recorded. See [`Recording::capture`].
    pub fn capture(&self, scope: Scope) -> Option<Vec<u8>> {
        let recording = self.recording.as_ref()?;
        let ends = Ends { client: self.local.as_ref()?.parse().ok()?, server: self.remote.as_ref()?.parse().ok()? };
        let opened = self.opened_at.to_system().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        Some(recording.capture(scope, ends, u64::try_from(opened.as_micros()).unwrap_or_default()))
    }
}

/// A connection and its record.
#[derive(Debug)]
pub struct Connection {
    /// Bytes of the application.
    pub io: Stream,
    /// What was observed while it was made.
    pub record: Arc<ConnectionRecord>,
}

/// There is no connection; the record says how far it came.
#[derive(Clone, Debug)]
pub struct ConnectFailure {
    /// What was observed, chain and verdict included.
    pub record: Arc<ConnectionRecord>,
    /// Why.
    pub error: Error,
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for ConnectFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
