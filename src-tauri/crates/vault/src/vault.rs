//! The vault of one workspace.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::hmac;
use countersign_evidence::SecretStore;
use countersign_secret::{SecretBytes, SecretText};
use tokio::sync::watch;

use crate::backend::Backend;
use crate::disk::{Disk, SystemDisk};
use crate::keychain::Keychain;
use crate::memory::Memory;
use crate::passphrase::Passphrase;
use crate::sealed::{Derivation, SealedFile};
use crate::state::State;
use crate::store::{Entering, Standing, Store};
use crate::value::{Kind, Value};
use crate::worker::{Limits, Worker};
use crate::{Error, slot, system};

/// Fills a slice with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Which vault, and where.
#[derive(Clone)]
pub struct Config {
    /// Its id: the workspace's. Letters, digits, `-`, `_`, `.`.
    pub vault_id: String,
    /// The chosen backend.
    pub backend: Backend,
    /// Folder of the sealed files.
    pub folder: PathBuf,
    /// Where keys and nonces come from.
    pub random: Random,
}

/// Where the secrets of one workspace rest; cheap to clone.
///
/// Slots are addressed by opaque ids. The caller counts each slot's generation up with every [`Vault::set`], also after
/// one that ended in an error, and remembers the last that worked: [`Vault::get`] then notices a restored old copy.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    vault_id: String,
    backend: Backend,
    standing: Standing,
    store: Box<dyn Store>,
}

impl Vault {
    /// The vault; nothing is read, asked or started yet.
    pub fn open(config: Config) -> Self {
        Self::open_with(config, Derivation::default())
    }

    /// The vault, with other parameters for a passphrase file that has yet to be made.
    pub fn open_with(config: Config, derivation: Derivation) -> Self {
        /// One thread and one queue for the process: at most one prompt, whatever the number of vaults.
        static WORKER: OnceLock<Arc<Worker>> = OnceLock::new();
        let worker = || Arc::clone(WORKER.get_or_init(|| Arc::new(Worker::new(system::connect(), Limits::default()))));
        Self::assemble(config, derivation, Arc::new(SystemDisk), worker)
    }

    /// The vault out of its parts.
    pub(crate) fn assemble(
        config: Config,
        derivation: Derivation,
        disk: Arc<dyn Disk>,
        worker: impl FnOnce() -> Arc<Worker>,
    ) -> Self {
        let Config { vault_id, backend, folder, random } = config;
        let standing = Standing::new(State::first(backend));
        let store: Box<dyn Store> = match backend {
            Backend::Os => {
                let file = SealedFile::new(disk, &folder, &vault_id, "sealed");
                Box::new(Keychain::new(worker(), file, &vault_id, random, standing.clone()))
            }
            Backend::Passphrase => {
                // a name of its own: while a vault moves between the two, both files are there
                let file = SealedFile::new(disk, &folder, &vault_id, "passphrase.sealed");
                Box::new(Passphrase::new(file, &vault_id, random, derivation, standing.clone()))
            }
            Backend::Memory => Box::new(Memory::new(random)),
        };
        Self { inner: Arc::new(Inner { vault_id, backend, standing, store }) }
    }

    /// The chosen backend.
    pub fn backend(&self) -> Backend {
        self.inner.backend
    }

    /// Where it stands, as far as is known.
    pub fn state(&self) -> State {
        self.inner.standing.state()
    }

