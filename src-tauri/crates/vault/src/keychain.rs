//! The system's keychain as a place for secrets: small ones are items, large ones and keys are sealed under an item.
//!
//! A slot that changes its place is written to the new one first and removed from the old one then; between the two
//! both hold it, and the higher generation counts.

use std::sync::Arc;

use countersign_secret::{SecretBytes, SecretText};

use crate::failure::Failure;
use crate::item::{self, ITEM_LIMIT, Item};
use crate::items::Items;
use crate::sealed::{Holding, KEY, Sealed, SealedFile, Writing};
use crate::slot::{self, MARKER};
use crate::state::State;
use crate::store::{Entering, Kept, Pending, Remembered, Standing, Store, blocking, random_key};
use crate::value::{Kind, Value};
use crate::worker::{Late, Worker};
use crate::{Error, Random};

/// The keychain of this system, for one vault.
pub(crate) struct Keychain {
    worker: Arc<Worker>,
    file: SealedFile,
    vault_id: String,
    random: Random,
    standing: Standing,
    marker: Remembered,
    late: Late,
}

impl Keychain {
    /// Nothing is asked yet.
    pub(crate) fn new(
        worker: Arc<Worker>,
        file: SealedFile,
        vault_id: &str,
        random: Random,
        standing: Standing,
    ) -> Self {
        let (vault_id, told) = (vault_id.to_owned(), standing.clone());
        let late: Late = Arc::new(move |result| match result {
            Ok(()) => told.worked(),
            Err(failure) => drop(told.note(Error::of(failure.clone(), ""))),
        });
        Self { worker, file, vault_id, random, standing, marker: Remembered::default(), late }
    }

