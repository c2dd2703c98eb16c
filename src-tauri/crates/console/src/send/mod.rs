//! Sending: the main job. A draft becomes a document that says, step by step, what happened and why.
//!
//! [`run`] is the line of it: credential, token, connection, signature, response; at most one renewal after a
//! 401, redirects hop by hop. Nothing here decides what a row says: that is `evidence::ladder`.

pub(crate) mod ask;
pub(crate) mod draft;
mod hop;
pub(crate) mod progress;
pub(crate) mod record;
mod refusal;
pub(crate) mod run;
pub(crate) mod signer;
pub(crate) mod token_call;
pub(crate) mod token_grant;

pub use self::progress::ProgressSink;

use countersign_evidence::{Fault, Problem};
use countersign_tls::Target;

/// Client credentials and tokens go over https, or over http on loopback.
pub(crate) fn plain_http_refused(credential: &str, target: &Target) -> Result<(), Problem> {
    if target.scheme_tls || target.is_loopback() {
        return Ok(());
    }
    Err(Problem::new(
        "credential.plain_http",
        Fault::Caller,
        format!("`{credential}` is not sent over plain HTTP"),
        target.endpoint(),
    )
    .with_citation("RFC 9700", "2.6")
    .with_hint("Use https."))
}
