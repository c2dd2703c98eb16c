//! The system's keychain by way of `keyring`: Secret Service, macOS keychain, Windows Credential Manager.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_secret::{Secret, SecretBytes};
use keyring_core::{CredentialStore, Entry, Error as Keyring};

use crate::failure::Failure;
use crate::items::{Connect, Items};
use crate::slot::SERVICE;

/// Whether the keychain is locked, asked without a prompt; and how it is asked to unlock.
pub(crate) struct Door {
    pub(crate) locked: fn() -> Result<bool, Failure>,
    pub(crate) unlock: fn() -> Result<(), Failure>,
}

/// Items in a store of the keyring family.
pub(crate) struct KeyringItems {
    store: Arc<CredentialStore>,
    door: Door,
}

impl KeyringItems {
    /// Items of that store.
    pub(crate) fn new(store: Arc<CredentialStore>, door: Door) -> Self {
        Self { store, door }
    }

    fn entry(&self, user: &str, label: Option<&str>) -> Result<Entry, Failure> {
        let modifiers = modifiers(label);
        self.store.build(SERVICE, user, Some(&modifiers)).map_err(Failure::of_call)
    }
}

impl Items for KeyringItems {
    fn read(&self, user: &str) -> Result<Option<SecretBytes>, Failure> {
        match self.entry(user, None)?.get_secret() {
            Ok(bytes) => Ok(Some(Secret::new(bytes))),
            Err(Keyring::NoEntry) => Ok(None),
            Err(error) => Err(Failure::of_call(error)),
        }
    }

    // bytes and not text: text is UTF-16 on Windows, which halves the limit
    fn write(&self, user: &str, label: &str, value: &SecretBytes) -> Result<(), Failure> {
        self.entry(user, Some(label))?.set_secret(value.expose_secret()).map_err(Failure::of_call)
    }

    fn remove(&self, user: &str) -> Result<(), Failure> {
        match self.entry(user, None)?.delete_credential() {
            Ok(()) | Err(Keyring::NoEntry) => Ok(()),
            Err(error) => Err(Failure::of_call(error)),
        }
    }

    fn label(&self, user: &str) -> Result<Option<String>, Failure> {
        Ok(label_of(&self.entry(user, None)?))
    }

    fn addresses(&self, vault_id: &str) -> Result<Vec<String>, Failure> {
        let prefix = format!("{vault_id}/");
        let pattern = format!("^{}", prefix.replace('.', r"\."));
        let spec = if cfg!(windows) { ("pattern", pattern.as_str()) } else { ("service", SERVICE) };
        let entries = self.store.search(&HashMap::from([spec])).map_err(Failure::of_call)?;
        let own = |entry: &Entry| {
            let (service, user) = entry.get_specifiers()?;
            let address = user.strip_prefix(&prefix)?;
            (service == SERVICE).then(|| address.to_owned())
        };
        Ok(entries.iter().filter_map(own).collect())
    }

    fn locked(&self) -> Result<bool, Failure> {
        (self.door.locked)()
    }

    fn unlock(&self) -> Result<(), Failure> {
        (self.door.unlock)()
    }
}

/// Connects to this system's keychain.
pub(crate) fn connect() -> Connect {
    Arc::new(|| {
        let store = store().map_err(Failure::of_connect)?;
        Ok(Box::new(KeyringItems::new(store, Door { locked: platform::locked, unlock: platform::unlock }))
            as Box<dyn Items>)
    })
}

/// The first store comes from `keyring`, which chooses it and keeps it for the whole process; a later one is made
/// directly, because `keyring` never makes a second, not even when the first could not be made or its connection died.
fn store() -> keyring_core::Result<Arc<CredentialStore>> {
    static ASKED: AtomicBool = AtomicBool::new(false);
    if !ASKED.swap(true, Ordering::SeqCst)
        && keyring::Entry::store_status().is_ok()
        && let Some(store) = keyring_core::get_default_store()
    {
        return Ok(store);
    }
    platform::store()
}

/// Windows: not roaming to other machines. Secret Service: the label a person sees. macOS knows neither.
fn modifiers(label: Option<&str>) -> HashMap<&str, &str> {
    let mut modifiers = HashMap::new();
    if cfg!(windows) {
        modifiers.insert("persistence", "Local");
    } else if cfg!(all(unix, not(target_os = "macos")))
        && let Some(label) = label
    {
        modifiers.insert("label", label);
    }
    modifiers
}

/// The label of an entry, where the store has labels.
pub(crate) fn label_of(entry: &Entry) -> Option<String> {
    platform::label_of(entry)
}

#[cfg(all(unix, not(target_os = "macos")))]
mod platform {
    use std::sync::Arc;

    use keyring_core::{CredentialStore, Entry, Error as Keyring};
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error as Service};
    use zbus_secret_service_keyring_store::cred::{Specifier, Wrapper};
    use zbus_secret_service_keyring_store::errors::decode_error;

    use crate::failure::Failure;

    pub(super) fn store() -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(zbus_secret_service_keyring_store::Store::new()?)
    }

    /// A connection of its own: no secret crosses it, and it is as fresh as the answer has to be.
    fn service() -> Result<SecretService<'static>, Failure> {
        SecretService::connect(EncryptionType::Plain)
            .map_err(|error| Failure::of_connect(Keyring::PlatformFailure(Box::new(error))))
    }

    pub(super) fn locked() -> Result<bool, Failure> {
        let service = service()?;
        let collection = service.get_default_collection().map_err(failure)?;
        collection.is_locked().map_err(failure)
    }

    pub(super) fn unlock() -> Result<(), Failure> {
        let service = service()?;
        let collection = service.get_default_collection().map_err(failure)?;
        if collection.is_locked().map_err(failure)? {
            collection.unlock().map_err(failure)?;
        }
        Ok(())
    }

    fn failure(error: Service) -> Failure {
        Failure::of_call(decode_error(error))
    }

    pub(super) fn label_of(entry: &Entry) -> Option<String> {
        let any = entry.as_any();
        match (any.downcast_ref::<Specifier>(), any.downcast_ref::<Wrapper>()) {
            (Some(specifier), _) => specifier.get_label().ok(),
            (None, Some(wrapper)) => wrapper.get_label().ok(),
            (None, None) => None,
        }
    }
}

#[cfg(any(target_os = "macos", windows))]
mod platform {
    use std::sync::Arc;

    use keyring_core::{CredentialStore, Entry};

    use crate::failure::Failure;

    #[cfg(target_os = "macos")]
    pub(super) fn store() -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(apple_native_keyring_store::keychain::Store::new()?)
    }

    #[cfg(windows)]
    pub(super) fn store() -> keyring_core::Result<Arc<CredentialStore>> {
        Ok(windows_native_keyring_store::Store::new()?)
    }

    /// Unlocked by the login (Windows), or by the prompt of the item itself (macOS): reading tells.
    pub(super) fn locked() -> Result<bool, Failure> {
        Ok(false)
    }

    pub(super) fn unlock() -> Result<(), Failure> {
        Ok(())
    }

    pub(super) fn label_of(_entry: &Entry) -> Option<String> {
        None
    }
}
