//! Signature bases, digests, signers and verifiers. No IO, no clock, no randomness of its own.
//!
//! HTTP Message Signatures (RFC 9421) with Digest Fields (RFC 9530): a [`Profile`] names what is covered,
//! [`sign`] makes the base with its spans, the signature and the fields to add; [`verify`] makes the base
//! again from what was received. Every scheme follows the same line: canonicalise, sign, apply, verify.
//! Primitives are aws-lc-rs; canonicalisation, assembly and inspection are here.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod algorithm;
mod base;
mod cause;
mod compare;
mod component;
mod digest;
mod error;
mod jwk;
mod key;
mod message;
mod profile;
mod sign;
pub mod sigv4;
mod verify;

pub use self::algorithm::Algorithm;
pub use self::base::{Base, Origin, Span};
pub use self::cause::{Cause, likely_cause};
pub use self::compare::{Difference, compare};
pub use self::component::Component;
pub use self::digest::{DigestAlgorithm, content_digest, digest_matches};
pub use self::error::Error;
pub use self::jwk::PublicJwk;
pub use self::key::{PublicKey, SigningKey, generate};
pub use self::message::MessageView;
pub use self::profile::Profile;
pub use self::sign::{Signed, preview, sign};
pub use self::verify::{Keys, Mismatch, VerifiedSignature, labels, received_base, verify};
