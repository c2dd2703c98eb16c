//! Opens connections and writes down what happened: name, TCP, TLS, each with its time; the verdict in words.
//!
//! [`Connector::connect`] is the only way to an application byte. [`Connector::observe`] looks at a chain that
//! was refused and hangs up.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use countersign_evidence::{Step, StepState};
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use crate::attempt::Attempt;
use crate::configuration::Configuration;
use crate::outcome::Ending;
use crate::probe::{self, Prober};
use crate::recorder::{self, Endpoint, Recorder, Scoped};
use crate::tap::Tap;
use crate::{
    ConnectFailure, Connection, ConnectionRecord, Error, Observer, Policy, Recording, Stream, Target, provider, tcp,
};

/// The wall clock certificates are judged by.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Makes the id of a new connection.
pub type Ids = Arc<dyn Fn() -> String + Send + Sync>;

/// Policies with a live configuration; more are not kept.
const MOST_CONFIGURATIONS: usize = 64;

/// How long a farewell may take on a connection that only observed.
const FAREWELL: Duration = Duration::from_millis(500);

/// How long a name may take, where nothing else bounds it.
const RESOLVING: Duration = Duration::from_secs(10);
/// How long a failed handshake is asked about.
const PROBES: Duration = Duration::from_secs(2);
/// Probes under way at once.
const MOST_PROBES: usize = 6;

/// Makes connections. A clone is the same connector: it shares configurations and tickets.
#[derive(Clone)]
pub struct Connector {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    ids: Ids,
    configurations: Mutex<HashMap<(Policy, bool), Arc<Configuration>>>,
}

/// Why an attempt ended, and at which step.
pub(crate) type Stopped = (Step, Error);

impl Connector {
    /// With the caller's clock and source of ids.
    pub fn new(clock: Clock, ids: Ids) -> Self {
        Self { inner: Arc::new(Inner { clock, ids, configurations: Mutex::default() }) }
    }

    /// Name, TCP, TLS; `limit` bounds the whole. The record tells how far it came, on failure too.
    pub async fn connect(
        &self,
        target: &Target,
        policy: &Policy,
        limit: Duration,
        observer: &dyn Observer,
    ) -> Result<Connection, Box<ConnectFailure>> {
        let mut attempt = self.attempt(target, policy, limit, observer);
        match self.open(&mut attempt, false).await {
            Ok(io) => Ok(Connection { io, record: Arc::new(attempt.finish()) }),
            Err((step, error)) => {
                let error = self.asked_why(&attempt, error).await;
                Err(Box::new(attempt.fail((step, error))))
            }
        }
    }

    /// Looks at a server whose chain was refused: the verifier records its decision and lets the handshake end,
    /// no client certificate is shown, and nothing but `close_notify` is sent over the connection.
    pub async fn observe(
        &self,
        target: &Target,
        policy: &Policy,
        limit: Duration,
        observer: &dyn Observer,
    ) -> Arc<ConnectionRecord> {
        let mut attempt = self.attempt(target, policy, limit, observer);
        match self.open(&mut attempt, true).await {
            Ok(mut io) => {
                // whether the goodbye arrives changes nothing that was observed
                drop(tokio::time::timeout(FAREWELL, io.shutdown()).await);
                Arc::new(attempt.finish())
            }
            Err(stopped) => attempt.fail(stopped).record,
        }
    }

    /// A handshake that failed for a reason the server did not tell is asked about: raw hellos find out what the two
    /// ends do not have in common. The chain has nothing to do with it, so nothing is asked where it was the reason.
    async fn asked_why(&self, attempt: &Attempt<'_>, error: Error) -> Error {
        let (Error::NoCommonVersion { endpoint, .. }
        | Error::NoCommonParameters { endpoint, .. }
        | Error::AlertReceived { endpoint, .. }
        | Error::UnrecognizedName { endpoint, .. }
        | Error::ClosedMidHandshake { endpoint, .. }
        | Error::Reset { endpoint }) = &error
        else {
            return error;
        };
        let Ok(name) = attempt.target.verified_name() else { return error };
        let name = name.to_str().into_owned();
        let Some(remote) = attempt.record.remote.as_ref().and_then(|remote| remote.parse().ok()) else { return error };
        let told = |_| {};
        let prober = Prober::new(vec![remote], Some(&name), PROBES, MOST_PROBES, &told);
        let groups: Vec<u16> = provider::provider().kx_groups.iter().map(|group| u16::from(group.name())).collect();
        let Ok((mismatch, probes)) = timeout(PROBES, probe::mismatch(&prober, &groups)).await else { return error };
        match mismatch {
            Some(mismatch) => Error::Mismatch { endpoint: endpoint.clone(), mismatch: Box::new(mismatch), probes },
            None => error,
        }
    }

    /// The addresses of a target.
    pub(crate) async fn addresses(&self, target: &Target) -> Result<Vec<std::net::SocketAddr>, Error> {
        let policy = Policy::default();
        let mut attempt = self.attempt(target, &policy, RESOLVING, &());
        attempt.resolve().await.map_err(|(_, error)| error)
    }

