//! The one crypto provider of this program: aws-lc-rs, with the post-quantum hybrid group preferred; and the
//! same provider with an ear in it, for connections that are recorded.
//!
//! The recording provider computes nothing by itself: each part calls its original and notes what came out,
//! on the recorder of the connection being polled. Key exchange, HKDF, PRF and key log look the recorder up
//! when they are called; AEAD and hash contexts when they are made, because later polls may run elsewhere.
//! These traits change with rustls 0.24: everything that depends on them is in this folder.

mod aead;
mod hash;
mod hkdf;
mod key_exchange;
mod key_log;
mod prf;

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::{CipherSuiteCommon, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

pub(crate) use self::key_log::RecordingKeyLog;

/// The provider every TLS configuration here is built with. Always passed explicitly: a process-wide
/// default would panic as soon as a second provider entered the build.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// The same, recording. Suites and groups must be `'static`, so one table is made for the whole process.
pub(crate) fn recording_provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.cipher_suites = provider.cipher_suites.iter().map(recording_suite).collect();
        provider.kx_groups = provider
            .kx_groups
            .iter()
            .map(|group| {
                let group: &'static dyn SupportedKxGroup = leak(key_exchange::RecordingGroup(*group));
                group
            })
            .collect();
        Arc::new(provider)
    }))
}

/// Starts one key exchange and drops it. The first use of aws-lc-rs gathers entropy, which takes 35 to
/// 100 ms and would otherwise be counted as a slow handshake of the first request.
pub fn warm_up() {
    let provider = recording_provider();
    if let Some(group) = provider.kx_groups.first() {
        drop(group.start());
    }
}

/// For the one table of a process.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn common(original: &CipherSuiteCommon) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite: original.suite,
        hash_provider: leak(hash::RecordingHash(original.hash_provider)),
        confidentiality_limit: original.confidentiality_limit,
    }
}

fn recording_suite(suite: &SupportedCipherSuite) -> SupportedCipherSuite {
    match suite {
        SupportedCipherSuite::Tls13(original) => SupportedCipherSuite::Tls13(leak(Tls13CipherSuite {
            common: common(&original.common),
            hkdf_provider: leak(hkdf::RecordingHkdf::new(
                original.hkdf_provider,
                original.common.hash_provider.output_len(),
            )),
            aead_alg: leak(aead::RecordingAead13(original.aead_alg)),
            quic: None,
        })),
        SupportedCipherSuite::Tls12(original) => SupportedCipherSuite::Tls12(leak(Tls12CipherSuite {
            common: common(&original.common),
            prf_provider: leak(prf::RecordingPrf(original.prf_provider)),
            kx: original.kx,
            sign: original.sign,
            aead_alg: leak(aead::RecordingAead12(original.aead_alg)),
        })),
    }
}
