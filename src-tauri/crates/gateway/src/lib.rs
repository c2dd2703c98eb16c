//! The bundled test gateway: a local CA, an authorization server, a protected payments API, and faults to
//! switch on while it runs. Loopback only. `zoo` serves every kind of broken TLS, each on a port of its own.
//!
//! It judges by itself: it issues and verifies tokens with code of its own, so that the client and the judge
//! do not share a mistake. Message signatures it checks with `signing`'s verifier. PKI, keys and counters are
//! in memory and made anew at each start. Start with [`Gateway::start`].
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod authorization_server;
mod cards;
mod client_key;
mod config;
mod dialect;
mod dpop;
mod error;
mod families;
mod fault;
mod flights;
mod gateway;
mod judge;
mod keys;
mod lab;
mod listener;
mod mutual;
mod orders;
mod payments;
mod pki;
mod ready;
mod replay;
mod seen;
mod signature;
mod tokens;
mod zoo;

pub use self::client_key::ClientKey;
pub use self::config::{Clock, Config, TrustedKey};
pub use self::dialect::Dialect;
pub use self::error::Error;
pub use self::fault::{Fault, FaultGroup};
pub use self::flights::TokenCalls;
pub use self::gateway::Gateway;
pub use self::mutual::ClientCertificate;
pub use self::ready::{DemoClient, Ready};
pub use self::seen::Seen;
pub use self::zoo::{Expect, Served, ZooCase, ZooClient};

/// The demo client's identifier.
pub const DEMO_CLIENT: &str = "demo-client";
/// The public client's identifier: no secret, PKCE required.
pub const DEMO_PUBLIC: &str = "demo-public";
/// `sub` of what the person who is asked for consent grants.
pub const LAB_USER: &str = "lab-user";
/// The scopes the demo client may ask for.
pub const DEMO_SCOPES: [&str; 3] = ["payments:read", "payments:write", "payments:refund"];
/// The identifier of the demo client's signing key.
pub const DEMO_KEYID: &str = "demo-ed25519";
