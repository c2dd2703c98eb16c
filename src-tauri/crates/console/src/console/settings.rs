//! Preferences, trust, the vault, the status bar, changes.

use std::sync::Arc;

use countersign_evidence::{Fault, Problem};
use countersign_secret::SecretText;
use countersign_vault::Backend;
use tokio::sync::broadcast::error::RecvError;

use super::{Answer, Console};
use crate::core::Core;
use crate::view::{Change, Preferences, StatusView, TrustView, VaultView};
use crate::workspace::TrustFile;

impl Console {
    /// Preferences.
    ///
    /// # Errors
    /// None now.
    pub async fn preferences_read(&self) -> Answer<Preferences> {
        Ok(self.core.preferences())
    }

    /// Writes preferences.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub async fn preferences_write(&self, preferences: Preferences) -> Answer<Preferences> {
        self.core.blocking(move |core| core.write_preferences(preferences)).await?
    }

    /// Trust settings.
    ///
    /// # Errors
    /// A file that does not read.
    pub async fn trust_read(&self) -> Answer<TrustView> {
        self.core.blocking(|core| Ok(core.trust_view(&core.workspace.trust()?))).await?
    }

    /// Adds a CA for some hosts.
    ///
    /// # Errors
    /// Text that holds no certificate, no host.
    pub async fn trust_add_ca(&self, pem: &str, hosts: Vec<String>) -> Answer<TrustView> {
        let pem = pem.to_owned();
        self.core
            .blocking(move |core| {
                core.ensure_workspace()?;
                core.check_ca(&pem, &hosts)?;
                let file = core.workspace.add_ca(&pem, &hosts)?;
                core.trust_changed();
                Ok(core.trust_view(&file))
            })
            .await?
    }

    /// Removes a CA.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub async fn trust_remove_ca(&self, file: &str) -> Answer<TrustView> {
        let name = file.to_owned();
        self.core
            .blocking(move |core| {
                let file = core.workspace.remove_ca(&name)?;
                core.trust_changed();
                Ok(core.trust_view(&file))
            })
            .await?
    }

    /// Pins a key for a host; it can be all the trust the host has.
    ///
    /// # Errors
    /// What is no host or no SHA-256.
    pub async fn trust_add_pin(&self, host: &str, spki_sha256: &str) -> Answer<TrustView> {
        let (host, spki_sha256) = (host.to_owned(), spki_sha256.to_owned());
        self.change_trust(move |core| {
            core.ensure_workspace()?;
            core.add_pin(&host, &spki_sha256)
        })
        .await
    }

    /// Removes a pin.
    ///
    /// # Errors
    /// One that is not there.
    pub async fn trust_remove_pin(&self, host: &str, spki_sha256: &str) -> Answer<TrustView> {
        let (host, spki_sha256) = (host.to_owned(), spki_sha256.to_owned());
        self.change_trust(move |core| core.remove_pin(&host, &spki_sha256)).await
    }

    /// Switches a store on or off.
    ///
    /// # Errors
    /// A store that is none.
    pub async fn trust_store(&self, store: &str, used: bool) -> Answer<TrustView> {
        let store = store.to_owned();
        self.change_trust(move |core| {
            core.ensure_workspace()?;
            core.use_store(&store, used)
        })
        .await
    }

    /// Which rules apply to notes on certificates.
    ///
    /// # Errors
    /// A profile that is none.
    pub async fn trust_profile(&self, profile: &str) -> Answer<TrustView> {
        let profile = profile.to_owned();
        self.change_trust(move |core| {
            core.ensure_workspace()?;
            core.use_profile(&profile)
        })
        .await
    }

    /// Accepts one host unverified until this process ends (`accept`), or verifies it again; each response says so.
    ///
    /// # Errors
    /// What is no single host.
    pub async fn accept_unverified(&self, host: &str, accept: bool) -> Answer<TrustView> {
        let host = host.to_owned();
        self.change_trust(move |core| {
            core.accept_host(&host, accept)?;
            core.workspace.trust()
        })
        .await
    }

    /// Configurations, tickets and idle connections go with the trust they were made under.
    async fn change_trust(
        &self,
        change: impl FnOnce(&Core) -> Result<TrustFile, Problem> + Send + 'static,
    ) -> Answer<TrustView> {
        self.core
            .blocking(move |core| {
                let file = change(core)?;
                core.trust_changed();
                Ok(core.trust_view(&file))
            })
            .await?
    }

    /// Where secrets rest, and whether they can be read.
    ///
    /// # Errors
    /// None now.
    pub async fn vault_read(&self) -> Answer<VaultView> {
        if self.core.vault().state() == countersign_vault::State::Probing {
            return Ok(self.core.check_vault().await);
        }
        Ok(self.core.vault_view())
    }

    /// Asks the store again.
    ///
    /// # Errors
    /// None now.
    pub async fn vault_check(&self) -> Answer<VaultView> {
        Ok(self.core.check_vault().await)
    }

    /// Another place for secrets.
    ///
    /// # Errors
    /// A backend that is none, a migration that stopped.
    pub async fn vault_choose(&self, backend: &str, passphrase: Option<SecretText>) -> Answer<VaultView> {
        let known = || {
            Problem::new(
                "usage.unknown_backend",
                Fault::Caller,
                format!("`{backend}` is not one of os, passphrase, memory"),
                "nothing was changed",
            )
        };
        let backend = Backend::parse(backend).ok_or_else(known)?;
        self.core.choose_vault(backend, passphrase).await
    }

    /// Unlocks.
    ///
    /// # Errors
    /// A passphrase that was refused, a keychain that stays locked.
    pub async fn vault_unlock(&self, passphrase: Option<SecretText>) -> Answer<VaultView> {
        self.core.unlock_vault(passphrase).await
    }

    /// The status bar.
    ///
    /// # Errors
    /// None now.
    pub async fn status_read(&self) -> Answer<StatusView> {
        Ok(self.core.status().await)
    }

    /// Every change from now on, until the host is gone; the first is what the keychain says.
    ///
    /// # Errors
    /// None now.
    pub async fn changes(&self, told: impl Fn(Change) + Send + Sync + 'static) -> Answer<()> {
        let mut news = self.core.changes.subscribe();
        let core = Arc::clone(&self.core);
        tokio::spawn(async move {
            // who listens wants to know where secrets rest, before one is needed
            if core.vault().state() == countersign_vault::State::Probing {
                core.check_vault().await;
            }
        });
        tokio::spawn(async move {
            loop {
                match news.recv().await {
                    Ok(change) => told(change),
                    Err(RecvError::Lagged(_)) => ALL_CHANGES.into_iter().for_each(&told),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Ok(())
    }
}

/// Who missed some is told of all.
const ALL_CHANGES: [Change; 8] = [
    Change::Credentials,
    Change::Gateway,
    Change::History,
    Change::Preferences,
    Change::Status,
    Change::Tokens,
    Change::Trust,
    Change::Workspace,
];
