//! The decoder of the wire: records, keys from the key log, handshake messages of TLS 1.2 and 1.3, both
//! Finished values computed anew. It uses nothing of the TLS library, so that the two can be held against each
//! other ([`crate::checks`]).

pub(crate) mod cipher;
mod field;
mod keys;
mod message;
mod read;
mod record;
mod session;

pub(crate) use self::keys::Protection;
pub(crate) use self::message::hello::RETRY_RANDOM;
pub(crate) use self::message::{citation, fields, name};
pub(crate) use self::read::{chain_of, chosen_protocol};
pub(crate) use self::session::{Decoded, Message, decode};

#[cfg(test)]
mod tests;
