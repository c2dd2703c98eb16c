//! The engine's face: look, wait, renew, discard.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use countersign_evidence::{Problem, TokenOrigin, TokenState};
use countersign_oauth::lease::Event;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::kept::boot_id;
use super::lock::Locks;
use super::row::row;
use super::slot::{Brought, Landed, Shared, Slot};
use super::{EngineRow, Held, KeepRefresh, Obtain, TokenFailure, TokenKey, TokenLease, problem};
use crate::clock::Clock;
use crate::entropy::Entropy;

/// Failures after which who waits hears of it.
const TRIES: u32 = 4;
/// How long closing waits for refreshes that were sent.
const CLOSING: Duration = Duration::from_secs(12);

/// What the engine stands on.
pub struct EngineParts {
    /// The clock.
    pub clock: Clock,
    /// Jitter and ids.
    pub entropy: Entropy,
    /// Folder of the lock files.
    pub locks: PathBuf,
    /// Makes token calls.
    pub obtain: Arc<dyn Obtain>,
    /// Where refresh tokens rest.
    pub keep: Arc<dyn KeepRefresh>,
    /// Called after each change of a key's state, from any thread, without a lock held.
    pub changed: Arc<dyn Fn() + Send + Sync>,
}

/// The token engine; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// What somebody waits for.
#[derive(Clone, Copy, PartialEq)]
enum Wish {
    /// A token that may be used.
    Any,
    /// One that is newer than this generation.
    After(u64),
    /// What the next flight brings.
    New,
}

/// One caller's wait.
struct Waiting<'a> {
    shared: &'a Arc<Shared>,
    slot: Arc<Slot>,
    wish: Wish,
    woken: watch::Receiver<u64>,
    began: Duration,
    limit: Duration,
    landings: u64,
    discards: u64,
    failures: u32,
    last: Option<Arc<Landed>>,
}

impl Engine {
    /// An engine without a token.
    pub fn new(parts: EngineParts) -> Self {
        let runtime = OnceLock::new();
        if let Ok(handle) = Handle::try_current() {
            let _first = runtime.set(handle);
        }
        let shared = Shared {
            locks: Locks::new(parts.locks.clone()),
            parts,
            slots: ArcSwap::from_pointee(HashMap::new()),
            boot: boot_id(),
            closed: CancellationToken::new(),
            flights: TaskTracker::new(),
            runtime,
        };
        Self { shared: Arc::new(shared) }
    }

    /// The token a request may be sent with now, if there is one. Only a look: no lock, no use counted, no call.
    pub fn peek(&self, hash: &str) -> Option<Arc<Held>> {
        let slots = self.shared.slots.load();
        let held = slots.get(hash)?.held.load_full()?;
        (self.shared.parts.clock.boot() < held.life.hard_at).then_some(held)
    }

    /// A token: the present one at once, else what the shared flight brings within `limit`.
    ///
    /// # Errors
    /// [`TokenFailure`], the same for all who waited for the same call.
    pub async fn lease(&self, key: Arc<TokenKey>, limit: Duration) -> Result<TokenLease, Box<TokenFailure>> {
        let slot = self.slot(key);
        let now = self.shared.parts.clock.boot();
        slot.touch(now);
        if let Some(held) = slot.held.load_full().filter(|held| now < held.life.soft_at) {
            return Ok(TokenLease { held, origin: TokenOrigin::Reused, exchange: None, waited_us: 0 });
        }
        Waiting::new(&self.shared, slot, Wish::Any, limit).end().await
    }

    /// A new token on request, whatever the present one is worth. A flight under way is shared.
    ///
    /// # Errors
    /// [`TokenFailure`] of the first call that failed: who asks by hand sees it at once.
    pub async fn renew(
        &self,
        key: Arc<TokenKey>,
        limit: Duration,
        reason: &str,
    ) -> Result<TokenLease, Box<TokenFailure>> {
        let slot = self.slot(key);
        slot.touch(self.shared.parts.clock.boot());
        let waiting = Waiting::new(&self.shared, Arc::clone(&slot), Wish::New, limit);
        slot.inner().request = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        self.shared.take(&slot, Event::Requested, Brought::Event);
        waiting.end().await
    }

