//! What every backend can do.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use countersign_secret::{SecretBytes, SecretText};
use tokio::sync::watch;

use crate::state::State;
use crate::value::{Kind, Value};
use crate::{Error, Random};

/// The answer of a store.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A value on its way in.
#[derive(Clone)]
pub(crate) struct Entering {
    pub(crate) slot: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) generation: u64,
    pub(crate) bytes: Arc<SecretBytes>,
}

/// A value as it was kept, with the credential's name.
pub(crate) struct Kept {
    pub(crate) value: Value,
    pub(crate) label: String,
}

/// One place where secrets rest. Ids are checked before they get here.
pub(crate) trait Store: Send + Sync {
    /// Finds out where it stands.
    fn check(&self) -> Pending<'_, State>;
    /// Opens it.
    fn unlock(&self, passphrase: Option<SecretText>) -> Pending<'_, Result<State, Error>>;
    /// Forgets what opens it.
    fn lock(&self);
    /// Writes, reads back, compares.
    fn put(&self, entering: Entering) -> Pending<'_, Result<(), Error>>;
    /// Reads. `labelled`: the label is wanted too, which may cost another call.
    fn take<'a>(&'a self, slot: &'a str, labelled: bool) -> Pending<'a, Result<Option<Kept>, Error>>;
    /// Removes; a slot that is not there is removed already.
    fn remove<'a>(&'a self, slot: &'a str) -> Pending<'a, Result<(), Error>>;
    /// Ids of the slots that hold something.
    fn slots(&self) -> Pending<'_, Result<Vec<String>, Error>>;
    /// The key of the fingerprints: what is stored, else `adopt`, else a new one, which is stored.
    fn marker(&self, adopt: Option<Arc<SecretBytes>>) -> Pending<'_, Result<Arc<SecretBytes>, Error>>;
    /// Removes what belongs to the vault itself. Only when no slot holds anything.
    fn remove_own(&self) -> Pending<'_, Result<(), Error>>;
}

/// The state everybody watches.
#[derive(Clone)]
pub(crate) struct Standing(Arc<watch::Sender<State>>);

impl Standing {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(watch::channel(state).0))
    }

    pub(crate) fn state(&self) -> State {
        *self.0.borrow()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }

    pub(crate) fn set(&self, state: State) {
        self.0.send_if_modified(|current| std::mem::replace(current, state) != state);
    }

    /// A call that worked shows the keychain open, but does not bring a lost key back.
    pub(crate) fn worked(&self) {
        if self.state() != State::KeyLost {
            self.set(State::Available);
        }
    }

    /// Notes what an error says about the whole vault.
    pub(crate) fn note(&self, error: Error) -> Error {
        if let Some(state) = error.state() {
            self.set(state);
        }
        error
    }
}

/// Random bytes as a secret.
pub(crate) fn random_key(random: &Random) -> SecretBytes {
    let mut key = vec![0; crate::sealed::KEY];
    random(&mut key);
    countersign_secret::Secret::new(key)
}

/// Runs file work and key derivation off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(Error::Internal { what: "file work was cut off" }),
    }
}

/// A value that is looked up once.
#[derive(Default)]
pub(crate) struct Remembered(RwLock<Option<Arc<SecretBytes>>>);

impl Remembered {
    pub(crate) fn value(&self) -> Option<Arc<SecretBytes>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, value: Option<Arc<SecretBytes>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}
