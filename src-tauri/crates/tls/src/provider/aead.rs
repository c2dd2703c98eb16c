//! Record protection that tells its keys and the plain text of what is not application data.

use std::sync::Arc;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter,
    OutboundOpaqueMessage, OutboundPlainMessage, Tls12AeadAlgorithm, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error};
use zeroize::Zeroizing;

use crate::recorder::{self, Plaintext, RecordKey, Recorder, Sender};

/// Notes the keys and returns the recorder they belong to.
fn keyed(from: Sender, key: &[u8], iv: &[u8]) -> Option<Arc<Recorder>> {
    let recorder = recorder::current()?;
    let own = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    recorder.library().record_keys.push(RecordKey { from, key: own(key), iv: own(iv) });
    Some(recorder)
}

pub(super) struct RecordingAead13(pub(super) &'static dyn Tls13AeadAlgorithm);

impl Tls13AeadAlgorithm for RecordingAead13 {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        let to = keyed(Sender::Client, key.as_ref(), iv.as_ref());
        Box::new(RecordingEncrypter { original: self.0.encrypter(key, iv), to })
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        let to = keyed(Sender::Server, key.as_ref(), iv.as_ref());
        Box::new(RecordingDecrypter { original: self.0.decrypter(key, iv), to })
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

pub(super) struct RecordingAead12(pub(super) &'static dyn Tls12AeadAlgorithm);

impl Tls12AeadAlgorithm for RecordingAead12 {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        let to = keyed(Sender::Client, key.as_ref(), iv);
        Box::new(RecordingEncrypter { original: self.0.encrypter(key, iv, extra), to })
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        let to = keyed(Sender::Server, key.as_ref(), iv);
        Box::new(RecordingDecrypter { original: self.0.decrypter(key, iv), to })
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.0.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv, explicit)
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}

fn note(to: Option<&Arc<Recorder>>, from: Sender, content_type: ContentType, bytes: impl FnOnce() -> Vec<u8>) {
    if content_type == ContentType::ApplicationData {
        return;
    }
    if let Some(recorder) = to {
        let plaintext = Plaintext { from, content_type: content_type.into(), bytes: bytes() };
        recorder.library().plaintexts.push(plaintext);
    }
}

struct RecordingEncrypter {
    original: Box<dyn MessageEncrypter>,
    to: Option<Arc<Recorder>>,
}

impl MessageEncrypter for RecordingEncrypter {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, sequence: u64) -> Result<OutboundOpaqueMessage, Error> {
        note(self.to.as_ref(), Sender::Client, message.typ, || message.payload.to_vec());
        self.original.encrypt(message, sequence)
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        self.original.encrypted_payload_len(length)
    }
}

struct RecordingDecrypter {
    original: Box<dyn MessageDecrypter>,
    to: Option<Arc<Recorder>>,
}

impl MessageDecrypter for RecordingDecrypter {
    fn decrypt<'a>(
        &mut self,
        message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let plain = self.original.decrypt(message, sequence)?;
        note(self.to.as_ref(), Sender::Server, plain.typ, || plain.payload.to_vec());
        Ok(plain)
    }
}
