//! The passphrase vault: every slot in one sealed file, its key wrapped under Argon2id, held in memory while open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use countersign_secret::{SecretBytes, SecretText};
use tokio::time::Instant;

use crate::sealed::{Derivation, Holding, Malformed, Sealed, SealedFile};
use crate::slot::MARKER;
use crate::state::State;
use crate::store::{Entering, Kept, Pending, Standing, Store, blocking, random_key};
use crate::value::Value;
use crate::{Error, Random};

/// How long it stays open without use.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// The passphrase vault.
pub(crate) struct Passphrase {
    inner: Arc<Inner>,
}

struct Inner {
    file: SealedFile,
    vault_id: String,
    random: Random,
    derivation: Derivation,
    standing: Standing,
    open: Mutex<Option<Open>>,
}

struct Open {
    key: Arc<SecretBytes>,
    used: Instant,
}

impl Passphrase {
    /// A locked one.
    pub(crate) fn new(
        file: SealedFile,
        vault_id: &str,
        random: Random,
        derivation: Derivation,
        standing: Standing,
    ) -> Self {
        let vault_id = vault_id.to_owned();
        Self { inner: Arc::new(Inner { file, vault_id, random, derivation, standing, open: Mutex::new(None) }) }
    }
}

impl Inner {
    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key, as a use of it.
    fn key(&self) -> Result<Arc<SecretBytes>, Error> {
        let mut open = self.open();
        let open = open.as_mut().ok_or(Error::PassphraseNeeded)?;
        open.used = Instant::now();
        Ok(Arc::clone(&open.key))
    }

    fn lock(&self) {
        self.open().take();
        self.standing.set(State::PassphraseLocked);
    }

    /// The file as its key says it is. A file that is gone or under another key closes the vault.
    fn load(&self, key: &SecretBytes) -> Result<Sealed, Error> {
        let sealed = self.file.load()?;
        let gone = || self.file.malformed(Malformed("it is gone".into()));
        let checked = sealed.ok_or_else(gone).and_then(|sealed| {
            sealed.authenticate(key).map_err(|malformed| self.file.malformed(malformed))?;
            Ok(sealed)
        });
        checked.inspect_err(|_| self.lock())
    }

    /// Opens the vault, or makes it where there is none.
    async fn unlock(self: Arc<Self>, passphrase: SecretText) -> Result<State, Error> {
        let writing = self.file.writing().await?;
        let inner = Arc::clone(&self);
        let key = blocking(move || match inner.file.load()? {
            Some(sealed) => sealed.unwrap_key(&passphrase).ok_or(Error::PassphraseRefused),
            None => {
                let key = random_key(&inner.random);
                let mut sealed =
                    Sealed::under_passphrase(&inner.vault_id, &key, &passphrase, inner.derivation, &inner.random)?;
                inner.file.replace(&sealed.encode(&key, &inner.random)?, &writing)?;
                Ok(key)
            }
        });
        let key = key.await?;
        let newly = self.open().replace(Open { key: Arc::new(key), used: Instant::now() }).is_none();
        self.standing.set(State::PassphraseOpen);
        if newly {
            tokio::spawn(close_when_idle(Arc::downgrade(&self)));
        }
        Ok(State::PassphraseOpen)
    }

    /// Changes the file under its lock, then compares what is on the disk.
    async fn change<T: Send + 'static>(
        self: Arc<Self>,
        change: impl FnOnce(&Self, &SecretBytes, &mut Sealed) -> Result<Change<T>, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let key = self.key()?;
        let writing = self.file.writing().await?;
        blocking(move || {
            let mut sealed = self.load(&key)?;
            match change(&self, &key, &mut sealed)? {
                Change::None(result) => Ok(result),
                Change::Written(result) => {
                    self.file.replace(&sealed.encode(&key, &self.random)?, &writing)?;
                    Ok(result)
                }
            }
        })
        .await
    }

    async fn read<T: Send + 'static>(
        self: Arc<Self>,
        read: impl FnOnce(&Self, &SecretBytes, &Sealed) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let key = self.key()?;
        blocking(move || {
            let sealed = self.load(&key)?;
            read(&self, &key, &sealed)
        })
        .await
    }
}

enum Change<T> {
    None(T),
    Written(T),
}

