//! Open connections that wait for a next request, by what makes them interchangeable: target and policy.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_tls::{Policy, Target};

use crate::Protocol;
use crate::connection::{Link, Sender};

/// Connections kept for one key; further ones are closed after use.
const MOST: usize = 16;

/// What must be equal for a connection to serve another request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) target: Target,
    pub(crate) policy: Policy,
}

struct Pooled {
    link: Arc<Link>,
    sender: Sender,
}

/// HTTP/1.1 connections are in here while nobody uses them, HTTP/2 ones from their beginning to their end.
pub(crate) struct Pool {
    idle: Duration,
    next: AtomicU64,
    epoch: AtomicU64,
    kept: Mutex<HashMap<Key, Vec<Pooled>>>,
}

impl Pool {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { idle, next: AtomicU64::new(0), epoch: AtomicU64::new(0), kept: Mutex::default() }
    }

    pub(crate) fn idle_limit(&self) -> Duration {
        self.idle
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The connection used last that is still open; entered for the caller.
    pub(crate) fn take(&self, key: &Key) -> Option<(Arc<Link>, Sender)> {
        let mut kept = self.kept();
        let list = kept.get_mut(key)?;
        while let Some(Pooled { link, sender }) = list.pop() {
            if sender.is_closed() {
                continue;
            }
            link.enter();
            let taken = Arc::clone(&link);
            return Some(match sender.share() {
                Some(share) => {
                    list.push(Pooled { link, sender: share });
                    (taken, sender)
                }
                None => (taken, sender),
            });
        }
        kept.remove(key);
        None
    }

    /// Counts how often everything was let go of.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Keeps a connection, unless everything was let go of since it was leased. A shared one takes the place of
    /// an earlier one, which ends with its last request.
    pub(crate) fn put(&self, key: &Key, epoch: u64, link: Arc<Link>, sender: Sender) {
        let mut kept = self.kept();
        if sender.is_closed() || epoch != self.epoch() {
            return;
        }
        let list = kept.entry(key.clone()).or_default();
        if link.protocol == Protocol::Http2 {
            list.retain(|pooled| pooled.link.protocol != Protocol::Http2);
        }
        if list.len() < MOST {
            list.push(Pooled { link, sender });
        }
    }

    /// Takes a connection out if nobody uses it; whether it is out. Connections are entered under the same lock.
    pub(crate) fn expire(&self, id: u64, idle: impl FnOnce() -> bool) -> bool {
        let mut kept = self.kept();
        let idle = idle();
        if idle {
            remove(&mut kept, |link| link.id == id);
        }
        idle
    }

    /// Takes out a connection that has ended.
    pub(crate) fn forget(&self, id: u64) {
        remove(&mut self.kept(), |link| link.id == id);
    }

    /// Lets go of everything; connections in use end with their last request.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        kept.clear();
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Vec<Pooled>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(kept: &mut HashMap<Key, Vec<Pooled>>, which: impl Fn(&Link) -> bool) {
    kept.retain(|_, list| {
        list.retain(|pooled| !which(&pooled.link));
        !list.is_empty()
    });
}
