//! A flight: under the lock of the key, read what is stored, adopt it or make the call, store a new refresh token,
//! then publish. A detached task; whatever happens to those who wait, it ends and says how.

use std::sync::Arc;

use countersign_evidence::Problem;
use countersign_oauth::Renewal;
use countersign_oauth::lease::{Call, Event, Found};
use countersign_secret::SecretText;

use super::held::{Fresh, not_kept};
use super::kept::KeptRefresh;
use super::lock::NoLock;
use super::slot::{Brought, Next, Shared, Slot};
use super::{Ask, Obtained, problem};

pub(super) async fn fly(shared: Arc<Shared>, slot: Arc<Slot>, number: u64) {
    let mut flight = Flight { shared, slot, number, kept: None, stores: false, over: false };
    flight.run().await;
    flight.over = true;
}

struct Flight {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    number: u64,
    /// The refresh token found in the store.
    kept: Option<KeptRefresh>,
    /// Whether refresh tokens are used at all: the recipe says so, and the lock is held.
    stores: bool,
    over: bool,
}

impl Drop for Flight {
    /// A flight that ends early, by a panic of a call or with the runtime, does not leave its key waiting.
    fn drop(&mut self) {
        if !self.over {
            let problem = problem::stopped(&self.slot.key.credential);
            self.unreached(problem, None, false, false);
        }
    }
}

impl Flight {
    async fn run(&mut self) {
        let (shared, slot) = (Arc::clone(&self.shared), Arc::clone(&self.slot));
        let _turn = slot.turn.lock().await;
        let lock = shared.locks.take(&self.slot.key.hash, &shared.parts.clock).await;
        let _lock = match lock {
            Ok(guard) => {
                self.stores = self.slot.key.recipe.renewal == Renewal::Refresh;
                Some(guard)
            }
            Err(NoLock::Busy) => {
                self.unreached(problem::locked_elsewhere(&self.slot.key.credential), None, false, true);
                return;
            }
            // minting twice harms nobody; a refresh without the lock could revoke the whole grant, so none is made
            Err(NoLock::Storage) => None,
        };
        let mut next = self.read().await;
        loop {
            next = match next {
                Some(Next::Call(call)) => self.call(call).await,
                Some(Next::Read) => self.read().await,
                None => return,
            };
        }
    }

    /// What the other processes left.
    async fn read(&mut self) -> Option<Next> {
        let parts = &self.shared.parts;
        let mut found = Found::default();
        self.kept = None;
        if self.stores {
            let store = self.slot.store.lock().await;
            self.shared.forget_now(&self.slot).await;
            // a store that cannot be asked offers nothing: refreshing with an old token could revoke the whole grant
            let read = parts.keep.read(&self.slot.key).await.ok().flatten();
            drop(store);
            let unwritten = self.slot.inner().unwritten.clone();
            let newest = match (read, unwritten) {
                (Some(read), Some(own)) => Some(if own.generation > read.generation { own } else { read }),
                (one, None) | (None, one) => one,
            };
            if let Some(kept) = newest {
                let life = kept.life(&self.shared.boot, parts.clock.boot(), self.jitter());
                found = Found { generation: kept.generation, life, refresh: true };
                self.kept = Some(kept);
            }
        }
        let event = Event::Read { flight: self.number, found };
        self.shared.take(&self.slot, event, Brought::Kept(self.kept.clone()))
    }

    /// Jitter of the renewal point, drawn once per token.
    fn jitter(&self) -> f64 {
        0.8 + 0.4 * self.shared.parts.entropy.unit()
    }

    async fn call(&mut self, call: Call) -> Option<Next> {
        let refresh = match call {
            Call::Mint => None,
            Call::Refresh => self.kept.as_ref().map(|kept| Arc::clone(&kept.refresh_token)),
        };
        let reason = self.slot.inner().reason.clone();
        let ask = Ask { key: Arc::clone(&self.slot.key), refresh: refresh.clone(), reason };
        let obtaining = self.shared.parts.obtain.obtain(ask);
        let obtained = match call {
            // a rotation that was sent is seen to its end: its answer is the only refresh token there is
            Call::Refresh => obtaining.await,
            Call::Mint => tokio::select! {
                biased;
                () = self.shared.closed.cancelled() => {
                    return self.unreached(problem::closing(&self.slot.key.credential), None, false, false);
                }
                obtained = obtaining => obtained,
            },
        };
        match obtained {
            Obtained::Issued { issued, t0, sent_at, date_ms, exchange } => {
                let mut fresh = Fresh::new(issued, t0, sent_at, date_ms, &self.slot.key.recipe, self.jitter());
                self.keep(&mut fresh, refresh).await;
                let event = Event::Issued { flight: self.number, life: fresh.life };
                self.shared.take(&self.slot, event, Brought::Fresh { fresh: Box::new(fresh), exchange })
            }
            Obtained::Refused { refusal, retry_after, problem, exchange } => {
                let judged = problem::judged(&refusal, call, retry_after);
                let event =
                    Event::Refused { flight: self.number, refusal: judged, u: self.shared.parts.entropy.unit() };
                let brought =
                    Brought::Nothing { problem, refusal: Some(refusal), exchange: Some(exchange), at_once: false };
                self.shared.take(&self.slot, event, brought)
            }
            Obtained::Unreached { problem, may_have_been_sent, exchange } => {
                let passing = problem::passing(&problem, &exchange);
                self.unreached(problem, Some(exchange), may_have_been_sent, passing)
            }
        }
    }

    fn unreached(
        &self,
        problem: Problem,
        exchange: Option<Box<countersign_evidence::Exchange>>,
        sent: bool,
        passing: bool,
    ) -> Option<Next> {
        let at_once = problem::nobody_there(&problem);
        let event = Event::Unreached { flight: self.number, sent, passing, u: self.shared.parts.entropy.unit() };
        self.shared.take(&self.slot, event, Brought::Nothing { problem, refusal: None, exchange, at_once })
    }

    /// A new refresh token is stored before its access token is published. The one sent is not written again.
    async fn keep(&self, fresh: &mut Fresh, sent: Option<Arc<SecretText>>) {
        let token = fresh.take_refresh();
        let stays = sent.is_some_and(|sent| token.as_ref().is_none_or(|token| sent.eq_constant_time(token)));
        if stays && self.slot.key.client_authentication == "none" {
            fresh.note(countersign_oauth::hygiene::refresh_not_rotated());
        }
        let Some(token) = token.filter(|_| self.stores && !stays) else { return };
        let parts = &self.shared.parts;
        let _store = self.slot.store.lock().await;
        self.shared.forget_now(&self.slot).await;
        let generation = {
            let inner = self.slot.inner();
            if !inner.state.awaits(self.number) {
                return;
            }
            inner.state.next_generation()
        };
        let family = self.kept.as_ref().map_or_else(|| parts.entropy.id(&parts.clock), |kept| kept.family.clone());
        let kept = KeptRefresh {
            generation,
            obtained_at: fresh.sent_at(),
            family,
            refresh_token: token,
            access: Some(fresh.access(self.shared.boot.clone())),
        };
        match parts.keep.write(&self.slot.key, kept.clone()).await {
            Ok(()) => self.slot.inner().unwritten = None,
            Err(problem) => {
                fresh.note(not_kept(&problem.title));
                self.slot.inner().unwritten = Some(kept);
            }
        }
        // a discard during the write has left its word: it is removed again
        self.shared.forget_now(&self.slot).await;
    }
}
