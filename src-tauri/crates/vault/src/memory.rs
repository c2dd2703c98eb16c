//! Secrets in memory: chosen, shown as such, gone when the process ends.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_secret::{Secret, SecretBytes, SecretText};

use crate::state::State;
use crate::store::{Entering, Kept, Pending, Remembered, Store, random_key};
use crate::value::Value;
use crate::{Error, Random};

/// Slots of this process.
pub(crate) struct Memory {
    slots: Mutex<BTreeMap<String, Entering>>,
    marker: Remembered,
    random: Random,
}

impl Memory {
    /// An empty one.
    pub(crate) fn new(random: Random) -> Self {
        Self { slots: Mutex::default(), marker: Remembered::default(), random }
    }

    fn lock_slots(&self) -> MutexGuard<'_, BTreeMap<String, Entering>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn check(&self) -> Pending<'_, State> {
        Box::pin(ready(State::MemoryOnly))
    }

    fn unlock(&self, _passphrase: Option<SecretText>) -> Pending<'_, Result<State, Error>> {
        Box::pin(ready(Ok(State::MemoryOnly)))
    }

    fn lock(&self) {}

    fn put(&self, entering: Entering) -> Pending<'_, Result<(), Error>> {
        self.lock_slots().insert(entering.slot.clone(), entering);
        Box::pin(ready(Ok(())))
    }

    fn take<'a>(&'a self, slot: &'a str, _labelled: bool) -> Pending<'a, Result<Option<Kept>, Error>> {
        let kept = self.lock_slots().get(slot).map(|entering| Kept {
            value: Value {
                bytes: Secret::new(entering.bytes.expose_secret().clone()),
                kind: entering.kind,
                generation: entering.generation,
            },
            label: entering.label.clone(),
        });
        Box::pin(ready(Ok(kept)))
    }

    fn remove<'a>(&'a self, slot: &'a str) -> Pending<'a, Result<(), Error>> {
        self.lock_slots().remove(slot);
        Box::pin(ready(Ok(())))
    }

    fn slots(&self) -> Pending<'_, Result<Vec<String>, Error>> {
        Box::pin(ready(Ok(self.lock_slots().keys().cloned().collect())))
    }

    fn marker(&self, adopt: Option<Arc<SecretBytes>>) -> Pending<'_, Result<Arc<SecretBytes>, Error>> {
        let marker = self.marker.value().unwrap_or_else(|| {
            let fresh = adopt.unwrap_or_else(|| Arc::new(random_key(&self.random)));
            self.marker.set(Some(Arc::clone(&fresh)));
            fresh
        });
        Box::pin(ready(Ok(marker)))
    }

    fn remove_own(&self) -> Pending<'_, Result<(), Error>> {
        self.marker.set(None);
        Box::pin(ready(Ok(())))
    }
}
