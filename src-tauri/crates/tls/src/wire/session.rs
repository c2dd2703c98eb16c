//! Follows a session through its records: which keys are in use in which direction, which messages they
//! carried, and what the transcript is.

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::keys::{Opened, Protection, RecordKeys};
use super::message::{self, hello};
use super::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Record, Wire};
use crate::recorder::{Flight, LoggedSecret, Sender, SessionSecret};

/// A message as it was sent: handshake, change_cipher_spec or alert.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) at_us: u64,
    pub(crate) from: Sender,
    pub(crate) content_type: u8,
    pub(crate) protection: Protection,
    /// Number of the record in which it begins, and how many carried it.
    pub(crate) record: u64,
    pub(crate) records: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Message {
    pub(crate) fn is_handshake(&self) -> bool {
        self.content_type == HANDSHAKE
    }

    /// The handshake type (RFC 9846 §4); `None` for other content types.
    pub(crate) fn handshake_type(&self) -> Option<u8> {
        self.bytes.first().copied().filter(|_| self.is_handshake())
    }
}

/// A Finished message held against what the transcript and the secrets give.
#[derive(Clone, Debug)]
pub(crate) struct FinishedCheck {
    pub(crate) from: Sender,
    pub(crate) received: Vec<u8>,
    /// `None`: the secret for it is not known.
    pub(crate) computed: Option<Vec<u8>>,
}

/// What the wire says.
#[derive(Default)]
pub(crate) struct Decoded {
    pub(crate) messages: Vec<Message>,
    pub(crate) finished: Vec<FinishedCheck>,
    /// All handshake messages that are hashed, in order; the first ClientHello replaced after a HelloRetryRequest.
    pub(crate) transcript: Vec<u8>,
    /// The keys each direction used, in order, with what they protect.
    pub(crate) keys: Vec<(Sender, Protection, SessionSecret, SessionSecret)>,
    /// Records that no known key opened.
    pub(crate) unopened: usize,
    pub(crate) cipher: Option<Cipher>,
    pub(crate) tls13: bool,
    /// `0x0304`, and so on, from the ServerHello.
    pub(crate) version: Option<u16>,
    pub(crate) suite: Option<u16>,
    pub(crate) group: Option<u16>,
}

#[derive(Default)]
struct Direction {
    keys: Option<RecordKeys>,
    /// Bytes of handshake messages not complete yet.
    pending: Vec<u8>,
    /// First record of what is pending, and how many.
    pending_record: u64,
    pending_records: u64,
}

struct Session<'a> {
    key_log: &'a [LoggedSecret],
    directions: [Direction; 2],
    client_random: Vec<u8>,
    server_random: Vec<u8>,
    /// Early data is offered; the suite of the ticket is not on the wire, so candidates are tried.
    early: Vec<RecordKeys>,
    out: Decoded,
}

/// A handshake message is at most 2^24 bytes, but nobody sends more than this; what is longer is not collected.
const LONGEST_MESSAGE: usize = 1 << 20;

/// Decodes everything one connection sent. Never fails: what cannot be read is counted.
pub(crate) fn decode(flights: &[Flight], key_log: &[LoggedSecret]) -> Decoded {
    let wire = Wire::new(flights);
    let mut session = Session {
        key_log,
        directions: Default::default(),
        client_random: Vec::new(),
        server_random: Vec::new(),
        early: Vec::new(),
        out: Decoded::default(),
    };
    for record in wire.records() {
        session.record(&record);
    }
    session.out
}

