//! What a request may ask for: scopes (RFC 6749 §3.3), resources (RFC 8707), `authorization_details` (RFC 9396).

use serde_json::Value;

use super::refusal::{Refusal, bad};
use crate::DEMO_SCOPES;
use crate::lab::Lab;

/// The types of `authorization_details` that are known (RFC 9396 §2).
pub(crate) const DETAIL_TYPES: [&str; 1] = ["payment_initiation"];

/// The scopes that were asked for; an unknown one is refused, none means all but refunds.
pub(crate) fn scope(asked: Option<&str>) -> Result<String, Refusal> {
    let Some(asked) = asked else { return Ok(DEMO_SCOPES[..2].join(" ")) };
    match asked.split(' ').find(|scope| !DEMO_SCOPES.contains(scope)) {
        Some(unknown) => {
            let description = format!("{unknown} is not one of {}", DEMO_SCOPES.join(", "));
            Err(bad("invalid_scope", &description, "unknown scope"))
        }
        None => Ok(asked.to_owned()),
    }
}

/// No more than was granted (RFC 6749 §6, RFC 8693 §2.1).
pub(crate) fn within(asked: &str, granted: &str) -> Result<String, Refusal> {
    match asked.split(' ').find(|scope| !granted.split(' ').any(|known| known == *scope)) {
        Some(more) => Err(bad("invalid_scope", &format!("{more} was not granted"), "scope beyond the grant")),
        None => Ok(asked.to_owned()),
    }
}

/// The resources that were asked for (RFC 8707 §2); each is one of the API's names.
pub(crate) fn resources(lab: &Lab, asked: &[&str]) -> Result<Vec<String>, Refusal> {
    let known = lab.audiences();
    match asked.iter().find(|name| !known.iter().any(|known| known == *name)) {
        Some(unknown) => {
            let description = format!("{unknown} is not one of {}", known.join(", "));
            Err(bad("invalid_target", &description, "unknown resource"))
        }
        None => Ok(asked.iter().map(|name| (*name).to_owned()).collect()),
    }
}

/// `authorization_details`: an array of objects, each of a known type.
pub(crate) fn details(asked: Option<&str>) -> Result<Option<Value>, Refusal> {
    let Some(asked) = asked else { return Ok(None) };
    let wrong = |description: &str| bad("invalid_authorization_details", description, "authorization_details refused");
    let Ok(Value::Array(details)) = serde_json::from_str::<Value>(asked) else {
        return Err(wrong("authorization_details is not a JSON array"));
    };
    let known = |detail: &Value| detail["type"].as_str().is_some_and(|name| DETAIL_TYPES.contains(&name));
    if !details.iter().all(known) {
        return Err(wrong(&format!("type is not one of {}", DETAIL_TYPES.join(", "))));
    }
    Ok(Some(Value::Array(details)))
}

#[cfg(test)]
mod tests {
    use super::{details, scope, within};

    #[test]
    fn scopes_are_known_ones_and_never_beyond_the_grant() {
        assert_eq!(scope(None).unwrap(), "payments:read payments:write", "all but refunds");
        assert_eq!(scope(Some("accounts:read")).unwrap_err().error, "invalid_scope", "unknown");
        assert_eq!(within("payments:read", "payments:read payments:write").unwrap(), "payments:read", "less");
        assert_eq!(within("payments:refund", "payments:read").unwrap_err().error, "invalid_scope", "more");
    }

    #[test]
    fn authorization_details_are_an_array_of_known_types() {
        assert_eq!(details(None).unwrap(), None, "none asked");
        let asked = r#"[{"type":"payment_initiation","amount":"12.50"}]"#;
        assert_eq!(details(Some(asked)).unwrap().unwrap().to_string(), asked, "echoed as it is");
        for wrong in ["{}", "x", r#"[{"type":"other"}]"#, "[1]"] {
            assert_eq!(details(Some(wrong)).unwrap_err().error, "invalid_authorization_details", "{wrong}");
        }
    }
}
