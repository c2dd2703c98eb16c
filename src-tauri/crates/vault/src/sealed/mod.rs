//! The sealed file: secrets too large for a keychain, private keys, and everything of the passphrase vault.
//!
//! ```text
//! magic · version · vault id · key id · file generation · protection · count · seal of all that   (the header)
//! slot id · kind · slot generation · nonce · ciphertext and tag                                   (each record)
//! ```
//! Each record is bound to vault, key, slot, kind and generation, so it cannot be moved, renamed or mixed; the header's
//! seal is an empty message under the same key. Numbers are big-endian, texts have a length byte. XChaCha20-Poly1305
//! throughout. Protection 0: the key is a keychain item, named by the key id. Protection 1: the key is wrapped under a
//! passphrase, and the parameters of the derivation are bound to the wrapped key.

mod cipher;
mod derivation;
mod document;
mod file;
mod reader;

pub use self::derivation::Derivation;

pub(crate) use self::cipher::KEY;
pub(crate) use self::document::{Holding, Sealed};
pub(crate) use self::file::{SealedFile, Writing};
pub(crate) use self::reader::Malformed;
