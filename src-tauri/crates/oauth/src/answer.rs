//! Judging the answer of a token endpoint (RFC 6749 §5).

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{Citation, Fact, Finding, FindingSeverity, Timestamp};
use countersign_secret::{Secret, SecretText};
use serde_json::Value;

use crate::member::members;
use crate::recipe::{ExpiresUnit, Recipe};

/// A token was issued.
pub struct Issued {
    /// The token.
    pub access_token: Arc<SecretText>,
    /// As answered.
    pub token_type: String,
    /// Life as answered, brought to a duration.
    pub expires_in: Option<Duration>,
    /// Granted scope, as answered.
    pub scope: Option<String>,
    /// A refresh token.
    pub refresh_token: Option<SecretText>,
    /// Oddities worth reading.
    pub notes: Vec<Finding>,
}

/// No token was issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Status.
    pub status: u16,
    /// RFC 6749 §5.2 `error`, or the vendor's code.
    pub error: Option<String>,
    /// RFC 6749 §5.2 `error_description`, or the vendor's message.
    pub error_description: Option<String>,
    /// What the content was, when it was not JSON: `HTML`, `empty`, `gzip`, `text`.
    pub not_json: Option<&'static str>,
    /// A success status without a token.
    pub no_token: bool,
    /// Then: where something stands in the answer, by RFC 6901; not what.
    pub members: Vec<String>,
}

fn note(id: &str, sentence: String, citation: (&'static str, &'static str)) -> Finding {
    Finding {
        id: id.into(),
        severity: FindingSeverity::Info,
        subject: "token answer".into(),
        sentence,
        fix: String::new(),
        citation: Citation::new(citation.0, citation.1),
        certainty: None,
        certificate: None,
        rejects: None,
        values: Vec::new(),
        range: None,
        effective_since: None,
    }
}

/// Judges an answer.
///
/// # Errors
/// [`Refusal`] with what was answered; the answer is never taken for a success by its status alone.
pub fn process(
    recipe: &Recipe,
    status: u16,
    fields: &[(String, String)],
    body: &[u8],
    now: Timestamp,
) -> Result<Issued, Refusal> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Err(Refusal {
            status,
            error: None,
            error_description: None,
            not_json: Some(kind(body)),
            no_token: false,
            members: Vec::new(),
        });
    };
    let text = |pointer: &Option<String>| {
        pointer.as_deref().and_then(|p| json.pointer(p)).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    let token = json.pointer(&recipe.response.access_token).and_then(Value::as_str).filter(|token| !token.is_empty());
    let success = recipe.response.status.contains(&status);
    let (true, Some(token)) = (success, token) else {
        return Err(Refusal {
            status,
            error: text(&recipe.error.code),
            error_description: text(&recipe.error.message).or_else(|| text(&Some("/message".into()))),
            not_json: None,
            no_token: success,
            members: if success {
                members(&json).into_iter().map(|member| member.pointer).collect()
            } else {
                Vec::new()
            },
        });
    };
    let mut notes = Vec::new();
    let expires_in = life(recipe, &json, now, &mut notes);
    let token_type = text(&recipe.response.token_type).unwrap_or_default();
    if token_type.is_empty() {
        notes.push(note(
            "token.type_missing",
            "The answer has no token_type; Bearer is assumed.".into(),
            ("RFC 6749", "5.1"),
        ));
    }
    if !["", "bearer", "dpop"].iter().any(|known| token_type.eq_ignore_ascii_case(known)) {
        notes.push(note(
            "token.type_unknown",
            format!("The token type is `{token_type}`, which is none; the token is sent as Bearer."),
            ("RFC 6749", "7.1"),
        ));
    }
    let no_store = fields.iter().any(|(n, v)| n.eq_ignore_ascii_case("cache-control") && v.contains("no-store"));
    if !no_store {
        notes.push(note(
            "token.cacheable",
            "The answer may be stored by caches: Cache-Control: no-store is missing.".into(),
            ("RFC 6749", "5.1"),
        ));
    }
    Ok(Issued {
        access_token: Arc::new(Secret::new(token.to_owned())),
        token_type: if token_type.is_empty() { "Bearer".into() } else { token_type },
        expires_in,
        scope: text(&recipe.response.scope),
        refresh_token: text(&recipe.response.refresh_token).map(Secret::new),
        notes,
    })
}

fn kind(body: &[u8]) -> &'static str {
    // RFC 1952 §2.3.1; what was announced was taken apart before
    if body.starts_with(&[0x1f, 0x8b]) {
        return "gzip";
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(256)]).trim_start().to_ascii_lowercase();
    match start {
        s if s.is_empty() => "empty",
        s if s.starts_with("<!doctype html") || s.starts_with("<html") || s.contains("<head") => "HTML",
        _ => "text",
    }
}