    /// After a 401: the refused generation is not handed out any more, and all who were refused share one renewal.
    /// Where a newer one is there already, it is the answer.
    ///
    /// # Errors
    /// [`TokenFailure`].
    pub async fn renew_after_refusal(
        &self,
        key: Arc<TokenKey>,
        refused_generation: u64,
        limit: Duration,
    ) -> Result<TokenLease, Box<TokenFailure>> {
        let slot = self.slot(key);
        slot.touch(self.shared.parts.clock.boot());
        let waiting = Waiting::new(&self.shared, Arc::clone(&slot), Wish::After(refused_generation), limit);
        self.shared.take(&slot, Event::Unauthorized { generation: refused_generation }, Brought::Event);
        waiting.end().await
    }

    /// An exchange used the present token: it counts, and keeps the key hot.
    pub fn used(&self, hash: &str) {
        let Some(slot) = self.shared.slots.load().get(hash).cloned() else { return };
        let now = self.shared.parts.clock.boot();
        slot.touch(now);
        slot.uses.fetch_add(1, Ordering::Relaxed);
        if slot.held.load().as_ref().is_some_and(|held| now >= held.life.soft_at) {
            self.shared.take(&slot, Event::LookedUp, Brought::Event);
        }
    }

    /// The credential's tokens are dropped, its refresh token too; the result of a call under way is not used.
    pub fn discard(&self, credential: &str) {
        for slot in self.slots_of(credential) {
            self.shared.take(&slot, Event::Discarded, Brought::Event);
        }
    }

    /// The tokens of these authorization servers are dropped: what they issued is worth nothing any more.
    pub fn discard_issued_by(&self, gone: impl Fn(&str) -> bool) {
        let slots = self.shared.slots.load_full();
        for slot in slots.values().filter(|slot| gone(&slot.key.authorization_server)) {
            self.shared.take(slot, Event::Discarded, Brought::Event);
        }
    }

    /// The credential was edited or removed: its keys are gone with their tokens.
    pub fn drop_credential(&self, credential: &str) {
        let gone = self.slots_of(credential);
        self.shared.slots.rcu(|slots| {
            let kept = slots.iter().filter(|(_, slot)| slot.key.credential != credential);
            kept.map(|(hash, slot)| (hash.clone(), Arc::clone(slot))).collect::<HashMap<_, _>>()
        });
        for slot in gone {
            self.shared.take(&slot, Event::Edited, Brought::Event);
        }
        (self.shared.parts.changed)();
    }

    /// Every key, by credential and environment.
    pub fn rows(&self) -> Vec<EngineRow> {
        let now = self.shared.parts.clock.boot();
        let slots = self.shared.slots.load_full();
        let mut rows: Vec<EngineRow> = slots.values().map(|slot| row(slot, now)).collect();
        rows.sort_by(|a, b| {
            let name =
                |row: &EngineRow| (row.credential.clone(), row.environment.clone(), row.token.requested_scope.clone());
            name(a).cmp(&name(b))
        });
        rows
    }

    /// No call starts any more; a refresh that was sent is seen to its end, other calls are given up.
    pub async fn close(&self) {
        self.shared.closed.cancel();
        self.shared.flights.close();
        let clock = &self.shared.parts.clock;
        tokio::select! {
            () = self.shared.flights.wait() => {}
            () = clock.sleep_until(clock.boot() + CLOSING) => {}
        }
    }

    fn slots_of(&self, credential: &str) -> Vec<Arc<Slot>> {
        self.shared.slots.load().values().filter(|slot| slot.key.credential == credential).cloned().collect()
    }

    fn slot(&self, key: Arc<TokenKey>) -> Arc<Slot> {
        if let Some(slot) = self.shared.slots.load().get(&key.hash) {
            return Arc::clone(slot);
        }
        if let Ok(handle) = Handle::try_current() {
            let _known = self.shared.runtime.set(handle);
        }
        let new = Arc::new(Slot::new(Arc::clone(&key)));
        self.shared.slots.rcu(|slots| {
            let mut slots = HashMap::clone(slots);
            slots.entry(key.hash.clone()).or_insert_with(|| Arc::clone(&new));
            slots
        });
        // another caller may have been first; one that dropped the credential meanwhile leaves this caller alone with it
        self.shared.slots.load().get(&key.hash).map_or(new, Arc::clone)
    }

    /// Lock files at work: who pushes a manual clock waits until there are none.
    pub fn working(&self) -> usize {
        self.shared.locks.working.load(Ordering::SeqCst)
    }
}