    /// Tells of every change of the state, also of one that comes late: a prompt answered after the call gave up.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.inner.standing.watch()
    }

    /// What the backend is called in the evidence.
    pub fn store(&self) -> SecretStore {
        self.inner.backend.store()
    }

    /// Finds out where it stands, within three seconds. Without a prompt, where the system lets us look without one.
    pub async fn check(&self) -> State {
        self.inner.store.check().await
    }

    /// Opens it: the keychain asks in its own way; the passphrase vault takes the passphrase, and is made where there is none.
    ///
    /// # Errors
    /// What keeps it closed.
    pub async fn unlock(&self, passphrase: Option<SecretText>) -> Result<State, Error> {
        self.usable_id()?;
        self.inner.store.unlock(passphrase).await
    }

    /// Forgets the passphrase vault's key. The keychain is not ours to lock, and memory has no lock.
    pub fn lock(&self) {
        self.inner.store.lock();
    }

    /// Stores a secret, reads it back and compares. `label`: the credential's name, shown in the keychain's own program.
    ///
    /// # Errors
    /// Why it was not stored; the slot then holds the previous value or this one.
    pub async fn set(
        &self,
        slot_id: &str,
        label: &str,
        kind: Kind,
        generation: u64,
        value: Arc<SecretBytes>,
    ) -> Result<(), Error> {
        self.address(slot_id)?;
        let entering = Entering { slot: slot_id.to_owned(), label: label.to_owned(), kind, generation, bytes: value };
        self.inner.store.put(entering).await
    }

    /// Reads a secret; nothing when the slot is empty. `expected_generation`: what the last [`Vault::set`] stored;
    /// something older is an error, never used silently.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn get(&self, slot_id: &str, expected_generation: Option<u64>) -> Result<Option<Value>, Error> {
        self.address(slot_id)?;
        let Some(kept) = self.inner.store.take(slot_id, false).await? else { return Ok(None) };
        let stored = kept.value.generation;
        match expected_generation {
            Some(expected) if stored < expected => {
                Err(Error::OlderThanExpected { slot: slot_id.to_owned(), stored, expected })
            }
            _ => Ok(Some(kept.value)),
        }
    }

    /// Removes a secret; an empty slot is no error.
    ///
    /// # Errors
    /// Why it may still be there.
    pub async fn remove(&self, slot_id: &str) -> Result<(), Error> {
        self.address(slot_id)?;
        self.inner.store.remove(slot_id).await
    }

    /// Ids of the slots that hold something, also those nobody remembers.
    ///
    /// # Errors
    /// Why they cannot be listed.
    pub async fn slots(&self) -> Result<Vec<String>, Error> {
        self.usable_id()?;
        self.inner.store.slots().await
    }

    /// Eight hex digits of an HMAC-SHA-256 under this vault's own random key: they tell two secrets apart and, unlike a
    /// plain hash, cannot be guessed from.
    ///
    /// # Errors
    /// Why the key cannot be read or made.
    pub async fn fingerprint(&self, value: &SecretBytes) -> Result<String, Error> {
        self.usable_id()?;
        let marker = self.inner.store.marker(None).await?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, marker.expose_secret());
        let tag = hmac::sign(&key, value.expose_secret());
        Ok(hex::encode(&tag.as_ref()[..4]))
    }

    /// Removes these secrets, and what belongs to the vault itself when nothing is left then.
    ///
    /// # Errors
    /// Why something may still be there.
    pub async fn clear(&self, slot_ids: &[String]) -> Result<(), Error> {
        for slot_id in slot_ids {
            self.remove(slot_id).await?;
        }
        if self.slots().await?.is_empty() {
            self.inner.store.remove_own().await?;
        }
        Ok(())
    }

    /// Moves these secrets to another vault: all are copied, read back and compared before the first is deleted.
    /// Stopped half-way it can be started again; what is newer in the other vault stays.
    ///
    /// # Errors
    /// What stopped it. Nothing is lost: each secret is in this vault, or in the other, or in both.
    pub async fn migrate(&self, to: &Vault, slot_ids: &[String]) -> Result<(), Error> {
        if self.is(to) {
            return Ok(());
        }
        let marker = self.inner.store.marker(None).await?;
        to.inner.store.marker(Some(marker)).await?;
        for slot_id in slot_ids {
            self.address(slot_id)?;
            let Some(kept) = self.inner.store.take(slot_id, true).await? else { continue };
            let Value { bytes, kind, generation } = kept.value;
            let there = to.get(slot_id, None).await?;
            if there.is_some_and(|there| there.generation > generation) {
                continue;
            }
            to.set(slot_id, &kept.label, kind, generation, Arc::new(bytes)).await?;
        }
        self.clear(slot_ids).await
    }

    /// Whether both keep their secrets in the same place.
    fn is(&self, other: &Self) -> bool {
        let same = |of: &Inner| (of.backend, of.vault_id.clone());
        Arc::ptr_eq(&self.inner, &other.inner)
            || (self.inner.backend != Backend::Memory && same(&self.inner) == same(&other.inner))
    }

    fn address(&self, slot_id: &str) -> Result<(), Error> {
        self.usable_id()?;
        slot::checked(slot_id)
    }

    fn usable_id(&self) -> Result<(), Error> {
        slot::checked_vault(&self.inner.vault_id)
    }
}
