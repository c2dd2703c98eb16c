//! What a gateway is started with.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign_secret::SecretText;
use countersign_signing::PublicKey;

use crate::{ClientKey, Dialect, Fault};

/// The wall clock as a parameter.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// A key that signs requests, known to the gateway by its identifier.
pub struct TrustedKey {
    /// RFC 9421 `keyid`.
    pub keyid: String,
    /// What it verifies with.
    pub key: PublicKey,
}

/// What a gateway is started with.
pub struct Config {
    /// Address of the API; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address of the authorization server.
    pub authorization_listen: SocketAddr,
    /// Address of the listener that asks for a client certificate (RFC 8705 §5).
    pub mutual_listen: SocketAddr,
    /// How it speaks.
    pub dialect: Dialect,
    /// Life of an access token.
    pub token_lifetime: Duration,
    /// The demo client's secret.
    pub demo_secret: Arc<SecretText>,
    /// Keys whose signatures are checked; the demo client signs its assertions with them too.
    pub trusted_keys: Vec<TrustedKey>,
    /// More keys the demo client signs its assertions with (RFC 7523).
    pub client_keys: Vec<ClientKey>,
    /// Whether a request without a signature is refused.
    pub signature_required: bool,
    /// Faults active from the start.
    pub faults: Vec<Fault>,
    /// Whether the zoo of broken TLS is served.
    pub zoo: bool,
    /// The wall clock.
    pub clock: Clock,
}

impl Config {
    /// On free loopback ports, `rfc`, tokens of 300 s.
    pub fn new(demo_secret: Arc<SecretText>, clock: Clock) -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: loopback,
            authorization_listen: loopback,
            mutual_listen: loopback,
            dialect: Dialect::Rfc,
            token_lifetime: Duration::from_secs(300),
            demo_secret,
            trusted_keys: Vec::new(),
            client_keys: Vec::new(),
            signature_required: false,
            faults: Vec::new(),
            zoo: false,
            clock,
        }
    }
}