impl<'a> Waiting<'a> {
    fn new(shared: &'a Arc<Shared>, slot: Arc<Slot>, wish: Wish, limit: Duration) -> Self {
        let woken = slot.woken.subscribe();
        let (landings, discards) = {
            let inner = slot.inner();
            (inner.landings, inner.discards)
        };
        let began = shared.parts.clock.boot();
        Self { shared, slot, wish, woken, began, limit, landings, discards, failures: 0, last: None }
    }

    async fn end(mut self) -> Result<TokenLease, Box<TokenFailure>> {
        let clock = self.shared.parts.clock.clone();
        let deadline = clock.sleep_until(self.began + self.limit);
        tokio::pin!(deadline);
        let closed = self.shared.closed.clone();
        loop {
            self.woken.mark_unchanged();
            if let Some(end) = self.look() {
                return end;
            }
            tokio::select! {
                biased;
                () = closed.cancelled() => return Err(self.failure(problem::closing(&self.slot.key.credential))),
                // the slot holds the sender, so this is no error
                _changed = self.woken.changed() => {}
                () = &mut deadline => return Err(self.too_late()),
            }
        }
    }

    /// What there is for this caller now, if anything.
    fn look(&mut self) -> Option<Result<TokenLease, Box<TokenFailure>>> {
        if self.shared.closed.is_cancelled() {
            return Some(Err(self.failure(problem::closing(&self.slot.key.credential))));
        }
        let now = self.shared.parts.clock.boot();
        let landed = {
            let inner = self.slot.inner();
            if inner.discards != self.discards {
                drop(inner);
                return Some(Err(self.failure(problem::discarded(&self.slot.key.credential))));
            }
            let new = inner.landings != self.landings;
            self.landings = inner.landings;
            inner.landed.clone().filter(|_| new)
        };
        if let Some(landed) = landed {
            match &landed.outcome {
                Ok((held, origin)) if now < held.life.dies_at && self.wanted(held) => {
                    return Some(Ok(self.lease(Arc::clone(held), *origin, landed.exchange.clone())));
                }
                Ok(_) => {}
                Err(failed) => {
                    self.failures += 1;
                    let lasting = failed.lasting || self.wish == Wish::New || self.failures >= TRIES;
                    self.last = Some(landed);
                    if lasting {
                        return Some(Err(self.too_late()));
                    }
                }
            }
        }
        if self.wish == Wish::New {
            return None;
        }
        self.shared.take(&self.slot, Event::LookedUp, Brought::Event);
        if let Some(held) = self.slot.held.load_full().filter(|held| now < held.life.hard_at && self.wanted(held)) {
            let origin = if self.wish == Wish::Any { TokenOrigin::Reused } else { TokenOrigin::Renewed };
            return Some(Ok(self.lease(held, origin, None)));
        }
        let inner = self.slot.inner();
        let next = inner.state.waits_until(now).filter(|next| *next > self.began + self.limit);
        if next.is_some() {
            self.last = self.last.take().or_else(|| inner.landed.clone().filter(|landed| landed.outcome.is_err()));
            drop(inner);
            return Some(Err(self.too_late()));
        }
        None
    }

    fn wanted(&self, held: &Held) -> bool {
        match self.wish {
            Wish::Any | Wish::New => true,
            Wish::After(generation) => held.generation != generation,
        }
    }

    fn waited(&self) -> Duration {
        self.shared.parts.clock.boot().saturating_sub(self.began)
    }

    fn lease(
        &self,
        held: Arc<Held>,
        origin: TokenOrigin,
        exchange: Option<Box<countersign_evidence::Exchange>>,
    ) -> TokenLease {
        let waited_us = u64::try_from(self.waited().as_micros()).unwrap_or(u64::MAX);
        TokenLease { held, origin, exchange, waited_us }
    }

    /// The last failure says more than that the time is over.
    fn too_late(&self) -> Box<TokenFailure> {
        let Some((landed, failed)) =
            self.last.as_ref().and_then(|landed| Some((landed, landed.outcome.as_ref().err()?)))
        else {
            return self.failure(problem::timed_out(&self.slot.key.credential, self.limit));
        };
        Box::new(TokenFailure {
            problem: failed.problem.clone(),
            exchange: landed.exchange.clone(),
            refusal: failed.refusal.clone(),
            state: self.state(),
        })
    }

    fn failure(&self, problem: Problem) -> Box<TokenFailure> {
        Box::new(TokenFailure { problem, exchange: None, refusal: None, state: self.state() })
    }

    fn state(&self) -> TokenState {
        self.slot.inner().state.word()
    }
}
