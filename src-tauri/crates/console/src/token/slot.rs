//! One key: its state, its token, those who wait. Every event goes through [`Shared::take`], which carries out what
//! the state machine says.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use countersign_evidence::{Exchange, Problem, TokenOrigin};
use countersign_oauth::Refusal;
use countersign_oauth::lease::{Call, Cause, Effect, Event, State, Term, step};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::engine::EngineParts;
use super::flight::fly;
use super::held::{Fresh, adopted};
use super::kept::KeptRefresh;
use super::lock::Locks;
use super::{Held, TokenKey, problem};
use crate::view::Generation;

/// Generations remembered per key.
const REMEMBERED: usize = 20;

/// What all parts of the engine share.
pub(super) struct Shared {
    pub(super) parts: EngineParts,
    pub(super) slots: ArcSwap<HashMap<String, Arc<Slot>>>,
    pub(super) locks: Locks,
    pub(super) boot: String,
    pub(super) closed: CancellationToken,
    pub(super) flights: TaskTracker,
    pub(super) runtime: OnceLock<Handle>,
}

/// One key.
pub(super) struct Slot {
    pub(super) key: Arc<TokenKey>,
    /// The token handed out; its deadline is compared at each look.
    pub(super) held: ArcSwapOption<Held>,
    /// Milliseconds of the boot clock plus one; 0: never.
    used_at: AtomicU64,
    pub(super) uses: AtomicU64,
    pub(super) woken: watch::Sender<u64>,
    /// Held by the flight: the next one starts when its predecessor has let go of the lock file, not a poll later.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Serialises what is done to the stored refresh token.
    pub(super) store: tokio::sync::Mutex<()>,
    inner: Mutex<Inner>,
}

/// What stands behind the lock of a slot.
pub(super) struct Inner {
    pub(super) state: State,
    timer: Option<AbortHandle>,
    /// How the last flight ended.
    pub(super) landed: Option<Arc<Landed>>,
    /// Counts landings.
    pub(super) landings: u64,
    /// Counts discards: who waited before one gets nothing.
    pub(super) discards: u64,
    pub(super) generations: VecDeque<Generation>,
    /// Why the flight under way started.
    pub(super) reason: String,
    /// Why somebody asks for a new token by hand.
    pub(super) request: Option<String>,
    /// Why the present token was obtained.
    pub(super) obtained_for: String,
    /// What went wrong since the last token.
    pub(super) failure: Option<Problem>,
    /// A refresh token that could not be stored.
    pub(super) unwritten: Option<KeptRefresh>,
    /// The stored refresh token is to be removed.
    pub(super) forget: bool,
    origin: TokenOrigin,
}

/// How a flight ended, for all who waited for it.
pub(super) struct Landed {
    pub(super) outcome: Result<(Arc<Held>, TokenOrigin), Failed>,
    pub(super) exchange: Option<Box<Exchange>>,
}

/// Why a flight brought nothing.
pub(super) struct Failed {
    pub(super) problem: Problem,
    pub(super) refusal: Option<Refusal>,
    /// Waiting for another try makes no sense.
    pub(super) lasting: bool,
}

/// What came with an event.
pub(super) enum Brought {
    /// A call's token.
    Fresh { fresh: Box<Fresh>, exchange: Box<Exchange> },
    /// What is stored.
    Kept(Option<KeptRefresh>),
    /// A failure. `at_once`: those who wait hear it now, even if the next try comes soon.
    Nothing { problem: Problem, refusal: Option<Refusal>, exchange: Option<Box<Exchange>>, at_once: bool },
    /// The event says it all.
    Event,
}

/// What the flight does next.
#[derive(Debug)]
pub(super) enum Next {
    Call(Call),
    Read,
}