    /// A call about one address. An error says something about the state; an answer does not by itself: a keychain that
    /// is locked, or has no collection, also says that there is no such item.
    async fn call<T: Send + 'static>(
        &self,
        address: &str,
        call: impl Fn(&dyn Items, &str) -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let user = slot::user(&self.vault_id, address);
        let result = self.worker.call(&self.late, move |items| call(items, &user)).await;
        result.map_err(|failure| self.standing.note(Error::of(failure, address)))
    }

    async fn read_item(&self, address: &str) -> Result<Option<Item>, Error> {
        let Some(bytes) = self.call(address, |items, user| items.read(user)).await? else { return Ok(None) };
        self.standing.worked();
        item::decode(&bytes).map(Some).ok_or_else(|| Error::ItemMalformed { slot: address.to_owned() })
    }

    /// Writes an item, reads it back, compares.
    async fn write_item(&self, address: &str, label: String, encoded: Arc<SecretBytes>) -> Result<(), Failure> {
        let user = slot::user(&self.vault_id, address);
        let written = self.worker.call(&self.late, move |items| {
            items.write(&user, &label, &encoded)?;
            Ok(items.read(&user)?.is_some_and(|kept| kept.eq_constant_time(&encoded)))
        });
        if written.await? { Ok(()) } else { Err(Failure::Malformed) }
    }

    async fn remove_item(&self, address: &str) -> Result<(), Error> {
        self.call(address, |items, user| items.remove(user)).await
    }

    /// The file, read off the async threads.
    async fn load(&self) -> Result<Option<Sealed>, Error> {
        let file = self.file.clone();
        blocking(move || file.load()).await
    }

    /// The key of a file that exists. There is never a new key for an old file.
    async fn sealing_key(&self, id: u32) -> Result<SecretBytes, Error> {
        let address = slot::sealing_key(id);
        let Some(item) = self.read_item(&address).await? else {
            // a keychain that is locked, or whose collection is gone, says the same of every item
            let locked = self.call(&address, |items, _| items.locked()).await?;
            let file = self.file.path().to_owned();
            return Err(self.standing.note(if locked { Error::Locked } else { Error::KeyLost { file } }));
        };
        if item.kind != item::SEALING_KEY || item.bytes.len() != KEY {
            return Err(Error::ItemMalformed { slot: address });
        }
        Ok(item.bytes)
    }

    /// The key for a file that does not exist yet: what an earlier attempt left, or a new one.
    async fn first_sealing_key(&self, _writing: &Writing) -> Result<SecretBytes, Error> {
        let address = slot::sealing_key(FIRST_KEY);
        if self.read_item(&address).await?.is_some() {
            return self.sealing_key(FIRST_KEY).await;
        }
        let key = random_key(&self.random);
        let encoded = Arc::new(item::encode(item::SEALING_KEY, 1, &key));
        let written = self.write_item(&address, "Countersign: sealing key".into(), encoded).await;
        self.standing.kept_or(written, &address)?;
        Ok(key)
    }

    /// Changes the sealed file.
    async fn change(
        &self,
        writing: Writing,
        change: impl FnOnce(&mut Sealed, &SecretBytes, &Random) -> Result<(), Error> + Send + 'static,
        check: impl FnOnce(&Sealed, &SecretBytes) -> Result<(), Error> + Send + 'static,
    ) -> Result<Writing, Error> {
        let existing = self.load().await?;
        let key = match &existing {
            Some(sealed) => self.sealing_key(sealed.key_id()).await?,
            None => self.first_sealing_key(&writing).await?,
        };
        let (file, random, vault_id) = (self.file.clone(), Arc::clone(&self.random), self.vault_id.clone());
        let written = blocking(move || {
            let mut sealed = existing.unwrap_or_else(|| Sealed::new(&vault_id, FIRST_KEY));
            sealed.authenticate(&key).map_err(|malformed| file.malformed(malformed))?;
            change(&mut sealed, &key, &random)?;
            file.replace(&sealed.encode(&key, &random)?, &writing)?;
            let kept = file.load()?.ok_or(Error::Internal { what: "a sealed file that went away" })?;
            check(&kept, &key)?;
            Ok(writing)
        });
        let writing = written.await?;
        self.standing.set(State::Available);
        Ok(writing)
    }

    async fn put_record(&self, entering: Entering, writing: Writing) -> Result<Writing, Error> {
        let Entering { slot, label, kind, generation, bytes } = entering;
        let (wanted, written, file) = (slot.clone(), Arc::clone(&bytes), self.file.clone());
        let change = move |sealed: &mut Sealed, key: &SecretBytes, random: &Random| {
            sealed.put(key, &slot, (Holding::Slot(kind), generation, &label), &bytes, random)
        };
        let check = move |sealed: &Sealed, key: &SecretBytes| {
            let opened = sealed.open(key, &wanted).map_err(|malformed| file.malformed(malformed))?;
            let kept = opened.is_some_and(|opened| opened.bytes.eq_constant_time(&written));
            if kept { Ok(()) } else { Err(Error::NotKept { slot: wanted }) }
        };
        self.change(writing, change, check).await
    }

    async fn remove_record(&self, slot: &str, writing: Writing) -> Result<Writing, Error> {
        let there = self.load().await?.is_some_and(|sealed| sealed.record_generation(slot).is_some());
        if !there {
            return Ok(writing);
        }
        let slot = slot.to_owned();
        let change = move |sealed: &mut Sealed, _: &SecretBytes, _: &Random| {
            sealed.remove(&slot);
            Ok(())
        };
        self.change(writing, change, |_, _| Ok(())).await
    }

    async fn open_record(&self, sealed: Sealed, slot: &str) -> Result<Option<Kept>, Error> {
        let key = self.sealing_key(sealed.key_id()).await?;
        let (file, slot) = (self.file.clone(), slot.to_owned());
        blocking(move || {
            let opened = sealed.authenticate(&key).and_then(|()| sealed.open(&key, &slot));
            let Some(opened) = opened.map_err(|malformed| file.malformed(malformed))? else { return Ok(None) };
            let Holding::Slot(kind) = opened.holding else { return Ok(None) };
            let value = Value { bytes: opened.bytes, kind, generation: opened.generation };
            Ok(Some(Kept { value, label: opened.label }))
        })
        .await
    }

    async fn probe(&self) -> Result<State, Error> {
        let user = slot::user(&self.vault_id, MARKER);
        let probed = self.worker.probe(&self.late, move |items| {
            if items.locked()? { Err(Failure::Locked) } else { items.read(&user).map(drop) }
        });
        probed.await.map_err(|failure| Error::of(failure, MARKER))?;
        if let Some(sealed) = self.load().await? {
            self.sealing_key(sealed.key_id()).await?;
        }
        Ok(State::Available)
    }
}

/// Id of a vault's first sealing key.
const FIRST_KEY: u32 = 1;

impl Standing {
    fn worked_or<T>(&self, result: Result<T, Failure>, address: &str) -> Result<T, Error> {
        match result {
            Ok(value) => {
                self.worked();
                Ok(value)
            }
            Err(failure) => Err(self.note(Error::of(failure, address))),
        }
    }

    /// Of a write that was compared: what comes back malformed was not kept.
    fn kept_or(&self, result: Result<(), Failure>, address: &str) -> Result<(), Error> {
        match result {
            Err(Failure::Malformed) => Err(Error::NotKept { slot: address.to_owned() }),
            other => self.worked_or(other, address),
        }
    }
}

