//! Where secrets rest: the system's keychain, a file sealed under a passphrase, or memory. The only reader of a keychain.
//!
//! One trait (`store::Store`) and one adapter for each backend. A secret larger than every keychain bears, and every
//! private key, is sealed in a file whose key is a keychain item. Nothing ever falls back to another store by itself:
//! a store that cannot be used is a [`State`], and a person chooses. Start with [`Vault`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod backend;
mod disk;
mod error;
mod failure;
mod item;
mod items;
mod keychain;
mod memory;
mod passphrase;
mod sealed;
mod slot;
mod state;
mod store;
mod system;
#[cfg(test)]
mod tests;
mod value;
mod vault;
mod worker;

pub use self::backend::Backend;
pub use self::error::Error;
pub use self::item::ITEM_LIMIT;
pub use self::sealed::Derivation;
pub use self::state::State;
pub use self::value::{Kind, Value};
pub use self::vault::{Config, Random, Vault};
