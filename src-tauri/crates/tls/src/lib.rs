//! Observed connections: name, TCP, TLS; the trust that decides them and the words that explain them.
//!
//! [`Connector::connect`] opens one connection and always hands back a [`ConnectionRecord`], when it
//! fails too: what was negotiated, the chain as sent, the verdict, the findings, how long each phase took.
//! Two engines stay apart: rustls-webpki behind the recording verifier **decides**, [`explain`] **says why**
//! (it does no IO and knows no clock). HTTP lives in `countersign-exchange`.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")
)]

mod alert;
mod attempt;
mod capture;
mod certificate;
mod checks;
mod configuration;
mod connector;
pub mod danger;
mod der;
mod error;
pub mod explain;
mod findings;
#[cfg(test)]
mod fixture;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod hello;
mod iana;
mod identity;
mod negotiated;
mod observer;
mod outcome;
mod pin;
mod policy;
mod probe;
mod provider;
mod record;
mod recorder;
mod recording;
mod revocation;
mod scan;
mod schedule;
mod stream;
mod tap;
mod target;
mod tcp;
mod tickets;
mod trust;
mod verifier;
mod wire;

pub use self::alert::{Alert, alert_in};
pub use self::certificate::{Certificate, Malformed, certificates_from_pem};
pub use self::connector::{Clock, Connector, Ids};
pub use self::error::Error;
pub use self::identity::ClientIdentity;
pub use self::observer::Observer;
pub use self::outcome::error_for_alert_after_handshake;
pub use self::pin::Pin;
pub use self::policy::{Alpn, Policy, Version};
pub use self::probe::Mismatch;
pub use self::provider::{provider, warm_up};
pub use self::record::{ConnectFailure, ConnectTiming, Connection, ConnectionRecord, Span};
pub use self::recording::{Ends, Recording, Scope};
pub use self::revocation::ocsp_request;
pub use self::stream::Stream;
pub use self::target::Target;
pub use self::trust::{HostPattern, Profile, Store, StoreLabel, Trust, TrustBuilder};

/// One certificate as DER, owned.
pub type CertificateDer = rustls_pki_types::CertificateDer<'static>;
