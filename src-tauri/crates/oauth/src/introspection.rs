//! Answers of the smaller endpoints: introspection (RFC 7662), pushed authorization requests (RFC 9126).

use countersign_evidence::Timestamp;
use serde_json::{Map, Value};

/// What a server says about a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Introspection {
    /// Whether it may be used.
    pub active: bool,
    /// Every member, as sent.
    pub members: Map<String, Value>,
}

impl Introspection {
    /// Reads the content of a 200.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        let Value::Object(members) = value else { return Err("it is no JSON object".into()) };
        match members.get("active") {
            Some(Value::Bool(active)) => Ok(Self { active: *active, members }),
            _ => Err("it has no member `active`".into()),
        }
    }

    /// `exp`.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.members.get("exp").and_then(Value::as_i64).map(Timestamp::from_unix_seconds)
    }
}

/// The `request_uri` of a pushed authorization request (RFC 9126 §2.2).
///
/// # Errors
/// What is missing, in words.
pub fn pushed(body: &[u8]) -> Result<String, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let uri = value.get("request_uri").and_then(Value::as_str).filter(|uri| !uri.is_empty());
    uri.map(ToOwned::to_owned).ok_or_else(|| "it has no `request_uri`".into())
}

#[cfg(test)]
mod tests {
    use super::{Introspection, pushed};

    #[test]
    fn an_answer_without_active_says_nothing() {
        assert!(!Introspection::read(br#"{"active":false}"#).unwrap().active, "RFC 7662 §2.2");
        assert!(Introspection::read(br#"{"scope":"a"}"#).is_err(), "`active` is required");
        assert!(Introspection::read(b"[]").is_err(), "no object");
        assert_eq!(pushed(br#"{"request_uri":"urn:x","expires_in":60}"#).as_deref(), Ok("urn:x"), "RFC 9126 §2.2");
        assert!(pushed(b"{}").is_err(), "nothing in it");
    }
}
