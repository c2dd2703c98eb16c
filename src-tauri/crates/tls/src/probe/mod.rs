//! Raw probes: a ClientHello made by hand, and what a server says to it before anything is encrypted.
//!
//! No cryptography takes part. In TLS 1.3 the key_share is empty, so the server names the group it wants in a
//! HelloRetryRequest, also one nobody here could compute with. Up to TLS 1.2 its whole first flight is in clear.
//! A probe ends as soon as it knows what it asked for; the server sees a handshake that was given up.

mod answer;
mod hello;
mod mismatch;
mod prober;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::answer::read;
pub(crate) use self::answer::{Answer, Said};
#[cfg(test)]
pub(crate) use self::hello::{GROUPS, legacy_suites};
pub(crate) use self::hello::{Hello, MODERN, Offer};
pub use self::mismatch::Mismatch;
pub(crate) use self::mismatch::{mismatch, version_words};
pub(crate) use self::prober::{Prober, Until};
