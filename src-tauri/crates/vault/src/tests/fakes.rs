//! Keychains and disks that fail when they are told to.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_secret::{Secret, SecretBytes};
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, mock};

use crate::disk::{Disk, Guard};
use crate::failure::Failure;
use crate::items::{Connect, Items};
use crate::sealed::Derivation;
use crate::system::{Door, KeyringItems};
use crate::worker::{Limits, Worker};
use crate::{Backend, Config, Random, Vault};

pub(super) const QUICK: Derivation = Derivation { memory_kib: 64, passes: 1, lanes: 1 };
pub(super) const VAULT: &str = "01jz8vault";

pub(super) fn secret(text: &str) -> Arc<SecretBytes> {
    Arc::new(Secret::new(text.as_bytes().to_vec()))
}

/// Different bytes at every call, the same in every run.
pub(super) fn random() -> Random {
    let state = AtomicU64::new(1);
    Arc::new(move |bytes| {
        for byte in bytes {
            *byte = (scramble(state.fetch_add(1, Ordering::Relaxed)) >> 24) as u8;
        }
    })
}

/// SplitMix64.
pub(super) fn scramble(seed: u64) -> u64 {
    let z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(super) fn config(backend: Backend, folder: &Path) -> Config {
    Config { vault_id: VAULT.into(), backend, folder: folder.to_owned(), random: random() }
}

pub(super) fn limits() -> Limits {
    Limits { call: Duration::from_secs(10), probe: Duration::from_secs(5), unlock: Duration::from_secs(10) }
}

/// A vault on these stores.
pub(super) fn vault(config: Config, disk: Arc<dyn Disk>, connect: Connect) -> Vault {
    Vault::assemble(config, QUICK, disk, || Arc::new(Worker::new(connect, limits())))
}

/// The mock store of keyring-core, which takes no label, and lists what was deleted.
#[derive(Debug)]
struct Tolerant(Arc<mock::Store>);

impl CredentialStoreApi for Tolerant {
    fn vendor(&self) -> String {
        self.0.vendor()
    }

    fn id(&self) -> String {
        self.0.id()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> keyring_core::Result<Entry> {
        self.0.build(service, user, None)
    }

    fn search(&self, spec: &HashMap<&str, &str>) -> keyring_core::Result<Vec<Entry>> {
        let mut entries = self.0.search(spec)?;
        entries.retain(|entry| entry.get_credential().is_ok());
        Ok(entries)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The mock store, and how often it was connected to.
pub(super) struct MockKeychain {
    store: Arc<mock::Store>,
    pub(super) connected: Arc<AtomicUsize>,
}

impl MockKeychain {
    pub(super) fn new() -> Self {
        Self { store: mock::Store::new().unwrap(), connected: Arc::default() }
    }

    pub(super) fn connect(&self) -> Connect {
        let (store, connected) = (Arc::clone(&self.store), Arc::clone(&self.connected));
        Arc::new(move || {
            connected.fetch_add(1, Ordering::SeqCst);
            let door = Door { locked: || Ok(false), unlock: || Ok(()) };
            Ok(Box::new(KeyringItems::new(Arc::new(Tolerant(Arc::clone(&store))), door)) as Box<dyn Items>)
        })
    }

    fn entry(&self, address: &str) -> Entry {
        self.store.build("countersign", &format!("{VAULT}/{address}"), None).unwrap()
    }

    /// The next call on the item ends so.
    pub(super) fn fail(&self, address: &str, error: keyring_core::Error) {
        self.entry(address).as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
    }

    pub(super) fn item(&self, address: &str) -> Option<String> {
        self.entry(address).get_password().ok()
    }

    pub(super) fn set_item(&self, address: &str, value: &str) {
        self.entry(address).set_password(value).unwrap();
    }

    pub(super) fn remove_item(&self, address: &str) {
        self.entry(address).delete_credential().unwrap();
    }
}

/// A machine whose power goes off at a chosen step. What was written stays.
#[derive(Default)]
pub(super) struct Machine {
    state: Mutex<MachineState>,
}

#[derive(Default)]
struct MachineState {
    items: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Steps until the power goes; nothing: it stays on.
    steps: Option<u64>,
    /// Whether the last step still happens.
    last_happens: bool,
}

#[derive(Debug)]
struct PowerOff;

impl Machine {
    pub(super) fn cut_power_after(&self, steps: u64, last_happens: bool) {
        let mut state = self.state.lock().unwrap();
        (state.steps, state.last_happens) = (Some(steps), last_happens);
    }

    pub(super) fn restart(&self) {
        self.state.lock().unwrap().steps = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.items.is_empty() && state.files.is_empty()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state.lock().unwrap().files.values().flatten().copied().collect()
    }

    pub(super) fn connect(self: &Arc<Self>) -> Connect {
        let machine = Arc::clone(self);
        Arc::new(move || Ok(Box::new(MachineItems(Arc::clone(&machine))) as Box<dyn Items>))
    }

    fn look<T>(&self, look: impl FnOnce(&MachineState) -> T) -> Result<T, PowerOff> {
        let state = self.state.lock().unwrap();
        if state.steps == Some(0) { Err(PowerOff) } else { Ok(look(&state)) }
    }

    fn step(&self, change: impl FnOnce(&mut MachineState)) -> Result<(), PowerOff> {
        let mut state = self.state.lock().unwrap();
        match state.steps {
            None => change(&mut state),
            Some(0) => return Err(PowerOff),
            Some(1) => {
                state.steps = Some(0);
                if state.last_happens {
                    change(&mut state);
                }
                return Err(PowerOff);
            }
            Some(left) => {
                state.steps = Some(left - 1);
                change(&mut state);
            }
        }
        Ok(())
    }
}

struct MachineItems(Arc<Machine>);

fn off(_: PowerOff) -> Failure {
    Failure::Denied { reason: "the power is off".into() }
}

impl Items for MachineItems {
    fn read(&self, user: &str) -> Result<Option<SecretBytes>, Failure> {
        self.0.look(|state| state.items.get(user).cloned().map(Secret::new)).map_err(off)
    }

    fn write(&self, user: &str, _label: &str, value: &SecretBytes) -> Result<(), Failure> {
        self.0.step(|state| drop(state.items.insert(user.to_owned(), value.expose_secret().clone()))).map_err(off)
    }

    fn remove(&self, user: &str) -> Result<(), Failure> {
        self.0.step(|state| drop(state.items.remove(user))).map_err(off)
    }

    fn label(&self, _user: &str) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    fn addresses(&self, vault_id: &str) -> Result<Vec<String>, Failure> {
        let prefix = format!("{vault_id}/");
        let own = |state: &MachineState| {
            state.items.keys().filter_map(|user| user.strip_prefix(&prefix)).map(str::to_owned).collect()
        };
        self.0.look(own).map_err(off)
    }

    fn locked(&self) -> Result<bool, Failure> {
        Ok(false)
    }

    fn unlock(&self) -> Result<(), Failure> {
        Ok(())
    }
}

impl Disk for Machine {
    fn read(&self, path: &Path, _limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.look(|state| state.files.get(path).cloned()).map_err(disk_off)
    }

    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        self.step(|state| drop(state.files.insert(path.to_owned(), content.to_vec()))).map_err(disk_off)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(|state| drop(state.files.remove(path))).map_err(disk_off)
    }

    fn try_lock(&self, _path: &Path) -> io::Result<Option<Guard>> {
        Ok(Some(Box::new(())))
    }
}

fn disk_off(_: PowerOff) -> io::Error {
    io::Error::other("the power is off")
}
