//! The use cases both hosts share: credentials, token leases, sends, history, workspace files, the local gateway.
//!
//! Start with [`Console`]: every operation of the command table is a method of it. Beneath it `core` holds what all
//! of them stand on, `send` is the main job, `token` the engine. [`clock`] is the only clock, [`entropy`] the only
//! source of randomness, [`Options`] the only reader of the environment.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

pub mod certificate;
pub mod clock;
pub mod command;
mod console;
mod core;
mod credential;
mod credential_form;
mod demo;
mod diagnosis;
mod discovery;
pub mod entropy;
mod environment;
pub mod export;
mod fetch;
pub mod file;
pub mod folder;
mod gateway;
mod handshake;
pub mod hardening;
pub mod history;
mod hygiene;
mod identity;
mod inspect;
mod jwks;
mod jwt;
mod kept;
mod key;
pub mod limbo;
pub mod message;
mod obtain;
mod options;
pub mod preferences;
mod preview;
mod probe;
mod proof;
mod recipe;
mod recordings;
mod saving;
mod scan;
mod send;
mod settings;
mod sign_in;
pub mod signing;
pub mod state;
pub mod template;
pub mod token;
mod token_watch;
mod trust;
mod uses;
pub mod view;
mod watch;
pub mod workspace;
mod zoo;

pub use self::console::{Console, GatewayHandle, GatewayStart};
pub use self::identity::CertificateImport;
pub use self::jwt::{TokenText, inspect_token};
pub use self::options::{ConnectionOptions, Options};
pub use self::send::ProgressSink;
pub use countersign_gateway::{Dialect, Error as GatewayError, Fault as GatewayFault, Ready};
pub use countersign_signing::{Algorithm as SignatureAlgorithm, Profile as SigningProfile};
pub use countersign_tls::{Scope as CaptureScope, Version as TlsVersion};
pub use countersign_vault::Backend;

/// Ways in which a client proves itself, by their RFC 7591 names.
pub fn client_authentications() -> &'static [&'static str] {
    countersign_oauth::ClientAuthentication::names()
}
