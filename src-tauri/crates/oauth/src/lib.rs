//! Requests and answers of RFC 6749 and its family as pairs, without IO: a request is built, somebody else
//! sends it, the answer is judged. Beside them: the life of a token and its renewal rule, the challenge
//! parser, the JWT view, the clock difference, and the rules that say why a token was refused.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod answer;
mod assertion;
mod authorization;
mod cache_key;
mod challenge;
mod client;
mod device;
pub mod diagnosis;
mod dpop;
mod error;
pub mod hygiene;
mod introspection;
mod jwks;
mod jwt;
mod key;
pub mod lease;
mod life;
mod member;
mod metadata;
mod recipe;
mod request;
mod skew;
mod template;

pub use self::answer::{Issued, Refusal, process};
pub use self::assertion::{Assertion, AssertionAudience, assertion};
pub use self::authorization::{AuthorizationRequest, Callback, callback, code_challenge, code_verifier, pushed_url};
pub use self::cache_key::CacheKey;
pub use self::challenge::{Challenge, challenges};
pub use self::client::{BasicEncoding, ClientAuthentication, encoding_matters};
pub use self::device::{DeviceAuthorization, Poll, poll};
pub use self::dpop::{Proof, proof};
pub use self::error::Error;
pub use self::introspection::{Introspection, pushed};
pub use self::jwks::{Jwks, Signed, Verification};
pub use self::jwt::{JwtView, NotJwt, explain_claims, view};
pub use self::key::JwtKey;
pub use self::life::{Life, retry_after, retry_delay};
pub use self::member::{Member, may_hold_token, members};
pub use self::metadata::{Aliases, Metadata, metadata_uris};
pub use self::recipe::{Content, Defaults, ErrorPart, ExpiresUnit, Recipe, Renewal, RequestPart, ResponsePart};
pub use self::request::{Client, Grant, Prepared, TokenRequest, endpoint_request, token_request};
pub use self::skew::{Sample, Skew};
