//! The pseudorandom function of TLS 1.2 while it is computed (RFC 5246 §5).

use rustls::Error;
use rustls::crypto::ActiveKeyExchange;
use rustls::crypto::tls12::Prf;
use rustls::version::TLS12;
use zeroize::Zeroizing;

use crate::recorder::{self, Pseudorandom};

pub(super) struct RecordingPrf(pub(super) &'static dyn Prf);

fn note(label: &[u8], output: &[u8]) {
    if let Some(recorder) = recorder::current() {
        let label = String::from_utf8_lossy(label).into_owned();
        recorder.library().pseudorandom.push(Pseudorandom { label, output: Zeroizing::new(output.to_vec()) });
    }
}

impl Prf for RecordingPrf {
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        exchange: Box<dyn ActiveKeyExchange>,
        peer_public_key: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Result<(), Error> {
        // completed here, so that the pre-master secret passes through the recording key exchange
        let pre_master = exchange.complete_for_tls_version(peer_public_key, &TLS12)?;
        self.0.for_secret(output, pre_master.secret_bytes(), label, seed);
        note(label, output);
        Ok(())
    }

    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
        self.0.for_secret(output, secret, label, seed);
        note(label, output);
    }

    fn fips(&self) -> bool {
        self.0.fips()
    }
}