impl Store for Keychain {
    fn check(&self) -> Pending<'_, State> {
        Box::pin(async move {
            let state = match self.probe().await {
                Ok(state) => state,
                // the keychain answers; what is wrong with one item or the file is told when it is used
                Err(error) => error.state().unwrap_or(State::Available),
            };
            self.standing.set(state);
            state
        })
    }

    fn unlock(&self, _passphrase: Option<SecretText>) -> Pending<'_, Result<State, Error>> {
        Box::pin(async move {
            let unlocked = self.worker.unlock(&self.late).await;
            self.standing.worked_or(unlocked, MARKER)?;
            Ok(self.check().await)
        })
    }

    fn lock(&self) {}

    fn put(&self, entering: Entering) -> Pending<'_, Result<(), Error>> {
        Box::pin(async move {
            let slot = entering.slot.clone();
            let writing = self.file.writing().await?;
            let encoded = item::encode(entering.kind.name(), entering.generation, &entering.bytes);
            if entering.kind != Kind::Key && encoded.len() <= ITEM_LIMIT {
                let label = slot::label(&entering.label, &slot);
                match self.write_item(&slot, label, Arc::new(encoded)).await {
                    Err(Failure::TooLong) => {}
                    written => {
                        self.standing.kept_or(written, &slot)?;
                        return match self.remove_record(&slot, writing).await {
                            // what cannot be opened cannot be sealed without the record either: the item is newer and counts
                            Ok(_) | Err(Error::KeyLost { .. }) => Ok(()),
                            Err(error) => Err(error),
                        };
                    }
                }
            }
            let _writing = self.put_record(entering, writing).await?;
            self.remove_item(&slot).await
        })
    }

    fn take<'a>(&'a self, slot: &'a str, labelled: bool) -> Pending<'a, Result<Option<Kept>, Error>> {
        Box::pin(async move {
            let item = self.read_item(slot).await?;
            let sealed = self.load().await?;
            let record = sealed.as_ref().and_then(|sealed| sealed.record_generation(slot));
            let newest_is_item =
                item.as_ref().is_some_and(|item| record.is_none_or(|record| item.generation >= record));
            match (item, sealed) {
                (Some(item), _) if newest_is_item => {
                    let malformed = || Error::ItemMalformed { slot: slot.to_owned() };
                    let kind = Kind::parse(&item.kind).ok_or_else(malformed)?;
                    let label = match labelled {
                        true => self.call(slot, |items, user| items.label(user)).await?.unwrap_or_default(),
                        false => String::new(),
                    };
                    let value = Value { bytes: item.bytes, kind, generation: item.generation };
                    Ok(Some(Kept { value, label: slot::credential_of(&label).to_owned() }))
                }
                (_, Some(sealed)) if record.is_some() => self.open_record(sealed, slot).await,
                _ => Ok(None),
            }
        })
    }

    /// Of two places the older goes first: a crash between leaves the newer value, never the older one.
    fn remove<'a>(&'a self, slot: &'a str) -> Pending<'a, Result<(), Error>> {
        Box::pin(async move {
            let writing = self.file.writing().await?;
            let record = self.load().await?.and_then(|sealed| sealed.record_generation(slot));
            let Some(record) = record else { return self.remove_item(slot).await };
            let item = match self.read_item(slot).await {
                Ok(item) => item.map(|item| item.generation),
                Err(Error::ItemMalformed { .. }) => None,
                Err(error) => return Err(error),
            };
            if item.is_some_and(|item| item >= record) {
                let _writing = self.remove_record(slot, writing).await?;
                self.remove_item(slot).await
            } else {
                self.remove_item(slot).await?;
                self.remove_record(slot, writing).await.map(drop)
            }
        })
    }

    fn slots(&self) -> Pending<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let vault_id = self.vault_id.clone();
            let mut slots: Vec<String> = self.call(MARKER, move |items, _| items.addresses(&vault_id)).await?;
            slots.retain(|address| !slot::is_own(address));
            slots.extend(self.load().await?.map(|sealed| sealed.slots()).unwrap_or_default());
            slots.sort_unstable();
            slots.dedup();
            Ok(slots)
        })
    }

    fn marker(&self, adopt: Option<Arc<SecretBytes>>) -> Pending<'_, Result<Arc<SecretBytes>, Error>> {
        Box::pin(async move {
            if let Some(marker) = self.marker.value() {
                return Ok(marker);
            }
            let _writing = self.file.writing().await?;
            let marker = match self.read_item(MARKER).await? {
                Some(item) if item.kind == item::MARKER && item.bytes.len() == KEY => Arc::new(item.bytes),
                Some(_) => return Err(Error::ItemMalformed { slot: MARKER.into() }),
                None => {
                    let fresh = adopt.unwrap_or_else(|| Arc::new(random_key(&self.random)));
                    let encoded = Arc::new(item::encode(item::MARKER, 1, &fresh));
                    let written = self.write_item(MARKER, "Countersign: marker".into(), encoded).await;
                    self.standing.kept_or(written, MARKER)?;
                    fresh
                }
            };
            self.marker.set(Some(Arc::clone(&marker)));
            Ok(marker)
        })
    }

    fn remove_own(&self) -> Pending<'_, Result<(), Error>> {
        Box::pin(async move {
            let writing = self.file.writing().await?;
            let (file, vault_id) = (self.file.clone(), self.vault_id.clone());
            // the file before its key: the other way round a crash would leave a file nobody can open
            let _writing = blocking(move || file.remove(&writing).map(|()| writing)).await?;
            let addresses = self.call(MARKER, move |items, _| items.addresses(&vault_id)).await?;
            for address in addresses.iter().filter(|address| slot::is_own(address)) {
                self.remove_item(address).await?;
            }
            self.marker.set(None);
            Ok(())
        })
    }
}