    /// As [`Connector::observe`], with the connection still open.
    pub(crate) async fn look(
        &self,
        target: &Target,
        policy: &Policy,
        limit: Duration,
    ) -> (Arc<ConnectionRecord>, Option<Stream>) {
        let mut attempt = self.attempt(target, policy, limit, &());
        match self.open(&mut attempt, true).await {
            Ok(io) => (Arc::new(attempt.finish()), Some(io)),
            Err(stopped) => (attempt.fail(stopped).record, None),
        }
    }

    /// Drops configurations and with them all tickets: whom to trust has changed.
    pub fn forget(&self) {
        self.inner.configurations.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn attempt<'a>(
        &self,
        target: &'a Target,
        policy: &'a Policy,
        limit: Duration,
        observer: &'a dyn Observer,
    ) -> Attempt<'a> {
        Attempt::new((self.inner.ids)(), (self.inner.clock)(), target, policy, limit, observer)
    }

    fn configuration(&self, policy: &Policy, observe: bool) -> Result<Arc<Configuration>, Error> {
        let mut configurations = self.inner.configurations.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (policy.clone(), observe);
        if let Some(known) = configurations.get(&key) {
            return Ok(Arc::clone(known));
        }
        if configurations.len() >= MOST_CONFIGURATIONS {
            configurations.clear();
        }
        let made = Arc::new(Configuration::new(policy, observe, &self.inner.clock)?);
        configurations.insert(key, Arc::clone(&made));
        Ok(made)
    }

    async fn open(&self, attempt: &mut Attempt<'_>, observe: bool) -> Result<Stream, Stopped> {
        let target = attempt.target;
        let name = target.verified_name().map_err(|error| (Step::Name, error))?;
        let addresses = attempt.resolve().await?;
        let stream = dial(attempt, &addresses).await?;
        if !target.scheme_tls {
            attempt.plain_http();
            return Ok(Stream::plain(stream));
        }
        let configuration = self.configuration(attempt.policy, observe).map_err(|error| (Step::Tls, error))?;
        secure(attempt, stream, &configuration, name).await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

async fn dial(attempt: &mut Attempt<'_>, addresses: &[std::net::SocketAddr]) -> Result<TcpStream, Stopped> {
    attempt.tell(Step::Tcp, StepState::Running, Vec::new());
    let begin = Instant::now();
    let result = timeout_at(attempt.deadline, tcp::connect(addresses)).await;
    attempt.record.timing.tcp = attempt.span(begin);
    match result {
        Ok(Ok(stream)) => {
            attempt.connected(&stream);
            Ok(stream)
        }
        Ok(Err(errors)) => Err((Step::Tcp, tcp_error(attempt, &errors))),
        Err(_) => {
            let attempts = addresses.iter().map(ToString::to_string).collect();
            let endpoint = attempt.record.endpoint.clone();
            Err((Step::Tcp, Error::TcpTimedOut { endpoint, attempts, after: attempt.limit }))
        }
    }
}

fn tcp_error(attempt: &Attempt<'_>, errors: &[(std::net::SocketAddr, std::io::Error)]) -> Error {
    use std::io::ErrorKind::{ConnectionRefused, TimedOut};
    let endpoint = attempt.record.endpoint.clone();
    let attempts = errors.iter().map(|(address, error)| format!("{address}: {}", error.kind())).collect();
    if errors.iter().any(|(_, error)| error.kind() == ConnectionRefused) {
        Error::TcpRefused { endpoint, attempts }
    } else if !errors.is_empty() && errors.iter().all(|(_, error)| error.kind() == TimedOut) {
        Error::TcpTimedOut { endpoint, attempts, after: attempt.began.elapsed() }
    } else {
        Error::TcpUnreachable { endpoint, attempts }
    }
}

async fn secure(
    attempt: &mut Attempt<'_>,
    stream: TcpStream,
    configuration: &Configuration,
    name: ServerName<'static>,
) -> Result<Stream, Stopped> {
    attempt.tell(Step::Tls, StepState::Running, Vec::new());
    let (host, port) = attempt.target.dialled();
    let endpoint = Endpoint { port: attempt.target.port, dialled: (host.to_owned(), port) };
    let recorder = Recorder::new(endpoint);
    attempt.record.recording = Some(Recording::new(Arc::clone(&recorder)));
    let connector = TlsConnector::from(Arc::clone(&configuration.client));
    let begin = Instant::now();
    // the key exchange starts inside this call, before the first poll
    let handshake =
        recorder::scope(&recorder, || connector.connect(name.clone(), Tap::new(stream, Arc::clone(&recorder))));
    let result = timeout_at(attempt.deadline, Scoped::new(Arc::clone(&recorder), handshake)).await;
    attempt.record.timing.tls = attempt.span(begin);
    let ending = match result {
        Ok(Ok(stream)) => {
            attempt.handshaken(&stream, &recorder, &configuration.tickets, &name);
            return Ok(Stream::tls(stream, recorder));
        }
        Ok(Err(error)) => Ending::Failed(error),
        Err(_) => Ending::TimedOut(attempt.limit),
    };
    Err((Step::Tls, attempt.handshake_failed(&ending, &recorder, &name)))
}

#[cfg(test)]
mod tests;
