//! Opens the protected records of one direction.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use zeroize::Zeroizing;

use super::cipher::{Aead, Cipher};
use super::record::{APPLICATION_DATA, Record};
use crate::recorder::SessionSecret;

/// Under which keys a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Protection {
    None,
    Early,
    Handshake,
    Application,
}

impl Protection {
    /// As in the evidence: `none`, `early`, `handshake`, `application`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Protection::None => "none",
            Protection::Early => "early",
            Protection::Handshake => "handshake",
            Protection::Application => "application",
        }
    }
}

enum Scheme {
    /// Nonce = iv XOR sequence, header as additional data (RFC 9846 §5.2).
    Tls13,
    /// Additional data = sequence, type, version, length (RFC 5246 §6.2.3.3).
    Tls12,
}

/// The keys of one direction and epoch.
pub(crate) struct RecordKeys {
    scheme: Scheme,
    cipher: Cipher,
    opening: LessSafeKey,
    pub(crate) protection: Protection,
    pub(crate) key: SessionSecret,
    pub(crate) iv: SessionSecret,
    /// The traffic secret they come from; empty for TLS 1.2.
    secret: SessionSecret,
    sequence: u64,
}

/// An opened record: its true content type and plain text.
pub(super) struct Opened {
    pub(super) content_type: u8,
    pub(super) bytes: Vec<u8>,
}

impl RecordKeys {
    /// From a traffic secret (RFC 9846 §7.3).
    pub(super) fn tls13(cipher: Cipher, secret: &[u8], protection: Protection) -> Option<Self> {
        let key = cipher.expand_label(secret, "key", cipher.key_length())?;
        let iv = cipher.expand_label(secret, "iv", 12)?;
        Some(Self {
            scheme: Scheme::Tls13,
            cipher,
            opening: cipher.opening_key(&key)?,
            protection,
            key,
            iv,
            secret: Zeroizing::new(secret.to_vec()),
            sequence: 0,
        })
    }

    /// From the key block (RFC 5246 §6.3).
    pub(super) fn tls12(cipher: Cipher, key: &[u8], iv: &[u8]) -> Option<Self> {
        let own = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        Some(Self {
            scheme: Scheme::Tls12,
            cipher,
            opening: cipher.opening_key(key)?,
            protection: Protection::Application,
            key: own(key),
            iv: own(iv),
            secret: own(&[]),
            sequence: 0,
        })
    }

    /// Whether every record from now on is protected, alerts and handshake included.
    pub(super) fn whole(&self) -> bool {
        matches!(self.scheme, Scheme::Tls12)
    }

    /// The keys after a KeyUpdate (RFC 9846 §7.2).
    pub(super) fn updated(&self) -> Option<Self> {
        let next = self.cipher.expand_label(&self.secret, "traffic upd", self.cipher.hash_length())?;
        Self::tls13(self.cipher, &next, Protection::Application)
    }

    /// The same keys before their first record.
    pub(super) fn restarted(&self) -> Option<Self> {
        Self::tls13(self.cipher, &self.secret, self.protection)
    }

    /// `None`: these are not the keys of this record.
    pub(super) fn open(&mut self, record: &Record<'_>) -> Option<Opened> {
        let opened = match self.scheme {
            Scheme::Tls13 => self.open13(record),
            Scheme::Tls12 => self.open12(record),
        }?;
        self.sequence += 1;
        Some(opened)
    }

    fn open13(&self, record: &Record<'_>) -> Option<Opened> {
        if record.content_type() != APPLICATION_DATA {
            return None;
        }
        let mut bytes = self.decrypt(self.nonce(), &record.header, record.fragment)?;
        // padding is zeros; the last byte that is none is the content type (RFC 9846 §5.4)
        let end = bytes.iter().rposition(|byte| *byte != 0)?;
        let content_type = bytes[end];
        bytes.truncate(end);
        Some(Opened { content_type, bytes })
    }

    fn open12(&self, record: &Record<'_>) -> Option<Opened> {
        let (nonce, sealed) = if self.cipher.aead == Aead::ChaCha20Poly1305 {
            (self.nonce(), record.fragment)
        } else {
            let (explicit, sealed) = record.fragment.split_at_checked(8)?;
            let mut nonce = [0; 12];
            nonce[..4].copy_from_slice(self.iv.get(..4)?);
            nonce[4..].copy_from_slice(explicit);
            (nonce, sealed)
        };
        let length = u16::try_from(sealed.len().checked_sub(16)?).ok()?;
        let mut additional = self.sequence.to_be_bytes().to_vec();
        additional.extend_from_slice(&record.header[..3]);
        additional.extend_from_slice(&length.to_be_bytes());
        let bytes = self.decrypt(nonce, &additional, sealed)?;
        Some(Opened { content_type: record.content_type(), bytes })
    }

    fn nonce(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        for (byte, iv) in nonce.iter_mut().zip(self.iv.iter()) {
            *byte = *iv;
        }
        for (byte, sequence) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= sequence;
        }
        nonce
    }

    fn decrypt(&self, nonce: [u8; 12], additional: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = sealed.to_vec();
        let length = self
            .opening
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(additional), &mut bytes)
            .ok()?
            .len();
        bytes.truncate(length);
        Some(bytes)
    }
}
