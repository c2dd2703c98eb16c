//! Requests and answers of RFC 6749 and its family as pairs, without IO: a request is built, somebody else
//! sends it, the answer is judged. Beside them: the life of a token and its renewal rule, the challenge
//! parser, the JWT view, the clock difference, and the rules that say why a token was refused.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod answer;
mod cache_key;
mod challenge;
mod client;
pub mod diagnose;
mod error;
mod jwt;
pub mod lease;
mod life;
mod metadata;
mod recipe;
mod request;
mod skew;

pub use self::answer::{Issued, Refusal, process};
pub use self::cache_key::CacheKey;
pub use self::challenge::{Challenge, challenges};
pub use self::client::{BasicEncoding, ClientAuthentication, encoding_matters};
pub use self::error::Error;
pub use self::jwt::{JwtView, NotJwt, explain_claims, view};
pub use self::life::{Life, retry_after, retry_delay};
pub use self::metadata::{Metadata, metadata_uris};
pub use self::recipe::{Content, ExpiresUnit, Recipe, Renewal};
pub use self::request::{Grant, Prepared, TokenRequest, token_request};
pub use self::skew::{Sample, Skew};