/// `expires_in` as number or text, in the recipe's unit; a value that makes no sense is noted and left out.
fn life(recipe: &Recipe, json: &Value, now: Timestamp, notes: &mut Vec<Finding>) -> Option<Duration> {
    let value = recipe.response.expires_in.as_deref().and_then(|p| json.pointer(p))?;
    let mut odd = |sentence: String| {
        let mut finding = note("token.expires_in_odd", sentence, ("RFC 6749", "5.1"));
        finding.values = vec![Fact::new("expires_in", value.to_string())];
        notes.push(finding);
    };
    let number = match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => {
            odd(format!("expires_in is the text {text:?}, not a number."));
            text.trim().parse::<f64>().ok()
        }
        _ => None,
    };
    let now_ms = now.unix_millis();
    let ms = match (recipe.response.expires_unit, number, value.as_str()) {
        (ExpiresUnit::Seconds, Some(n), _) => n * 1000.0,
        (ExpiresUnit::Milliseconds, Some(n), _) => n,
        (ExpiresUnit::EpochSeconds, Some(n), _) => n * 1000.0 - to_f64(now_ms),
        (ExpiresUnit::EpochMilliseconds, Some(n), _) => n - to_f64(now_ms),
        (ExpiresUnit::Rfc3339, _, Some(text)) => to_f64(Timestamp::parse(text)?.unix_millis() - now_ms),
        _ => {
            odd("expires_in cannot be read as a time.".into());
            return None;
        }
    };
    if !(1.0..=3.2e11).contains(&ms) {
        odd("expires_in is not a life between a moment and ten years.".into());
        return None;
    }
    Some(Duration::from_secs_f64(ms / 1000.0))
}

fn to_f64(ms: i64) -> f64 {
    Duration::from_millis(ms.unsigned_abs()).as_secs_f64() * 1000.0 * if ms < 0 { -1.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_evidence::Timestamp;

    use super::process;
    use crate::Recipe;

    fn now() -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000)
    }

    #[test]
    fn the_answer_of_rfc_6749_is_a_token() {
        let body = br#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,"example_parameter":"example_value"}"#;
        let issued = process(
            &Recipe::built_in("rfc6749").unwrap(),
            200,
            &[("Cache-Control".into(), "no-store".into())],
            body,
            now(),
        );
        let issued = issued.ok().unwrap();
        assert_eq!(issued.access_token.expose_secret(), "2YotnFZFEjr1zCsicMWpAA", "RFC 6749 §4.4.3");
        assert_eq!((issued.expires_in, issued.token_type.as_str()), (Some(Duration::from_secs(3600)), "example"));
        assert_eq!(issued.notes[0].id, "token.type_unknown", "`example` is no type: {:?}", issued.notes);
    }

    #[test]
    fn odd_answers_are_told_apart() {
        let recipe = Recipe::built_in("rfc6749").unwrap();
        let refusal = |status, body: &[u8]| process(&recipe, status, &[], body, now()).err().unwrap();
        assert_eq!(refusal(200, b"<!DOCTYPE html><html>").not_json, Some("HTML"));
        assert_eq!(refusal(200, b"").not_json, Some("empty"));
        assert_eq!(refusal(500, b"oops").not_json, Some("text"));
        assert_eq!(refusal(200, b"\x1f\x8b\x08\x00").not_json, Some("gzip"));
        let invalid = refusal(401, br#"{"error":"invalid_client","error_description":"no"}"#);
        assert_eq!((invalid.error.as_deref(), invalid.no_token), (Some("invalid_client"), false));
        assert!(refusal(200, br#"{"error":"invalid_scope"}"#).no_token, "200 with an error is no success");
    }

    #[test]
    fn a_life_in_text_is_read_and_noted() {
        let recipe = Recipe::built_in("rfc6749").unwrap();
        let body = br#"{"access_token":"abc","token_type":"Bearer","expires_in":"1800"}"#;
        let issued = process(&recipe, 200, &[], body, now()).ok().unwrap();
        assert_eq!(issued.expires_in, Some(Duration::from_secs(1800)), "read all the same");
        assert!(issued.notes.iter().any(|n| n.id == "token.expires_in_odd"), "and noted");
        for odd in ["0", "-5", "[]", "1e30"] {
            let body = format!(r#"{{"access_token":"abc","expires_in":{odd}}}"#);
            let issued = process(&recipe, 200, &[], body.as_bytes(), now()).ok().unwrap();
            assert_eq!(issued.expires_in, None, "{odd} is no life");
        }
    }
}
