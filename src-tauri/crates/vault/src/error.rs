//! What keeps a secret from being read or written.

use std::io;
use std::path::{Path, PathBuf};

use countersign_evidence::{Fault, Problem};

use crate::State;
use crate::failure::Failure;

/// Grouped by who is at fault; the operands, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // the caller
    /// An id that cannot be an address.
    #[error("`{id}` cannot be the id of a slot or a vault")]
    NotAnId {
        /// The id.
        id: String,
    },
    /// The passphrase is empty.
    #[error("the passphrase is empty")]
    PassphraseEmpty,
    /// The passphrase vault is locked.
    #[error("the passphrase vault is locked")]
    PassphraseNeeded,
    /// The passphrase opens nothing. One answer for a wrong passphrase and a changed file: the two look the same.
    #[error("the passphrase does not open the vault")]
    PassphraseRefused,
    /// Larger than a sealed record may be.
    #[error("a secret of {length} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    // this machine
    /// Several items answer to one slot.
    #[error("{} items answer for slot `{slot}`: {}", .labels.len(), .labels.join(", "))]
    Ambiguous {
        /// The slot.
        slot: String,
        /// Their labels.
        labels: Vec<String>,
    },
    /// Another process holds the lock.
    #[error("another Countersign holds `{}`", .file.display())]
    Busy {
        /// The lock file.
        file: PathBuf,
    },
    /// The keychain refused.
    #[error("the system keychain refused: {reason}")]
    Denied {
        /// In its words.
        reason: String,
    },
    /// An item is not what was stored.
    #[error("the item of slot `{slot}` was changed by another program")]
    ItemMalformed {
        /// The slot.
        slot: String,
    },
    /// A sealed file without its key.
    #[error("`{}` is here, its key is not in the keychain", .file.display())]
    KeyLost {
        /// The sealed file.
        file: PathBuf,
    },
    /// The keychain is locked.
    #[error("the system keychain is locked")]
    Locked,
    /// No keychain.
    #[error("no system keychain: {reason}")]
    Missing {
        /// What the system said.
        reason: String,
    },
    /// Read back, it was something else.
    #[error("the store did not keep what was written to slot `{slot}`")]
    NotKept {
        /// The slot.
        slot: String,
    },
    /// The store holds an older version than the caller knows.
    #[error("slot `{slot}` holds generation {stored}, {expected} was stored last")]
    OlderThanExpected {
        /// The slot.
        slot: String,
        /// What is there.
        stored: u64,
        /// What should be.
        expected: u64,
    },
    /// The sealed file cannot be read.
    #[error("`{}` cannot be read: {reason}", .file.display())]
    SealedMalformed {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The disk refused.
    #[error("`{}`: {reason}", .file.display())]
    Storage {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        reason: String,
        /// Its kind.
        kind: io::ErrorKind,
    },
    /// The keychain did not answer.
    #[error("the system keychain does not answer")]
    Stuck,
    // us
    /// A bug.
    #[error("{what}")]
    Internal {
        /// What should not have been.
        what: &'static str,
    },
}

impl Error {
    pub(crate) fn of(failure: Failure, slot: &str) -> Self {
        match failure {
            Failure::Ambiguous { labels } => Error::Ambiguous { slot: slot.to_owned(), labels },
            Failure::Broken { .. } | Failure::Stuck => Error::Stuck,
            Failure::Denied { reason } => Error::Denied { reason },
            Failure::Internal { what } => Error::Internal { what },
            Failure::Locked => Error::Locked,
            Failure::Malformed => Error::ItemMalformed { slot: slot.to_owned() },
            Failure::Missing { reason } => Error::Missing { reason },
            Failure::TooLong => Error::Internal { what: "an item over the limit" },
        }
    }

    pub(crate) fn storage(file: &Path, error: &io::Error) -> Self {
        Error::Storage { file: file.to_owned(), reason: error.to_string(), kind: error.kind() }
    }

    /// The state the vault is in because of this, where it says something about the vault as a whole.
    pub fn state(&self) -> Option<State> {
        match self {
            Error::Denied { .. } => Some(State::Denied),
            Error::KeyLost { .. } => Some(State::KeyLost),
            Error::Locked => Some(State::Locked),
            Error::Missing { .. } => Some(State::Missing),
            Error::Stuck => Some(State::Stuck),
            Error::PassphraseEmpty | Error::PassphraseNeeded | Error::PassphraseRefused => {
                Some(State::PassphraseLocked)
            }
            Error::NotAnId { .. }
            | Error::TooLarge { .. }
            | Error::Ambiguous { .. }
            | Error::Busy { .. }
            | Error::ItemMalformed { .. }
            | Error::NotKept { .. }
            | Error::OlderThanExpected { .. }
            | Error::SealedMalformed { .. }
            | Error::Storage { .. }
            | Error::Internal { .. } => None,
        }
    }

