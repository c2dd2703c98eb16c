//! One HTTP exchange over an observed connection.
//!
//! [`Client::lease`] hands out a connection of `countersign-tls`, new or pooled, with the record of the very
//! socket that will carry the request; [`Lease::send`] sends exactly the fields it is given and receives into
//! memory or into a [`ContentStore`]. Nothing is resent, redirected or decompressed here: [`redirect()`] says what
//! the next request would be, [`allowed()`] whether a credential may travel there, and the caller decides, in view.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod allowed;
mod classify;
mod client;
mod connection;
mod content;
mod error;
mod intake;
mod lease;
mod meter;
mod outgoing;
mod pool;
mod protocol;
mod received;
mod redirect;
#[cfg(test)]
mod tests;

pub use self::allowed::allowed;
pub use self::client::Client;
pub use self::content::{ContentStore, ContentWriter, READ_LIMIT, StoredContent};
pub use self::error::{Error, Failure, Phase};
pub use self::lease::Lease;
pub use self::outgoing::{Content, Outgoing};
pub use self::protocol::Protocol;
pub use self::received::{Body, HttpTiming, Received, Sink};
pub use self::redirect::{Redirect, redirect};
