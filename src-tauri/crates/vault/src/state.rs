//! Where a vault stands.

use crate::backend::Backend;

/// One of the states of the vault. [`State::usable`] says whether secrets can be read and written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not asked yet.
    Probing,
    /// The keychain answers and is open.
    Available,
    /// The keychain is locked, or its prompt stands open.
    Locked,
    /// No keychain on this machine.
    Missing,
    /// The person or a policy refused.
    Denied,
    /// There is a sealed file, and its key is not in the keychain.
    KeyLost,
    /// The keychain did not answer in time, nor a second try.
    Stuck,
    /// The passphrase vault waits for its passphrase.
    PassphraseLocked,
    /// The passphrase vault is open.
    PassphraseOpen,
    /// Secrets are kept in memory until the process ends.
    MemoryOnly,
}

impl State {
    /// The state before anything was asked.
    pub(crate) fn first(backend: Backend) -> Self {
        match backend {
            Backend::Os => State::Probing,
            Backend::Passphrase => State::PassphraseLocked,
            Backend::Memory => State::MemoryOnly,
        }
    }

    /// `probing`, `available`, `key_lost` and so on.
    pub fn name(self) -> &'static str {
        match self {
            State::Probing => "probing",
            State::Available => "available",
            State::Locked => "locked",
            State::Missing => "missing",
            State::Denied => "denied",
            State::KeyLost => "key_lost",
            State::Stuck => "stuck",
            State::PassphraseLocked => "passphrase_locked",
            State::PassphraseOpen => "passphrase_open",
            State::MemoryOnly => "memory_only",
        }
    }

    /// Whether secrets can be read and written now.
    pub fn usable(self) -> bool {
        match self {
            State::Available | State::PassphraseOpen | State::MemoryOnly => true,
            State::Probing
            | State::Locked
            | State::Missing
            | State::Denied
            | State::KeyLost
            | State::Stuck
            | State::PassphraseLocked => false,
        }
    }

    /// One sentence for a person.
    pub fn sentence(self) -> &'static str {
        match self {
            State::Probing => "The keychain is being asked.",
            State::Available => "The system keychain is open.",
            State::Locked => "The system keychain is locked.",
            State::Missing if cfg!(target_os = "linux") => "No Secret Service runs here.",
            State::Missing => "There is no system keychain here.",
            State::Denied => "The system keychain refused access.",
            State::KeyLost => "The sealed file is here, but its key is not in the keychain.",
            State::Stuck => "The system keychain does not answer.",
            State::PassphraseLocked => "The passphrase vault is locked.",
            State::PassphraseOpen => "The passphrase vault is open.",
            State::MemoryOnly => "Secrets are kept in memory until Countersign closes.",
        }
    }
}
