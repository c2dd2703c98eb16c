//! The key schedule of TLS 1.3 while it is computed: each Extract and each Expand-Label with its output.

use aws_lc_rs::hmac;
use rustls::crypto::hmac::Tag;
use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock, OutputLengthError};
use zeroize::Zeroizing;

use crate::recorder::{self, Expand, Extract};

pub(super) struct RecordingHkdf {
    original: &'static dyn Hkdf,
    algorithm: hmac::Algorithm,
    length: usize,
}

impl RecordingHkdf {
    pub(super) fn new(original: &'static dyn Hkdf, hash_length: usize) -> Self {
        let algorithm = if hash_length == 48 { hmac::HMAC_SHA384 } else { hmac::HMAC_SHA256 };
        Self { original, algorithm, length: hash_length }
    }

    /// The expander of rustls keeps its PRK to itself; HKDF-Extract is one HMAC (RFC 5869 §2.2).
    fn note(&self, salt: Option<&[u8]>, ikm: Option<&[u8]>) -> Option<usize> {
        let recorder = recorder::current()?;
        let zeros = [0; 64];
        let zeros = &zeros[..self.length.min(64)];
        let key = hmac::Key::new(self.algorithm, salt.unwrap_or(zeros));
        let prk = Zeroizing::new(hmac::sign(&key, ikm.unwrap_or(zeros)).as_ref().to_vec());
        let own = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        let mut library = recorder.library();
        library.extracts.push(Extract { salt: salt.map(own), ikm: ikm.map(own), prk });
        Some(library.extracts.len() - 1)
    }
}

impl Hkdf for RecordingHkdf {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        let of = self.note(salt, None);
        Box::new(RecordingExpander { original: self.original.extract_from_zero_ikm(salt), of })
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        let of = self.note(salt, Some(secret));
        Box::new(RecordingExpander { original: self.original.extract_from_secret(salt, secret), of })
    }

    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(RecordingExpander { original: self.original.expander_for_okm(okm), of: None })
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> Tag {
        self.original.hmac_sign(key, message)
    }

    fn fips(&self) -> bool {
        self.original.fips()
    }
}

struct RecordingExpander {
    original: Box<dyn HkdfExpander>,
    /// The extract it expands.
    of: Option<usize>,
}

impl RecordingExpander {
    fn note(&self, info: &[&[u8]], output: &[u8]) {
        let Some(recorder) = recorder::current() else { return };
        if let Some(label) = label(&info.concat()) {
            let output = Zeroizing::new(output.to_vec());
            recorder.library().expands.push(Expand { of: self.of, label, output });
        }
    }
}

/// The label of an HkdfLabel: length (2), length of the label (1), `tls13 ` and the label, context (RFC 9846 §7.1).
fn label(info: &[u8]) -> Option<String> {
    let length = usize::from(*info.get(2)?);
    let label = std::str::from_utf8(info.get(3..3 + length)?).ok()?;
    label.strip_prefix("tls13 ").map(str::to_owned)
}

impl HkdfExpander for RecordingExpander {
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        self.original.expand_slice(info, output)?;
        self.note(info, output);
        Ok(())
    }

    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        let block = self.original.expand_block(info);
        self.note(info, block.as_ref());
        block
    }

    fn hash_len(&self) -> usize {
        self.original.hash_len()
    }
}
