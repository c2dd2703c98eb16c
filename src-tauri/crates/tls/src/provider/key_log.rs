//! The key log of the library (RFC 9850), kept with the connection. No file, no environment variable.

use rustls::KeyLog;
use zeroize::Zeroizing;

use crate::recorder::{self, LoggedSecret};

#[derive(Debug)]
pub(crate) struct RecordingKeyLog;

impl KeyLog for RecordingKeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if let Some(recorder) = recorder::current() {
            recorder.key_log().push(LoggedSecret {
                label: label.to_owned(),
                client_random: client_random.to_vec(),
                secret: Zeroizing::new(secret.to_vec()),
            });
        }
    }
}
