//! What a gateway is started with.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign_secret::SecretText;
use countersign_signing::PublicKey;

use crate::{Error, Fault};

/// The wall clock as a parameter.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How the authorization server and the API speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// N-Genius Online: verbatim Basic key, vendor media types, `errors[]`.
    Ngenius,
    /// RFC 6749, RFC 6750, RFC 8414, RFC 9068.
    Rfc,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Dialect; 2] = [Dialect::Rfc, Dialect::Ngenius];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Ngenius => "ngenius",
            Dialect::Rfc => "rfc",
        }
    }

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Dialect::Ngenius => "N-Genius Online",
            Dialect::Rfc => "RFC 6749 and RFC 9068",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// [`Error::UnknownDialect`].
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|d| d.name() == name).ok_or_else(|| Error::UnknownDialect { name: name.to_owned() })
    }

    /// The path of the token endpoint.
    pub fn token_path(self) -> &'static str {
        match self {
            Dialect::Ngenius => "/identity/auth/access-token",
            Dialect::Rfc => "/oauth2/token",
        }
    }

    /// The path below which the API answers.
    pub fn api_path(self) -> &'static str {
        match self {
            Dialect::Ngenius => "/transactions",
            Dialect::Rfc => "/v1",
        }
    }
}

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
    /// How it speaks.
    pub dialect: Dialect,
    /// Life of an access token.
    pub token_lifetime: Duration,
    /// The demo client's secret.
    pub demo_secret: Arc<SecretText>,
    /// Keys whose signatures are checked.
    pub trusted_keys: Vec<TrustedKey>,
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
            dialect: Dialect::Rfc,
            token_lifetime: Duration::from_secs(300),
            demo_secret,
            trusted_keys: Vec::new(),
            signature_required: false,
            faults: Vec::new(),
            zoo: false,
            clock,
        }
    }
}
