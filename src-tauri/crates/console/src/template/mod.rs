//! Templates: `{{name}}` in URLs, fields, content, and in variables themselves.
//!
//! [`resolve`] looks a name up in the layers of a [`Scope`], the nearest first, says where each value came from, and
//! lists what has none. A secret is never filled in here: `{{secret:CREDENTIAL/SLOT}}` stays as it is, with its place,
//! and the caller decides whether it may stand there at all. What is not a template stays text.

mod error;
mod resolve;
mod scan;

pub use self::error::Error;
pub use self::resolve::{Layer, Resolved, Scope, SecretReference, resolve};