impl Slot {
    pub(super) fn new(key: Arc<TokenKey>) -> Self {
        Self {
            key,
            held: ArcSwapOption::empty(),
            used_at: AtomicU64::new(0),
            uses: AtomicU64::new(0),
            woken: watch::channel(0).0,
            turn: tokio::sync::Mutex::new(()),
            store: tokio::sync::Mutex::new(()),
            inner: Mutex::new(Inner {
                // client credentials are the one grant a key can ask with besides a refresh token
                state: State::new(true),
                timer: None,
                landed: None,
                landings: 0,
                discards: 0,
                generations: VecDeque::new(),
                reason: String::new(),
                request: None,
                obtained_for: String::new(),
                failure: None,
                unwritten: None,
                forget: false,
                origin: TokenOrigin::Acquired,
            }),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn touch(&self, now: Duration) {
        let ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX - 1);
        self.used_at.store(ms + 1, Ordering::Relaxed);
    }

    fn used_at(&self) -> Option<Duration> {
        self.used_at.load(Ordering::Relaxed).checked_sub(1).map(Duration::from_millis)
    }
}

impl Shared {
    /// Carries out an event on a slot; the part that is for the flight comes back.
    pub(super) fn take(self: &Arc<Self>, slot: &Arc<Slot>, event: Event, brought: Brought) -> Option<Next> {
        let starts =
            matches!(event, Event::LookedUp | Event::Requested | Event::Timer { .. } | Event::Unauthorized { .. });
        if starts && self.closed.is_cancelled() {
            return None;
        }
        let mut inner = slot.inner();
        let before = (inner.state.word(), inner.state.token(), inner.landings);
        let renews = inner.state.token().is_some();
        let (state, effects) = step(inner.state, event, self.parts.clock.boot());
        inner.state = state;
        if matches!(event, Event::Discarded | Event::Edited) {
            inner.discarded();
        }
        let (mut next, mut wake, mut brought) = (None, false, Some(brought));
        for effect in effects {
            match effect {
                Effect::Arm { at } => self.arm(slot, &mut inner, at),
                Effect::Call { call, .. } => next = Some(Next::Call(call)),
                Effect::Drop => {
                    slot.held.store(None);
                    inner.landed = inner.landed.take().filter(|landed| landed.outcome.is_err());
                }
                Effect::Fail { lasting } => self.fail(slot, &mut inner, lasting, brought.take()),
                Effect::Forget => self.forget(slot, &mut inner),
                Effect::Publish { token, adopted } => self.publish(slot, &mut inner, token, adopted, brought.take()),
                Effect::Read { .. } => next = Some(Next::Read),
                Effect::Start { flight, cause } => {
                    inner.begin(cause, renews);
                    self.spawn_flight(fly(Arc::clone(self), Arc::clone(slot), flight));
                }
                Effect::Wake => wake = true,
            }
        }
        let changed = before != (inner.state.word(), inner.state.token(), inner.landings);
        drop(inner);
        if wake {
            slot.woken.send_modify(|count| *count += 1);
        }
        if changed {
            (self.parts.changed)();
        }
        next
    }

    fn arm(self: &Arc<Self>, slot: &Arc<Slot>, inner: &mut Inner, at: Duration) {
        if let Some(timer) = inner.timer.take() {
            timer.abort();
        }
        let (shared, slot) = (Arc::downgrade(self), Arc::downgrade(slot));
        let due = self.parts.clock.sleep_until(at);
        let Some(runtime) = self.runtime() else { return };
        let timer = runtime.spawn(async move {
            due.await;
            let (Some(shared), Some(slot)) = (shared.upgrade(), slot.upgrade()) else { return };
            shared.take(&slot, Event::Timer { used_at: slot.used_at() }, Brought::Event);
        });
        inner.timer = Some(timer.abort_handle());
    }

    fn spawn_flight(&self, flight: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = self.runtime() {
            self.flights.spawn_on(flight, &runtime);
        }
    }

    fn runtime(&self) -> Option<Handle> {
        Handle::try_current().ok().or_else(|| self.runtime.get().cloned())
    }