    /// The error as a document.
    pub fn problem(&self) -> Problem {
        let (code, fault, title, hints): (_, _, _, &[&str]) = match self {
            Error::NotAnId { .. } => {
                ("vault.not_an_id", Fault::Caller, "the slot has no address", &["Use letters, digits, `-`, `_`, `.`."])
            }
            Error::PassphraseEmpty => {
                ("vault.passphrase_empty", Fault::Caller, "the passphrase is empty", &["Type a passphrase."])
            }
            Error::PassphraseNeeded => {
                ("vault.passphrase_needed", Fault::Caller, "the passphrase vault is locked", &["Type the passphrase."])
            }
            Error::PassphraseRefused => (
                "vault.passphrase_refused",
                Fault::Caller,
                "the passphrase does not open the vault",
                &["Type it again.", "A file that was changed on the disk answers the same: restore it from a backup."],
            ),
            Error::TooLarge { .. } => (
                "vault.too_large",
                Fault::Caller,
                "the secret is too large to be kept",
                &["Keep a key or a token here, not a whole file."],
            ),
            Error::Ambiguous { .. } => (
                "vault.ambiguous",
                Fault::Environment,
                "two items answer for this slot",
                &[
                    "Delete one of them in the keychain's own program (Passwords and Keys, KWalletManager), then try again.",
                ],
            ),
            Error::Busy { .. } => (
                "vault.busy",
                Fault::Environment,
                "another Countersign is writing to the vault",
                &["Try again; close the other one if it hangs."],
            ),
            Error::Denied { .. } => (
                "vault.denied",
                Fault::Environment,
                "the system keychain refused access",
                &[
                    "Allow Countersign in the keychain's own settings, then check again.",
                    "Or choose a passphrase, or memory only.",
                ],
            ),
            Error::ItemMalformed { .. } => (
                "vault.item_malformed",
                Fault::Environment,
                "a stored secret was changed by another program",
                &["Enter the secret again."],
            ),
            Error::KeyLost { .. } => (
                "vault.key_lost",
                Fault::Environment,
                "the key of the sealed file is not in the keychain",
                &["Restore the keychain from a backup.", "Or move the file away and enter its secrets again."],
            ),
            Error::Locked => {
                ("vault.locked", Fault::Environment, "the system keychain is locked", &["Unlock it, then try again."])
            }
            Error::Missing { .. } => (
                "vault.missing",
                Fault::Environment,
                "there is no system keychain here",
                &[
                    "Start one (gnome-keyring, KWallet, KeePassXC) and check again.",
                    "Or choose a passphrase, or memory only (`--vault memory`).",
                ],
            ),
            Error::NotKept { .. } => (
                "vault.not_kept",
                Fault::Environment,
                "the secret was not kept",
                &["Check again; another program may have written the same item."],
            ),
            Error::OlderThanExpected { .. } => (
                "vault.older_than_expected",
                Fault::Environment,
                "the stored secret is older than expected",
                &["A backup was restored: enter the secret again."],
            ),
            Error::SealedMalformed { .. } => (
                "vault.sealed_malformed",
                Fault::Environment,
                "the sealed file cannot be read",
                &["Restore it from a backup, or move it away and enter its secrets again."],
            ),
            Error::Storage { kind, .. } => match kind {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    ("storage.full", Fault::Environment, "the disk is full", &["Free some space."])
                }
                io::ErrorKind::ReadOnlyFilesystem => (
                    "storage.read_only",
                    Fault::Environment,
                    "the disk is read-only",
                    &["Choose another data folder (`--data-dir`)."],
                ),
                _ => (
                    "storage.unwritable",
                    Fault::Environment,
                    "the vault's file cannot be used",
                    &["Check the folder's owner and permissions."],
                ),
            },
            Error::Stuck => (
                "vault.stuck",
                Fault::Environment,
                "the system keychain does not answer",
                &[
                    "Look for a prompt of the keychain behind other windows.",
                    "Or restart the keychain and check again.",
                ],
            ),
            Error::Internal { .. } => {
                ("internal.vault", Fault::Us, "the vault did something impossible", &["This is a bug of ours."])
            }
        };
        let problem = Problem::new(code, fault, title, self.to_string());
        hints.iter().fold(problem, |problem, hint| problem.with_hint(*hint))
    }
}
