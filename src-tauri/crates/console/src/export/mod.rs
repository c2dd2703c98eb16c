//! An exchange as other programs read it, and two exchanges side by side. All of it is made from the document, which
//! is redacted: a secret is a reference here too, in a form the other program can fill in.

mod base;
mod compare;
mod curl;
mod har;
mod json;
mod pem;
mod sentence;

pub use self::compare::compare;
pub use self::curl::curl;
pub use self::har::har;
pub use self::json::json;
pub use self::pem::pem;

/// `localhost` of `CN=localhost, O=Acme`; else the whole name.
fn short_name(name: &str) -> &str {
    name.split(", ").find_map(|part| part.strip_prefix("CN=")).unwrap_or(name)
}