    fn publish(&self, slot: &Slot, inner: &mut Inner, token: Term, taken: bool, brought: Option<Brought>) {
        let now = self.parts.clock.now();
        let (held, exchange, at) = match brought {
            Some(Brought::Fresh { fresh, exchange }) => {
                let at = fresh.sent_at();
                (Some(fresh.into_held(token.generation, &slot.key)), Some(exchange), at)
            }
            Some(Brought::Kept(Some(kept))) => (adopted(&kept, token.life, token.generation, &slot.key), None, now),
            Some(Brought::Kept(None) | Brought::Nothing { .. } | Brought::Event) | None => (None, None, now),
        };
        let Some(held) = held.map(Arc::new) else { return };
        if taken {
            inner.reason = "another process obtained it".into();
            inner.origin = TokenOrigin::Adopted;
        }
        slot.held.store(Some(Arc::clone(&held)));
        slot.uses.store(0, Ordering::Relaxed);
        inner.obtained_for.clone_from(&inner.reason);
        inner.failure = None;
        inner.remember(Generation {
            generation: token.generation,
            at,
            reason: inner.reason.clone(),
            exchange: exchange.as_ref().map(|exchange| exchange.exchange.clone()),
            failed: false,
            origin: Some(inner.origin),
            life_ms: i64::try_from(held.life.length().as_millis()).ok(),
        });
        inner.land(Landed { outcome: Ok((held, inner.origin)), exchange });
    }

    fn fail(&self, slot: &Slot, inner: &mut Inner, lasting: bool, brought: Option<Brought>) {
        let (problem, refusal, exchange, at_once) = match brought {
            Some(Brought::Nothing { problem, refusal, exchange, at_once }) => (problem, refusal, exchange, at_once),
            Some(Brought::Fresh { exchange, .. }) => {
                (problem::expired_on_arrival(&slot.key.credential), None, Some(exchange), false)
            }
            Some(Brought::Kept(_) | Brought::Event) | None => {
                (problem::out_of_reach(&slot.key.credential), None, None, true)
            }
        };
        inner.remember(Generation {
            generation: inner.state.next_generation(),
            at: self.parts.clock.now(),
            reason: format!("{} ({})", problem.title, inner.reason),
            exchange: exchange.as_ref().map(|exchange| exchange.exchange.clone()),
            failed: true,
            origin: None,
            life_ms: None,
        });
        inner.failure = Some(problem.clone());
        inner.land(Landed { outcome: Err(Failed { problem, refusal, lasting: lasting || at_once }), exchange });
    }

    /// Removed by a task of its own; a flight that comes first does it itself.
    fn forget(self: &Arc<Self>, slot: &Arc<Slot>, inner: &mut Inner) {
        inner.forget = true;
        inner.unwritten = None;
        let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
        self.spawn_flight(async move {
            let _store = slot.store.lock().await;
            shared.forget_now(&slot).await;
        });
    }

    /// Removes the stored refresh token where that is due; the caller holds the store.
    pub(super) async fn forget_now(&self, slot: &Slot) {
        if std::mem::take(&mut slot.inner().forget) {
            // a store that cannot be asked keeps a token the server does not accept any more
            let _removed = self.parts.keep.remove(&slot.key).await;
        }
    }
}

impl Inner {
    fn begin(&mut self, cause: Cause, renews: bool) {
        let request = self.request.take().filter(|_| cause == Cause::Requested);
        self.reason = request.unwrap_or_else(|| cause.words());
        self.origin = match cause {
            Cause::BeforeExpiry | Cause::Refused { .. } => TokenOrigin::Renewed,
            Cause::Requested if renews => TokenOrigin::Renewed,
            Cause::Expired { .. } | Cause::FirstUse | Cause::Requested => TokenOrigin::Acquired,
        };
    }

    fn discarded(&mut self) {
        self.discards += 1;
        self.failure = None;
        self.landed = None;
        self.unwritten = None;
        self.obtained_for.clear();
    }

    fn land(&mut self, landed: Landed) {
        self.landings += 1;
        self.landed = Some(Arc::new(landed));
    }

    /// Failures in a row that say the same are one line.
    fn remember(&mut self, generation: Generation) {
        let repeats = self.generations.front().is_some_and(|last| {
            last.failed
                && generation.failed
                && last.generation == generation.generation
                && last.reason == generation.reason
        });
        if repeats {
            self.generations.pop_front();
        }
        self.generations.push_front(generation);
        self.generations.truncate(REMEMBERED);
    }
}
