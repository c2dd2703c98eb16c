//! Who we can prove to be: client certificates, from the file they come in to the handshake they are shown in.
//!
//! The chain is public and lies in the workspace; the key is in the vault's slot `client_key`. A credential of
//! kind `client-certificate` is nothing else; one that obtains tokens may have a certificate beside its secret.
//! A certificate is offered only to the hosts its credential lists, and only when the server asks.

mod choice;
mod file;
mod import;
mod problem;
mod refusal;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use self::choice::Choice;
pub use self::import::CertificateImport;
pub(crate) use self::refusal::judge;
pub(crate) use self::view::life;

/// The slot of the private key.
pub(crate) const SLOT: &str = "client_key";
