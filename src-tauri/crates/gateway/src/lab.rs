//! What every handler shares: configuration, clock, faults, keys, what was seen.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use countersign_evidence::Timestamp;
use countersign_secret::SecretText;
use jsonwebtoken::DecodingKey;
use tokio::sync::{OnceCell, watch};

use crate::authorization_server::pending::Pending;
use crate::client_key::ClientKey;
use crate::config::{Clock, TrustedKey};
use crate::dialect::{Basic, Coat, Dialect, ExpiresIn, Manner, Refusals};
use crate::fault::{Fault, FaultGroup};
use crate::flights::Flights;
use crate::payments::Payment;
use crate::pki::{Pki, Presented};
use crate::replay::Replay;
use crate::seen::{Log, Seen};
use crate::tokens::{Claims, Measure, Refused, Tokens, random_text};
use crate::zoo::Zoo;

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
    /// The authorization server's origin.
    pub(crate) origin: String,
    /// RFC 8414 issuer: the origin, and the path of the dialect.
    pub(crate) issuer: String,
    pub(crate) base_url: String,
    /// The origin of the listener that asks for a client certificate.
    pub(crate) mutual_origin: String,
    /// Token calls.
    pub(crate) flights: Flights,
    /// `jti` of DPoP proofs.
    pub(crate) proofs: Replay,
    /// `jti` of assertions.
    pub(crate) assertions: Replay,
    /// `Unique-Reference-Code` of the NI platform.
    pub(crate) references: Replay,
    /// The zoo, once it is served.
    pub(crate) zoo: OnceCell<Arc<Zoo>>,
    /// Codes, devices and pushed requests.
    pending: Mutex<Pending>,
    /// Nonces of DPoP proofs: the authorization server's, the API's.
    nonces: [String; 2],
    client_keys: RwLock<Vec<ClientKey>>,
    /// `x5t#S256` of registered client certificates (RFC 8705 §2.2).
    certificates: RwLock<HashSet<String>>,
    lifetime: AtomicU64,
    faults: RwLock<HashMap<FaultGroup, Fault>>,
    clock: Clock,
    /// Calls the fault `token-rate` was asked about.
    asked: AtomicU64,
    /// Bumped when the listener presents something else: open connections end.
    presented: watch::Sender<u64>,
}

