//! What every handler shares: configuration, clock, faults, keys, what was seen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use countersign_evidence::Timestamp;
use countersign_secret::SecretText;
use tokio::sync::watch;

use crate::config::{Clock, Dialect, TrustedKey};
use crate::fault::{Fault, FaultGroup};
use crate::payments::Payment;
use crate::pki::{Pki, Presented};
use crate::seen::{Log, Seen};
use crate::tokens::Tokens;

/// The gateway's inside.
pub(crate) struct Lab {
    pub(crate) dialect: Dialect,
    pub(crate) demo_secret: Arc<SecretText>,
    pub(crate) trusted_keys: RwLock<Vec<TrustedKey>>,
    pub(crate) signature_required: AtomicBool,
    pub(crate) pki: Pki,
    pub(crate) tokens: Tokens,
    pub(crate) log: Log,
    pub(crate) payments: Mutex<Vec<Payment>>,
    pub(crate) issuer: String,
    pub(crate) base_url: String,
    /// Token calls in flight now, and the most there were.
    pub(crate) in_flight: AtomicU64,
    pub(crate) most_in_flight: AtomicU64,
    lifetime: AtomicU64,
    faults: RwLock<HashMap<FaultGroup, Fault>>,
    clock: Clock,
    /// Bumped when the listener presents something else: open connections end.
    presented: watch::Sender<u64>,
}

pub(crate) struct Parts {
    pub(crate) dialect: Dialect,
    pub(crate) demo_secret: Arc<SecretText>,
    pub(crate) trusted_keys: Vec<TrustedKey>,
    pub(crate) signature_required: bool,
    pub(crate) pki: Pki,
    pub(crate) tokens: Tokens,
    pub(crate) issuer: String,
    pub(crate) base_url: String,
    pub(crate) lifetime: Duration,
    pub(crate) clock: Clock,
}

impl Lab {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            dialect: parts.dialect,
            demo_secret: parts.demo_secret,
            trusted_keys: RwLock::new(parts.trusted_keys),
            signature_required: AtomicBool::new(parts.signature_required),
            pki: parts.pki,
            tokens: parts.tokens,
            log: Log::new(),
            payments: Mutex::new(Vec::new()),
            issuer: parts.issuer,
            base_url: parts.base_url,
            in_flight: AtomicU64::new(0),
            most_in_flight: AtomicU64::new(0),
            lifetime: AtomicU64::new(parts.lifetime.as_secs()),
            faults: RwLock::new(HashMap::new()),
            clock: parts.clock,
            presented: watch::channel(0).0,
        }
    }

    /// The gateway's time: the clock, shifted by its fault.
    pub(crate) fn now(&self) -> SystemTime {
        let now = (self.clock)();
        match self.fault(FaultGroup::Clock).and_then(|f| f.shift()) {
            Some(shift) if shift < 0 => now - Duration::from_secs(shift.unsigned_abs()),
            Some(shift) => now + Duration::from_secs(shift.unsigned_abs()),
            None => now,
        }
    }

    /// The wall clock itself, which no fault shifts.
    pub(crate) fn wall_clock(&self) -> Clock {
        Arc::clone(&self.clock)
    }

    /// Seconds since the epoch by the gateway's time.
    pub(crate) fn seconds(&self) -> i64 {
        Timestamp::from_system(self.now()).unix_seconds()
    }

    /// Life of an access token issued now.
    pub(crate) fn lifetime(&self) -> Duration {
        let fault = self.fault(FaultGroup::Token).filter(|f| f.name() == "token-life").and_then(|f| f.duration());
        fault.unwrap_or_else(|| Duration::from_secs(self.lifetime.load(Ordering::Relaxed)))
    }

    pub(crate) fn set_lifetime(&self, lifetime: Duration) {
        self.lifetime.store(lifetime.as_secs(), Ordering::Relaxed);
    }

    pub(crate) fn fault(&self, group: FaultGroup) -> Option<Fault> {
        self.faults.read().unwrap_or_else(PoisonError::into_inner).get(&group).cloned()
    }

    /// Whether the fault of that name is active.
    pub(crate) fn has(&self, group: FaultGroup, name: &str) -> bool {
        self.fault(group).is_some_and(|f| f.name() == name)
    }

    pub(crate) fn faults(&self) -> Vec<Fault> {
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        FaultGroup::ALL.into_iter().filter_map(|group| faults.get(&group).cloned()).collect()
    }

    pub(crate) fn set_fault(&self, group: FaultGroup, fault: Option<Fault>) {
        let before = self.presents();
        {
            let mut faults = self.faults.write().unwrap_or_else(PoisonError::into_inner);
            match fault {
                Some(fault) => faults.insert(group, fault),
                None => faults.remove(&group),
            };
        }
        if self.presents() != before {
            self.presented.send_modify(|n| *n += 1);
        }
    }

    /// What the API's listener presents now.
    pub(crate) fn presents(&self) -> Presented {
        match self.fault(FaultGroup::Certificate).as_ref().map(Fault::name) {
            Some("certificate-expired") => Presented::Expired,
            Some("certificate-wrong-host") => Presented::WrongHost,
            Some("certificate-untrusted-root") => Presented::UntrustedRoot,
            Some(_) | None => Presented::Good,
        }
    }

    pub(crate) fn presented(&self) -> watch::Receiver<u64> {
        self.presented.subscribe()
    }

    /// Writes down what was seen.
    pub(crate) fn saw(&self, id: u64, request: String, status: Option<u16>, judged: String, on_purpose: bool) {
        self.log.add(Seen { id, at: Timestamp::from_system((self.clock)()), request, status, judged, on_purpose });
    }
}
