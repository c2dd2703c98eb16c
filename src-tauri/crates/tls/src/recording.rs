//! What was recorded of one connection: decoded when asked for, with the secrets that open it.

use std::fmt;
use std::sync::Arc;

use countersign_evidence::{Handshake, HandshakeMessage};
use zeroize::Zeroizing;

use crate::checks::{self, Sources};
use crate::recorder::{Recorder, Sender};
use crate::wire::{self, Decoded, Message};
use crate::{capture, schedule};

/// The recording of one TLS connection. It is in memory only, and its secrets are wiped with it.
#[derive(Clone)]
pub struct Recording(Arc<Recorder>);

/// Bytes of a message that are put into evidence; longer ones are told by their fields alone.
const LONGEST_SHOWN: usize = 128 * 1024;

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

impl Recording {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Self {
        Self(recorder)
    }

    fn decode(&self) -> Decoded {
        wire::decode(&self.0.flights.all(), &self.0.key_log())
    }

    /// Writes messages, key schedule and checks into the evidence of the handshake, as far as they went by now.
    pub fn tell(&self, handshake: &mut Handshake) {
        let decoded = self.decode();
        handshake.messages = messages(&decoded);
        let library = self.0.library();
        let key_log = self.0.key_log();
        handshake.key_schedule =
            schedule::entries(&library, &key_log, &decoded).iter().map(schedule::Entry::view).collect();
        handshake.checks = checks::checks(&Sources {
            decoded: &decoded,
            library: &library,
            key_log: &key_log,
            observation: &self.0.observation(),
            accessors: self.0.accessors(),
        });
    }

    /// Whether the server gave a ticket (RFC 9846 §4.7.1; RFC 5077 §3.3).
    pub fn has_ticket(&self) -> bool {
        self.decode().messages.iter().any(|message| message.handshake_type() == Some(4))
    }

    /// A secret of the key schedule by its name, in lower-case hex. Only for one who asked to see it.
    pub fn secret(&self, name: &str) -> Option<Zeroizing<String>> {
        let decoded = self.decode();
        let entries = schedule::entries(&self.0.library(), &self.0.key_log(), &decoded);
        entries.iter().find(|entry| entry.name == name).map(|entry| Zeroizing::new(hex::encode(&*entry.value)))
    }

    /// The key log in the format of RFC 9850. It opens everything that was sent over the connection.
    pub fn key_log(&self) -> Zeroizing<String> {
        capture::key_log(&self.0.key_log())
    }

    /// The connection as a pcapng file with its secrets inside, so that it opens decrypted.
    ///
    /// `Full` holds what was sent over the connection, an access token included; `HandshakeOnly` ends after both
    /// Finished and holds no secret that could open more. The addresses are those the connection really had;
    /// `opened_us` is its time, microseconds since 1970.
    pub fn capture(&self, scope: Scope, ends: Ends, opened_us: u64) -> Vec<u8> {
        let decoded = self.decode();
        capture::pcapng(&self.0.flights.all(), &self.0.key_log(), &decoded, scope, ends, opened_us)
    }

    /// Changes one bit of one secret.
    #[cfg(test)]
    pub(crate) fn spoil(&self) {
        let mut lines = self.0.key_log();
        if let Some(byte) = lines.iter_mut().find_map(|line| line.secret.first_mut()) {
            *byte ^= 1;
        }
    }

    /// What the server sent, as far as it is kept.
    #[cfg(test)]
    pub(crate) fn sent_by_server(&self) -> Vec<u8> {
        self.0.flights.sent_by(Sender::Server)
    }

    /// Bytes each end sent: client, server.
    pub fn bytes(&self) -> (u64, u64) {
        (self.0.flights.total(Sender::Client), self.0.flights.total(Sender::Server))
    }
}

pub use crate::capture::{Ends, Scope};

fn messages(decoded: &Decoded) -> Vec<HandshakeMessage> {
    let mut seen = [0_usize; 2];
    decoded
        .messages
        .iter()
        .map(|message| {
            let computed = (message.handshake_type() == Some(20)).then(|| {
                let nth = seen[message.from as usize];
                seen[message.from as usize] += 1;
                decoded.finished.iter().filter(|finished| finished.from == message.from).nth(nth)
            });
            view(message, decoded, computed.flatten().and_then(|finished| finished.computed.as_deref()))
        })
        .collect()
}

fn view(message: &Message, decoded: &Decoded, finished: Option<&[u8]>) -> HandshakeMessage {
    HandshakeMessage {
        at_us: message.at_us,
        from: message.from.word().to_owned(),
        name: wire::name(message).to_owned(),
        content_type: match message.content_type {
            20 => "change_cipher_spec",
            21 => "alert",
            _ => "handshake",
        }
        .to_owned(),
        length: message.bytes.len() as u64,
        protection: message.protection.word().to_owned(),
        record: Some(message.record),
        records: (message.records > 1).then_some(message.records),
        bytes: (message.bytes.len() <= LONGEST_SHOWN).then(|| hexadecimal(&message.bytes)),
        fields: wire::fields(message, decoded.tls13, finished),
        citation: wire::citation(message, decoded.tls13),
    }
}

/// Lower-case hex, of messages that are long.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len() * 2];
    // the length fits, and hex is text
    let _fits = hex::encode_to_slice(bytes, &mut text);
    String::from_utf8(text).unwrap_or_default()
}