impl Session<'_> {
    fn logged(&self, label: &str) -> Option<&SessionSecret> {
        self.key_log
            .iter()
            .find(|line| line.label == label && line.client_random == self.client_random)
            .map(|line| &line.secret)
    }

    fn direction(&mut self, from: Sender) -> &mut Direction {
        &mut self.directions[from as usize]
    }

    fn record(&mut self, record: &Record<'_>) {
        if record.content_type() == CHANGE_CIPHER_SPEC {
            self.push(record, CHANGE_CIPHER_SPEC, Protection::None, record.fragment.to_vec());
            if !self.out.tls13 {
                self.change_to_session_keys(record.from);
            }
            return;
        }
        let protected = record.content_type() == APPLICATION_DATA
            || self.direction(record.from).keys.as_ref().is_some_and(RecordKeys::whole);
        let (protection, opened) = if protected {
            match self.open(record) {
                Some(opened) => opened,
                None => {
                    self.out.unopened += 1;
                    return;
                }
            }
        } else {
            let opened = Opened { content_type: record.content_type(), bytes: record.fragment.to_vec() };
            (Protection::None, opened)
        };
        match opened.content_type {
            HANDSHAKE => self.handshake(record, protection, &opened.bytes),
            ALERT => self.push(record, ALERT, protection, opened.bytes),
            _ => {}
        }
    }

    fn open(&mut self, record: &Record<'_>) -> Option<(Protection, Opened)> {
        if record.from == Sender::Client && !self.early.is_empty() {
            let index = self.early.iter_mut().position(|keys| keys.open(record).is_some());
            if let Some(index) = index {
                // opened once to find the key; once more from its beginning to get at the text
                let found = self.early.swap_remove(index);
                self.early.clear();
                let fresh = found.restarted()?;
                self.use_keys(Sender::Client, fresh);
            }
        }
        let keys = self.direction(record.from).keys.as_mut()?;
        let protection = keys.protection;
        keys.open(record).map(|opened| (protection, opened))
    }

    fn push(&mut self, record: &Record<'_>, content_type: u8, protection: Protection, bytes: Vec<u8>) {
        self.out.messages.push(Message {
            at_us: record.at_us,
            from: record.from,
            content_type,
            protection,
            record: record.number,
            records: 1,
            bytes,
        });
    }

    fn handshake(&mut self, record: &Record<'_>, protection: Protection, bytes: &[u8]) {
        let direction = self.direction(record.from);
        if direction.pending.is_empty() {
            direction.pending_record = record.number;
            direction.pending_records = 0;
        }
        direction.pending_records += 1;
        direction.pending.extend_from_slice(bytes);
        loop {
            let direction = self.direction(record.from);
            let [kind, a, b, c, ..] = direction.pending[..] else { return };
            let length = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
            if length > LONGEST_MESSAGE {
                direction.pending.clear();
                self.out.unopened += 1;
                return;
            }
            if direction.pending.len() < length {
                return;
            }
            let message: Vec<u8> = direction.pending.drain(..length).collect();
            let (first, records) = (direction.pending_record, direction.pending_records);
            direction.pending_record = record.number;
            direction.pending_records = 1;
            self.out.messages.push(Message {
                at_us: record.at_us,
                from: record.from,
                content_type: HANDSHAKE,
                protection,
                record: first,
                records,
                bytes: message.clone(),
            });
            self.follow(record.from, kind, &message);
        }
    }

    /// What a whole handshake message changes.
    fn follow(&mut self, from: Sender, kind: u8, bytes: &[u8]) {
        let mut retry = false;
        match kind {
            message::CLIENT_HELLO => self.client_hello(bytes),
            message::SERVER_HELLO => retry = self.server_hello(bytes),
            message::FINISHED => self.check_finished(from, bytes),
            _ => {}
        }
        let hashed = match kind {
            message::HELLO_REQUEST | message::KEY_UPDATE => false,
            message::NEW_SESSION_TICKET => !self.out.tls13,
            _ => true,
        };
        if hashed {
            self.out.transcript.extend_from_slice(bytes);
        }
        if self.out.tls13 && !retry {
            self.change_keys(from, kind, bytes);
        }
    }

    fn client_hello(&mut self, bytes: &[u8]) {
        self.client_random = bytes.get(6..38).unwrap_or_default().to_vec();
        let second = self.out.messages.iter().any(|earlier| earlier.from == Sender::Server);
        if second {
            // after a HelloRetryRequest there is no early data
            return;
        }
        if let Some(secret) = self.logged("CLIENT_EARLY_TRAFFIC_SECRET") {
            let candidates = [0x1301, 0x1302, 0x1303].into_iter().filter_map(Cipher::of);
            let early = candidates
                .filter(|cipher| cipher.hash_length() == secret.len())
                .filter_map(|cipher| RecordKeys::tls13(cipher, secret, Protection::Early))
                .collect();
            self.early = early;
        }
    }

    /// Returns whether it is a HelloRetryRequest.
    fn server_hello(&mut self, bytes: &[u8]) -> bool {
        let Some(hello) = hello::decided(bytes) else { return false };
        self.server_random = bytes.get(6..38).unwrap_or_default().to_vec();
        self.out.suite = Some(hello.suite);
        self.out.version = Some(hello.version);
        self.out.group = hello.group.or(self.out.group);
        self.out.cipher = Cipher::of(hello.suite);
        self.out.tls13 = hello.version >= 0x0304;
        if hello.retry {
            self.early.clear();
            self.direction(Sender::Client).keys = None;
        }
        if hello.retry
            && let Some(cipher) = self.out.cipher
        {
            // RFC 9846 §4.1: the first ClientHello is replaced by its hash
            let hash = cipher.hash(&self.out.transcript);
            self.out.transcript = vec![message::MESSAGE_HASH, 0, 0, u8::try_from(hash.len()).unwrap_or_default()];
            self.out.transcript.extend_from_slice(&hash);
        }
        hello.retry
    }

    fn check_finished(&mut self, from: Sender, bytes: &[u8]) {
        let Some(cipher) = self.out.cipher else { return };
        let transcript = &self.out.transcript;
        let computed = if self.out.tls13 {
            let label = match from {
                Sender::Client => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                Sender::Server => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            };
            self.logged(label).and_then(|secret| cipher.verify_data13(secret, transcript))
        } else {
            let label: &[u8] = match from {
                Sender::Client => b"client finished",
                Sender::Server => b"server finished",
            };
            self.logged("CLIENT_RANDOM").map(|master| cipher.verify_data12(master, label, transcript))
        };
        let received = bytes.get(4..).unwrap_or_default().to_vec();
        self.out.finished.push(FinishedCheck { from, received, computed });
    }

    fn use_keys(&mut self, from: Sender, keys: RecordKeys) {
        self.out.keys.push((from, keys.protection, keys.key.clone(), keys.iv.clone()));
        self.direction(from).keys = Some(keys);
    }

    fn use_logged(&mut self, from: Sender, label: &str, protection: Protection) {
        let keys = self
            .out
            .cipher
            .zip(self.logged(label))
            .and_then(|(cipher, secret)| RecordKeys::tls13(cipher, secret, protection));
        match keys {
            Some(keys) => self.use_keys(from, keys),
            None => self.direction(from).keys = None,
        }
    }

    /// TLS 1.3: the epochs of RFC 9846 §7 in the order their messages arrive.
    fn change_keys(&mut self, from: Sender, kind: u8, bytes: &[u8]) {
        use Protection::{Application, Handshake};
        match (kind, from) {
            (message::SERVER_HELLO, _) => {
                self.use_logged(Sender::Server, "SERVER_HANDSHAKE_TRAFFIC_SECRET", Handshake);
                if self.early.is_empty() && self.direction(Sender::Client).keys.is_none() {
                    self.use_logged(Sender::Client, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", Handshake);
                }
            }
            // early data was refused: what the client sent of it stays closed
            (message::ENCRYPTED_EXTENSIONS, Sender::Server) if !hello::accepts_early_data(bytes) => {
                let early = self.direction(Sender::Client).keys.as_ref().is_some_and(|k| k.protection != Handshake);
                if early || !self.early.is_empty() {
                    self.early.clear();
                    self.use_logged(Sender::Client, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", Handshake);
                }
            }
            (message::END_OF_EARLY_DATA, Sender::Client) => {
                self.use_logged(Sender::Client, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", Handshake);
            }
            (message::FINISHED, Sender::Client) => self.use_logged(from, "CLIENT_TRAFFIC_SECRET_0", Application),
            (message::FINISHED, Sender::Server) => self.use_logged(from, "SERVER_TRAFFIC_SECRET_0", Application),
            (message::KEY_UPDATE, _) => {
                let next = self.direction(from).keys.as_ref().and_then(RecordKeys::updated);
                match next {
                    Some(next) => self.use_keys(from, next),
                    None => self.direction(from).keys = None,
                }
            }
            _ => {}
        }
    }

    /// TLS 1.2: after ChangeCipherSpec a direction is protected with its part of the key block (RFC 5246 §6.3).
    fn change_to_session_keys(&mut self, from: Sender) {
        let keys = self.out.cipher.zip(self.logged("CLIENT_RANDOM")).and_then(|(cipher, master)| {
            let (key, iv) = (cipher.key_length(), cipher.fixed_iv_length());
            let seed = [&self.server_random[..], &self.client_random[..]];
            let block = cipher.pseudorandom(master, b"key expansion", &seed, 2 * (key + iv));
            let side = from as usize;
            let own = |start: usize, length: usize| block.get(start..start + length).map(<[u8]>::to_vec);
            let write_key = Zeroizing::new(own(side * key, key)?);
            let write_iv = Zeroizing::new(own(2 * key + side * iv, iv)?);
            RecordKeys::tls12(cipher, &write_key, &write_iv)
        });
        if let Some(keys) = keys {
            self.use_keys(from, keys);
        }
    }
}