pub(crate) struct Parts {
    pub(crate) dialect: Dialect,
    pub(crate) demo_secret: Arc<SecretText>,
    pub(crate) trusted_keys: Vec<TrustedKey>,
    pub(crate) client_keys: Vec<ClientKey>,
    pub(crate) signature_required: bool,
    pub(crate) pki: Pki,
    pub(crate) origin: String,
    pub(crate) base_url: String,
    pub(crate) mutual_origin: String,
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
            tokens: Tokens::make(),
            log: Log::new(),
            payments: Mutex::new(Vec::new()),
            issuer: format!("{}{}", parts.origin, parts.dialect.issuer_path()),
            origin: parts.origin,
            base_url: parts.base_url,
            mutual_origin: parts.mutual_origin,
            flights: Flights::default(),
            proofs: Replay::default(),
            assertions: Replay::default(),
            references: Replay::default(),
            zoo: OnceCell::new(),
            pending: Mutex::default(),
            nonces: [random_text(), random_text()],
            client_keys: RwLock::new(parts.client_keys),
            certificates: RwLock::default(),
            lifetime: AtomicU64::new(parts.lifetime.as_secs()),
            faults: RwLock::new(HashMap::new()),
            clock: parts.clock,
            asked: AtomicU64::new(0),
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
        let fault = self.fault(FaultGroup::Certificate);
        match fault.as_ref().map(Fault::name) {
            Some("certificate-case") => {
                fault.as_ref().and_then(Fault::zoo_case).map_or(Presented::Good, Presented::Case)
            }
            Some("certificate-expired") => Presented::Expired,
            Some("certificate-wrong-host") => Presented::WrongHost,
            Some("certificate-untrusted-root") => Presented::UntrustedRoot,
            Some(_) | None => Presented::Good,
        }
    }

    pub(crate) fn presented(&self) -> watch::Receiver<u64> {
        self.presented.subscribe()
    }

    /// How it writes and reads now: the dialect's row, one entry changed by the active fault.
    pub(crate) fn manner(&self) -> Manner {
        let manner = self.dialect.manner();
        let fault = self.fault(FaultGroup::Token);
        match fault.as_ref().map_or("", Fault::name) {
            "basic-raw" => Manner { basic: Basic::Raw, ..manner },
            "expires-in-absolute" => Manner { expires_in: ExpiresIn::Absolute, ..manner },
            "expires-in-missing" => Manner { expires_in: ExpiresIn::Missing, ..manner },
            "expires-in-ms" => Manner { expires_in: ExpiresIn::Milliseconds, ..manner },
            "expires-in-text" => Manner { expires_in: ExpiresIn::Text, ..manner },
            "refusals-odd" => Manner { refusals: Refusals::Sloppy, ..manner },
            "scope-missing" => Manner { scope: false, ..manner },
            "token-bom" => Manner { coat: Coat::ByteOrderMark, ..manner },
            "token-gzip" => Manner { coat: Coat::Gzip, ..manner },
            "token-opaque" => Manner { opaque: true, ..manner },
            _ => manner,
        }
    }

    /// The token endpoint.
    pub(crate) fn token_endpoint(&self) -> String {
        format!("{}{}", self.origin, self.dialect.token_path())
    }

    /// The token endpoint where a client certificate is asked for.
    pub(crate) fn mutual_token_endpoint(&self) -> String {
        format!("{}{}", self.mutual_origin, self.dialect.token_path())
    }

    /// The API's names as an audience (RFC 8707 §2).
    pub(crate) fn audiences(&self) -> Vec<String> {
        let path = self.dialect.api_path();
        let origins = [&self.base_url, &self.mutual_origin];
        origins.into_iter().flat_map(|origin| [origin.clone(), format!("{origin}{path}")]).collect()
    }

    /// A token of ours, for whomever it is.
    pub(crate) fn verified(&self, token: &str) -> Result<Claims, Refused> {
        self.verified_for(token, &[])
    }

    /// A token of ours for one of these audiences.
    pub(crate) fn verified_for(&self, token: &str, audiences: &[String]) -> Result<Claims, Refused> {
        let rotated = self.has(FaultGroup::Token, "keys-rotated");
        self.tokens.verify(token, &Measure { issuer: &self.issuer, audiences, now: self.seconds(), rotated })
    }

    /// What waits for a client's next step.
    pub(crate) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The nonce of the authorization server, or of the API (RFC 9449 §8, §9).
    pub(crate) fn nonce(&self, api: bool) -> &str {
        &self.nonces[usize::from(api)]
    }

    /// Whether the next call is one of the share that fails: the same ones in every run.
    pub(crate) fn is_struck(&self, rate: f64) -> bool {
        share(self.asked.fetch_add(1, Ordering::Relaxed)) < rate
    }

    /// One more key the demo client signs assertions with.
    pub(crate) fn add_client_key(&self, key: ClientKey) {
        let mut keys = self.client_keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|known| known.kid != key.kid);
        keys.push(key);
    }

    /// The demo client's keys of that identifier; all of them without one.
    pub(crate) fn client_keys(&self, kid: Option<&str>) -> Vec<DecodingKey> {
        let trusted = self.trusted_keys.read().unwrap_or_else(PoisonError::into_inner);
        let keys = self.client_keys.read().unwrap_or_else(PoisonError::into_inner);
        let all = keys.iter().cloned().chain(trusted.iter().filter_map(ClientKey::from_trusted));
        all.filter(|key| kid.is_none_or(|kid| key.kid == kid)).map(|key| key.key).collect()
    }

    /// Registers a client certificate by its `x5t#S256`.
    pub(crate) fn register(&self, thumbprint: String) {
        self.certificates.write().unwrap_or_else(PoisonError::into_inner).insert(thumbprint);
    }

    pub(crate) fn is_registered(&self, thumbprint: &str) -> bool {
        self.certificates.read().unwrap_or_else(PoisonError::into_inner).contains(thumbprint)
    }

    /// Writes down what was seen.
    pub(crate) fn saw(&self, id: u64, request: String, status: Option<u16>, judged: String, on_purpose: bool) {
        self.log.add(Seen { id, at: Timestamp::from_system((self.clock)()), request, status, judged, on_purpose });
    }
}

/// A number from 0 to 1 for each call, by SplitMix64 with a seed of zero.
fn share(call: u64) -> f64 {
    let mut z = call.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // 32 bits are enough, and a double holds them exactly
    f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_share_of_calls_that_fail_is_the_rate_and_the_same_in_every_run() {
        let first = (share(0) * 1000.0).round();
        assert!((first - 883.0).abs() < 0.5, "SplitMix64 with seed 0 begins with e220a839: {first}");
        let struck = (0..10_000).filter(|call| share(*call) < 0.1).count();
        assert!((900..1100).contains(&struck), "one in ten: {struck}");
    }
}
