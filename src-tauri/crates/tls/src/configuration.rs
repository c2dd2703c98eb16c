//! One TLS configuration per policy, never one per connection: resumption demands the same verifier and
//! resolver as the handshake that gave the ticket.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;

use crate::identity::RecordingResolver;
use crate::policy::Version;
use crate::provider::{RecordingKeyLog, recording_provider};
use crate::tickets::Tickets;
use crate::verifier::RecordingVerifier;
use crate::{Clock, Error, Policy};

/// What all connections of one policy share.
pub(crate) struct Configuration {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) tickets: Arc<Tickets>,
}

impl Configuration {
    /// `observe`: every chain passes after it was recorded, nobody is told who we are, nothing is resumed.
    pub(crate) fn new(policy: &Policy, observe: bool, clock: &Clock) -> Result<Self, Error> {
        let time = WallClock(Arc::clone(clock));
        let tickets = Arc::new(Tickets::new(Arc::clone(clock)));
        let identity = if observe { None } else { policy.client_identity.clone() };
        let mut client = ClientConfig::builder_with_details(recording_provider(), Arc::new(time))
            .with_protocol_versions(Version::offered(policy.max_version))
            .map_err(|error| Error::Configuration { reason: error.to_string() })?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(RecordingVerifier::new(policy.trust.clone(), observe)))
            .with_client_cert_resolver(Arc::new(RecordingResolver { identity }));
        client.alpn_protocols = policy.alpn.protocols();
        client.key_log = Arc::new(RecordingKeyLog);
        client.resumption = if observe || policy.whole_handshakes {
            Resumption::disabled()
        } else {
            Resumption::store(Arc::<Tickets>::clone(&tickets))
        };
        Ok(Self { client: Arc::new(client), tickets })
    }
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").finish_non_exhaustive()
    }
}

/// The caller's clock for rustls, so that certificates are judged at the time the caller says it is.
struct WallClock(Clock);

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        // before 1970 nothing is valid yet, and the first second of 1970 says so as well
        let since = (self.0)().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Some(UnixTime::since_unix_epoch(since))
    }
}
