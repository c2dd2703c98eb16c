//! The vault's state, preferences, and the status bar, in words.

use std::sync::{Arc, PoisonError};

use countersign_evidence::{Fault, Problem};
use countersign_secret::SecretText;
use countersign_vault::{Backend, Config, State, Vault};

use crate::core::{Core, lock};
use crate::view::{Change, ClockView, Preferences, StatusView, VaultView};

impl Core {
    /// A vault of this workspace on another backend.
    pub(crate) fn open_vault(&self, backend: Backend) -> Vault {
        Vault::open(Config {
            vault_id: self.workspace_id(),
            backend,
            folder: self.data.vaults(),
            random: self.entropy.function(),
        })
    }

    /// Where the vault stands.
    pub(crate) fn vault_view(&self) -> VaultView {
        let vault = self.vault();
        let state = vault.state();
        VaultView {
            backend: vault.backend().name().to_owned(),
            state: state.name().to_owned(),
            store: Some(vault.store()),
            store_name: vault.store().words().to_owned(),
            sentence: state.sentence().to_owned(),
            problem: (!state.usable() && state != State::Probing).then(|| vault_problem(state)),
            usable: state.usable(),
            choices: choices(vault.backend(), state).iter().map(|c| (*c).to_owned()).collect(),
        }
    }

    /// Asks the store how it is.
    pub(crate) async fn check_vault(&self) -> VaultView {
        let _state = self.vault().check().await;
        self.vault_changed();
        self.vault_view()
    }

    /// Another place for secrets: what the present one holds is moved there, when it can be read.
    pub(crate) async fn choose_vault(
        self: &Arc<Self>,
        backend: Backend,
        passphrase: Option<SecretText>,
    ) -> Result<VaultView, Problem> {
        let before = self.vault();
        if before.backend() != backend {
            let after = self.open_vault(backend);
            match backend {
                Backend::Passphrase => drop(after.unlock(passphrase).await.map_err(|e| e.problem())?),
                Backend::Os | Backend::Memory => drop(after.check().await),
            }
            let ids = self.slot_ids();
            if before.state().usable() && !ids.is_empty() {
                before.migrate(&after, &ids).await.map_err(|e| e.problem())?;
            }
            *self.vault.write().unwrap_or_else(PoisonError::into_inner) = after;
            lock(&self.signers).clear();
            if backend != Backend::Memory {
                self.change_state(|state| state.backend = Some(backend.name().to_owned()))?;
            }
        }
        self.vault_changed();
        Ok(self.vault_view())
    }

    /// Asks the keychain to unlock, or opens the passphrase vault.
    pub(crate) async fn unlock_vault(&self, passphrase: Option<SecretText>) -> Result<VaultView, Problem> {
        self.vault().unlock(passphrase).await.map_err(|e| e.problem())?;
        self.vault_changed();
        Ok(self.vault_view())
    }

    fn vault_changed(&self) {
        self.changed(Change::Status);
        self.changed(Change::Credentials);
    }

    fn slot_ids(&self) -> Vec<String> {
        self.workspace.credentials().value.iter().flat_map(|c| c.slots.values().map(|s| s.id.clone())).collect()
    }

    /// Takes preferences into use and writes them.
    pub(crate) fn write_preferences(&self, preferences: Preferences) -> Result<Preferences, Problem> {
        crate::preferences::save(&self.data.preferences(), &preferences)?;
        if let Ok(history) = self.history() {
            history.set_bounds(bounds(&preferences))?;
        }
        *lock(&self.preferences) = preferences.clone();
        self.changed(Change::Preferences);
        self.changed(Change::History);
        Ok(preferences)
    }

    /// The status bar.
    pub(crate) async fn status(&self) -> StatusView {
        let clock = self.last_clock();
        StatusView {
            vault: self.vault_view(),
            clock: clock
                .as_ref()
                .map(|(_, difference_ms, error_ms)| ClockView { difference_ms: *difference_ms, error_ms: *error_ms }),
            clock_origin: clock.map(|(endpoint, _, _)| endpoint),
            gateway_faults: self.active_faults().await,
            history: self.history().map_or(0, crate::history::History::count),
            gateway_port: self.gateway_port(),
        }
    }
}

/// Bounds of the history as preferred.
pub(crate) fn bounds(preferences: &Preferences) -> crate::history::Bounds {
    crate::history::Bounds {
        exchanges: preferences.history_exchanges,
        bytes: preferences.history_mib.saturating_mul(1024 * 1024),
    }
}

fn choices(backend: Backend, state: State) -> &'static [&'static str] {
    match (backend, state) {
        (Backend::Os, State::Locked) => &["unlock", "check_again", "passphrase", "memory"],
        (Backend::Os, State::Missing | State::Denied | State::Stuck | State::KeyLost) => {
            &["check_again", "passphrase", "memory"]
        }
        (Backend::Os, _) => &["passphrase", "memory"],
        (Backend::Passphrase, State::PassphraseLocked) => &["unlock", "os", "memory"],
        (Backend::Passphrase, _) => &["os", "memory"],
        (Backend::Memory, _) => &["os", "passphrase"],
    }
}

/// Why secrets cannot be read now.
pub(crate) fn vault_problem(state: State) -> Problem {
    let (code, fault, hint) = match state {
        State::Locked => {
            ("vault.locked", Fault::Environment, "Unlock the keychain, or choose another place for secrets.")
        }
        State::Missing => (
            "vault.missing",
            Fault::Environment,
            "Start a keychain service, or choose a passphrase vault or memory (`--vault memory`).",
        ),
        State::Denied => (
            "vault.denied",
            Fault::Environment,
            "Allow Countersign in the keychain, or choose another place for secrets.",
        ),
        State::KeyLost => (
            "vault.key_lost",
            Fault::Environment,
            "Restore the keychain item from a backup, or enter the secrets again.",
        ),
        State::Stuck => {
            ("vault.stuck", Fault::Environment, "The keychain does not answer: restart its service, then check again.")
        }
        State::PassphraseLocked => ("vault.locked", Fault::Caller, "Enter the passphrase."),
        State::Probing | State::Available | State::PassphraseOpen | State::MemoryOnly => {
            ("vault.unusable", Fault::Us, "Check again.")
        }
    };
    let sentence = state.sentence().trim_end_matches('.');
    // a title is lower case
    let title = sentence[..1].to_ascii_lowercase() + &sentence[1..];
    Problem::new(code, fault, title, format!("state {}", state.name())).with_hint(hint)
}
