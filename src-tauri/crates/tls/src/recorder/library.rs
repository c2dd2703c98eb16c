//! What the TLS library itself computed, as its crypto provider saw it: the second source of a handshake, which
//! shares no code with the decoder of the wire.

use rustls::NamedGroup;
use zeroize::Zeroizing;

use super::Sender;

/// A secret of the session. Wiped when it leaves memory; never printed, never serialised.
pub(crate) type SessionSecret = Zeroizing<Vec<u8>>;

/// `HKDF-Extract` (RFC 5869 §2.2).
pub(crate) struct Extract {
    pub(crate) salt: Option<SessionSecret>,
    /// `None`: as many zeros as the hash is long.
    pub(crate) ikm: Option<SessionSecret>,
    pub(crate) prk: SessionSecret,
}

/// `HKDF-Expand-Label` (RFC 9846 §7.1).
pub(crate) struct Expand {
    /// Index of the extract whose output was expanded; `None` for a traffic secret.
    pub(crate) of: Option<usize>,
    /// Without `tls13 `.
    pub(crate) label: String,
    pub(crate) output: SessionSecret,
}

/// The TLS 1.2 pseudorandom function (RFC 5246 §5).
pub(crate) struct Pseudorandom {
    pub(crate) label: String,
    pub(crate) output: SessionSecret,
}

/// Key and iv of one direction, as given to the AEAD.
pub(crate) struct RecordKey {
    pub(crate) from: Sender,
    pub(crate) key: SessionSecret,
    pub(crate) iv: SessionSecret,
}

/// Plain text of a protected record that is not application data.
pub(crate) struct Plaintext {
    pub(crate) from: Sender,
    pub(crate) content_type: u8,
    pub(crate) bytes: Vec<u8>,
}

/// Everything the provider saw on one connection.
#[derive(Default)]
pub(crate) struct Library {
    /// Completed key exchanges: group and shared secret.
    pub(crate) shared: Vec<(NamedGroup, SessionSecret)>,
    pub(crate) extracts: Vec<Extract>,
    pub(crate) expands: Vec<Expand>,
    pub(crate) pseudorandom: Vec<Pseudorandom>,
    pub(crate) record_keys: Vec<RecordKey>,
    pub(crate) plaintexts: Vec<Plaintext>,
    /// What each hash context was fed; one of them is the transcript.
    pub(crate) transcripts: Vec<Vec<u8>>,
}

/// A line of the key log (RFC 9850): label, client random, secret.
pub(crate) struct LoggedSecret {
    pub(crate) label: String,
    pub(crate) client_random: Vec<u8>,
    pub(crate) secret: SessionSecret,
}
