//! A secret may enter, never leave.
//!
//! [`Secret`] has no `Serialize`, `Display`, `Debug`, `Deref` or `Clone`: a secret in an outbound type does not
//! compile. [`Secret::expose_secret`] is called on one line, as late as possible. [`Redactor`] strikes live
//! secrets and their derived forms from everything that is written down.
//!
//! ```compile_fail
//! let secret = countersign_secret::Secret::new(String::from("hunter2"));
//! println!("{secret}");
//! ```
//! ```compile_fail
//! let secret = countersign_secret::Secret::new(String::from("hunter2"));
//! println!("{secret:?}");
//! ```
//! ```compile_fail
//! let secret = countersign_secret::Secret::new(String::from("hunter2"));
//! let copy = secret.clone();
//! ```
//! ```compile_fail
//! let secret = countersign_secret::Secret::new(String::from("hunter2"));
//! let length = secret.chars().count();
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to say what is wrong")
)]

mod field;
mod forms;
mod redactor;
mod secret;
mod stream;

pub use self::field::redact_field;
pub use self::redactor::Redactor;
pub use self::secret::{Secret, SecretBytes, SecretText, token_fingerprint};
pub use self::stream::RedactStream;