impl Store for Passphrase {
    fn check(&self) -> Pending<'_, State> {
        let open = self.inner.open().is_some();
        Box::pin(std::future::ready(if open { State::PassphraseOpen } else { State::PassphraseLocked }))
    }

    fn unlock(&self, passphrase: Option<SecretText>) -> Pending<'_, Result<State, Error>> {
        Box::pin(async move {
            let passphrase = passphrase.ok_or(Error::PassphraseNeeded)?;
            if passphrase.is_empty() {
                return Err(Error::PassphraseEmpty);
            }
            Arc::clone(&self.inner).unlock(passphrase).await
        })
    }

    fn lock(&self) {
        self.inner.lock();
    }

    fn put(&self, entering: Entering) -> Pending<'_, Result<(), Error>> {
        Box::pin(async move {
            let Entering { slot, label, kind, generation, bytes } = entering;
            let wanted = (slot.clone(), Arc::clone(&bytes));
            let written = Arc::clone(&self.inner).change(move |inner, key, sealed| {
                sealed.put(key, &slot, (Holding::Slot(kind), generation, &label), &bytes, &inner.random)?;
                Ok(Change::Written(()))
            });
            written.await?;
            let (slot, bytes) = wanted;
            let same = Arc::clone(&self.inner).read(move |inner, key, sealed| {
                let opened = sealed.open(key, &slot).map_err(|malformed| inner.file.malformed(malformed))?;
                let kept = opened
                    .is_some_and(|opened| opened.generation == generation && opened.bytes.eq_constant_time(&bytes));
                if kept { Ok(()) } else { Err(Error::NotKept { slot }) }
            });
            same.await
        })
    }

    fn take<'a>(&'a self, slot: &'a str, _labelled: bool) -> Pending<'a, Result<Option<Kept>, Error>> {
        let slot = slot.to_owned();
        Box::pin(Arc::clone(&self.inner).read(move |inner, key, sealed| {
            let opened = sealed.open(key, &slot).map_err(|malformed| inner.file.malformed(malformed))?;
            Ok(opened.and_then(|opened| match opened.holding {
                Holding::Slot(kind) => Some(Kept {
                    value: Value { bytes: opened.bytes, kind, generation: opened.generation },
                    label: opened.label,
                }),
                Holding::Marker => None,
            }))
        }))
    }

    fn remove<'a>(&'a self, slot: &'a str) -> Pending<'a, Result<(), Error>> {
        let slot = slot.to_owned();
        Box::pin(
            Arc::clone(&self.inner).change(move |_, _, sealed| {
                Ok(if sealed.remove(&slot) { Change::Written(()) } else { Change::None(()) })
            }),
        )
    }

    fn slots(&self) -> Pending<'_, Result<Vec<String>, Error>> {
        Box::pin(Arc::clone(&self.inner).read(|_, _, sealed| Ok(sealed.slots())))
    }

    fn marker(&self, adopt: Option<Arc<SecretBytes>>) -> Pending<'_, Result<Arc<SecretBytes>, Error>> {
        Box::pin(Arc::clone(&self.inner).change(move |inner, key, sealed| {
            let opened = sealed.open(key, MARKER).map_err(|malformed| inner.file.malformed(malformed))?;
            if let Some(opened) = opened {
                return Ok(Change::None(Arc::new(opened.bytes)));
            }
            let marker = adopt.unwrap_or_else(|| Arc::new(random_key(&inner.random)));
            sealed.put(key, MARKER, (Holding::Marker, 1, ""), &marker, &inner.random)?;
            Ok(Change::Written(marker))
        }))
    }

    /// The file goes; the vault is locked then, and the next passphrase makes a new one.
    fn remove_own(&self) -> Pending<'_, Result<(), Error>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            inner.key()?;
            let writing = inner.file.writing().await?;
            blocking(move || {
                inner.file.remove(&writing)?;
                inner.lock();
                Ok(())
            })
            .await
        })
    }
}

/// Ends with the vault, or with the lock.
async fn close_when_idle(inner: Weak<Inner>) {
    loop {
        let deadline = {
            let Some(inner) = inner.upgrade() else { return };
            let open = inner.open();
            let Some(used) = open.as_ref().map(|open| open.used) else { return };
            used + IDLE
        };
        if deadline <= Instant::now() {
            if let Some(inner) = inner.upgrade() {
                inner.lock();
            }
            return;
        }
        tokio::time::sleep_until(deadline).await;
    }
}

#[cfg(test)]
pub(crate) fn passphrase(text: &str) -> Option<SecretText> {
    Some(countersign_secret::Secret::new(text.to_owned()))
}
