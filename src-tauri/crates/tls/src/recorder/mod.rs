//! Which connection does an observation belong to?
//!
//! rustls is synchronous inside one poll, but its verifier and resolver are shared by all connections of a
//! configuration (resumption demands the same `Arc`). So the recorder of the connection being polled stands
//! in a thread-local around every call into rustls, and is taken away after it.

mod accessors;
mod flight;
mod library;

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use rustls::SignatureScheme;
use rustls_pki_types::CertificateDer;

pub(crate) use self::accessors::Accessors;
pub(crate) use self::flight::{Flight, Flights, Sender};
pub(crate) use self::library::{
    Expand, Extract, Library, LoggedSecret, Plaintext, Pseudorandom, RecordKey, SessionSecret,
};
use crate::explain::Decision;

/// Whose tickets may be used: those of the same port at the same address. Names stay apart below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    /// The port asked for: stores may be bound to it.
    pub(crate) port: u16,
    /// Host and port that were dialled.
    pub(crate) dialled: (String, u16),
}

/// What the verifier and the resolver saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observation {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) stapled: Option<bool>,
    /// The stapled OCSP response, DER; empty where none came.
    pub(crate) ocsp_response: Option<Vec<u8>>,
    pub(crate) decision: Option<Decision>,
    pub(crate) checked_at: Option<SystemTime>,
    pub(crate) signature_scheme: Option<SignatureScheme>,
    pub(crate) signature_refused: Option<rustls::Error>,
    pub(crate) client_certificate_requested: bool,
    pub(crate) client_certificate_sent: bool,
    pub(crate) acceptable_issuers: Vec<String>,
}

/// Collects what happens on one connection.
pub(crate) struct Recorder {
    pub(crate) endpoint: Endpoint,
    pub(crate) flights: Flights,
    observation: Mutex<Observation>,
    library: Mutex<Library>,
    key_log: Mutex<Vec<LoggedSecret>>,
    accessors: OnceLock<Accessors>,
}

impl Recorder {
    pub(crate) fn new(endpoint: Endpoint) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            flights: Flights::default(),
            observation: Mutex::default(),
            library: Mutex::default(),
            key_log: Mutex::default(),
            accessors: OnceLock::new(),
        })
    }

    pub(crate) fn observation(&self) -> MutexGuard<'_, Observation> {
        self.observation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the crypto provider saw.
    pub(crate) fn library(&self) -> MutexGuard<'_, Library> {
        self.library.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The library's own account, once the handshake is complete.
    pub(crate) fn accessors(&self) -> Option<&Accessors> {
        self.accessors.get()
    }

    /// The handshake is complete.
    pub(crate) fn completed(&self, accessors: Accessors) {
        // it completes once
        drop(self.accessors.set(accessors));
    }

    /// The secrets the library logged.
    pub(crate) fn key_log(&self) -> MutexGuard<'_, Vec<LoggedSecret>> {
        self.key_log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // nothing of a session's secrets may reach a log
        f.debug_struct("Recorder").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Recorder>>> = const { RefCell::new(None) };
}

/// The recorder of the connection that is being polled.
pub(crate) fn current() -> Option<Arc<Recorder>> {
    CURRENT.with(|current| current.borrow().clone())
}

/// Notes something on the connection that is being polled.
pub(crate) fn note(write: impl FnOnce(&mut Observation)) {
    if let Some(recorder) = current() {
        write(&mut recorder.observation());
    }
}

/// Puts the former recorder back, when the call panics too.
struct Restore(Option<Arc<Recorder>>);

impl Drop for Restore {
    fn drop(&mut self) {
        let former = self.0.take();
        CURRENT.with(|current| *current.borrow_mut() = former);
    }
}

/// Runs one synchronous call with this recorder in place.
pub(crate) fn scope<T>(recorder: &Arc<Recorder>, call: impl FnOnce() -> T) -> T {
    let former = CURRENT.with(|current| current.replace(Some(Arc::clone(recorder))));
    let _restore = Restore(former);
    call()
}

/// A future whose every poll runs with the recorder in place.
pub(crate) struct Scoped<F> {
    recorder: Arc<Recorder>,
    future: Pin<Box<F>>,
}

impl<F: Future> Scoped<F> {
    pub(crate) fn new(recorder: Arc<Recorder>, future: F) -> Self {
        Self { recorder, future: Box::pin(future) }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let future = this.future.as_mut();
        scope(&this.recorder, || future.poll(context))
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Recorder, current, note, scope};

    fn endpoint(port: u16) -> Endpoint {
        Endpoint { port, dialled: ("127.0.0.1".to_owned(), port) }
    }

    #[test]
    fn nested_scopes_attribute_to_the_inner_connection_and_restore_the_outer() {
        let (outer, inner) = (Recorder::new(endpoint(1)), Recorder::new(endpoint(2)));
        scope(&outer, || {
            scope(&inner, || note(|o| o.client_certificate_requested = true));
            assert_eq!(current().map(|r| r.endpoint.port), Some(1), "the outer recorder is back");
        });
        assert!(inner.observation().client_certificate_requested, "noted on the inner one");
        assert!(!outer.observation().client_certificate_requested, "and not on the outer one");
        assert!(current().is_none(), "nothing is left behind");
    }
}
