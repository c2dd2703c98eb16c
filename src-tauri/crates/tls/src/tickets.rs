//! Tickets for resumption, and what was found out about the server when they were given.
//!
//! rustls keeps tickets by name alone. Stores may be bound to a port, and one name may be dialled at several
//! addresses, so tickets are kept by endpoint too: a resumed handshake is not verified again, hence it must
//! stand on a full one that asked the same question. A ticket is not used once the chain it stands on ended.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use countersign_evidence::{CertificateView, Finding, Timestamp, Verdict};
use rustls::NamedGroup;
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls_pki_types::{CertificateDer, ServerName};

use crate::Clock;
use crate::recorder::{self, Endpoint};

/// Endpoints with tickets; more are not kept.
const MOST_ENDPOINTS: usize = 256;
/// Sessions per endpoint.
const MOST_SESSIONS: usize = 32;
/// Full handshakes remembered per endpoint: a few servers behind one name, each with its own chain.
const MOST_VERIFIED: usize = 8;

/// The full handshake a resumed one stands on.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub(crate) connection: String,
    pub(crate) at: Timestamp,
    pub(crate) server_name: ServerName<'static>,
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) certificates: Vec<CertificateView>,
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<Finding>,
    /// When the first certificate of the chain ends.
    pub(crate) until: SystemTime,
}

pub(crate) struct Tickets {
    clock: Clock,
    shelves: Mutex<HashMap<Endpoint, Arc<Shelf>>>,
}

struct Shelf {
    sessions: ClientSessionMemoryCache,
    verified: Mutex<Vec<Verified>>,
}

impl Shelf {
    fn verified(&self) -> MutexGuard<'_, Vec<Verified>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tickets {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, shelves: Mutex::default() }
    }

    /// Keeps what a full handshake found out, for those that will be resumed from it.
    pub(crate) fn remember(&self, endpoint: &Endpoint, verified: Verified) {
        let shelf = self.shelf(endpoint);
        let now = (self.clock)();
        let mut list = shelf.verified();
        list.retain(|kept| {
            let same = kept.server_name == verified.server_name && kept.chain == verified.chain;
            !same && kept.until >= now
        });
        if list.len() >= MOST_VERIFIED {
            list.remove(0);
        }
        list.push(verified);
    }

    /// The full handshake with this chain, for this name at this endpoint.
    pub(crate) fn verified(
        &self,
        endpoint: &Endpoint,
        server_name: &ServerName<'_>,
        chain: &[CertificateDer<'_>],
    ) -> Option<Verified> {
        let shelf = self.shelf(endpoint);
        let list = shelf.verified();
        list.iter().rev().find(|kept| kept.server_name == *server_name && kept.chain == chain).cloned()
    }

    fn shelf(&self, endpoint: &Endpoint) -> Arc<Shelf> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        if shelves.len() >= MOST_ENDPOINTS && !shelves.contains_key(endpoint) {
            shelves.clear();
        }
        Arc::clone(shelves.entry(endpoint.clone()).or_insert_with(|| {
            Arc::new(Shelf { sessions: ClientSessionMemoryCache::new(MOST_SESSIONS), verified: Mutex::default() })
        }))
    }

    /// The shelf of the connection that is being polled.
    fn current(&self) -> Option<Arc<Shelf>> {
        recorder::current().map(|recorder| self.shelf(&recorder.endpoint))
    }

    /// Likewise, unless a chain of this name ended meanwhile: then the server has to prove itself anew.
    fn usable(&self, server_name: &ServerName<'_>) -> Option<Arc<Shelf>> {
        let shelf = self.current()?;
        let now = (self.clock)();
        let ended = shelf.verified().iter().any(|kept| kept.server_name == *server_name && kept.until < now);
        (!ended).then_some(shelf)
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        if let Some(shelf) = self.current() {
            shelf.sessions.set_kx_hint(server_name, group);
        }
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.current()?.sessions.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        if let Some(shelf) = self.current() {
            shelf.sessions.set_tls12_session(server_name, value);
        }
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.usable(server_name)?.sessions.tls12_session(server_name)
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        if let Some(shelf) = self.current() {
            shelf.sessions.remove_tls12_session(server_name);
        }
    }

    fn insert_tls13_ticket(&self, server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        if let Some(shelf) = self.current() {
            shelf.sessions.insert_tls13_ticket(server_name, value);
        }
    }

    fn take_tls13_ticket(&self, server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.usable(server_name)?.sessions.take_tls13_ticket(server_name)
    }
}
