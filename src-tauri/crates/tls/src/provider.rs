//! The one crypto provider of this program: aws-lc-rs, with the post-quantum hybrid group preferred.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;

/// The provider every TLS configuration here is built with. Always passed explicitly: a process-wide
/// default would panic as soon as a second provider entered the build.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// Starts one key exchange and drops it. The first use of aws-lc-rs gathers entropy, which takes 35 to
/// 100 ms and would otherwise be counted as a slow handshake of the first request.
pub fn warm_up() {
    let provider = provider();
    if let Some(group) = provider.kx_groups.first() {
        drop(group.start());
    }
}
