//! Reading a JWT for display (RFC 7519): header and claims, strictly; the signature part is withheld.

use std::collections::HashSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_evidence::{Fact, Timestamp};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Larger tokens are not read.
const LARGEST: usize = 256 * 1024;
/// Deeper nesting is not read.
const DEEPEST: usize = 32;

/// Header and claims of a JWT.
#[derive(Clone, Debug, PartialEq)]
pub struct JwtView {
    /// JOSE header.
    pub header: Map<String, Value>,
    /// Claims.
    pub claims: Map<String, Value>,
}

/// Why a token is not a JWT that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJwt {
    /// Not three parts.
    #[error("it has {parts} parts, not 3")]
    Parts {
        /// How many.
        parts: usize,
    },
    /// A part is not base64url without padding (RFC 7515 §2).
    #[error("its {part} is not base64url at character {at}")]
    Base64 {
        /// `header`, `claims`, `signature`.
        part: &'static str,
        /// First illegal character; the length where the length is wrong.
        at: usize,
    },
    /// A part is not a JSON object.
    #[error("its {part} is not a JSON object: {reason}")]
    Json {
        /// Which part.
        part: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Too large.
    #[error("it has {length} bytes; {LARGEST} are read at most")]
    TooLarge {
        /// Bytes.
        length: usize,
    },
}

impl JwtView {
    fn seconds(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_i64)
    }

    /// `exp - iat`, where both are there and make sense.
    pub fn claimed_life(&self) -> Option<std::time::Duration> {
        let life = self.seconds("exp")?.checked_sub(self.seconds("iat")?)?;
        u64::try_from(life).ok().filter(|life| *life > 0).map(std::time::Duration::from_secs)
    }

    /// `exp`.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.seconds("exp").map(Timestamp::from_unix_seconds)
    }

    /// Granted scope: `scope` text, or `scp` as text or list.
    pub fn scope(&self) -> Option<String> {
        match self.claims.get("scope").or_else(|| self.claims.get("scp"))? {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
            _ => None,
        }
    }
}

/// Reads a compact JWT.
///
/// # Errors
/// [`NotJwt`]; an opaque token is the ordinary case of it.
pub fn view(token: &str) -> Result<JwtView, NotJwt> {
    if token.len() > LARGEST {
        return Err(NotJwt::TooLarge { length: token.len() });
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return Err(NotJwt::Parts { parts: parts.len() }) };
    decoded("signature", signature)?;
    Ok(JwtView { header: object("header", header)?, claims: object("claims", claims)? })
}

fn decoded(part: &'static str, text: &str) -> Result<Vec<u8>, NotJwt> {
    let illegal = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotJwt::Base64 { part, at: illegal.unwrap_or(text.len()) })
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, NotJwt> {
    let bytes = decoded(part, text)?;
    let json = |reason: String| NotJwt::Json { part, reason };
    let Strict(value) = serde_json::from_slice(&bytes)
        .map_err(|e| json(e.to_string().replace("recursion limit exceeded", "nested too deep")))?;
    match value {
        Value::Object(map) if depth(&Value::Object(map.clone())) <= DEEPEST => Ok(map),
        Value::Object(_) => Err(json(format!("nested deeper than {DEEPEST}"))),
        _ => Err(json("another value".into())),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// JSON whose objects may not name a member twice (RFC 7519 §4).
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let (mut map, mut seen) = (Map::new(), HashSet::new());
        while let Some((key, Strict(value))) = access.next_entry::<String, Strict>()? {
            if !seen.insert(key.clone()) {
                return Err(de::Error::custom(format!("member `{key}` stands twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// Registered claims in words: name = claim, value = what its value means here.
pub fn explain_claims(view: &JwtView) -> Vec<Fact> {
    let mut facts = header(view);
    for (name, value) in &view.claims {
        let (meaning, section) = match name.as_str() {
            "iss" => ("issuer: who made the token", "4.1.1"),
            "sub" => ("subject: whom it is about", "4.1.2"),
            "aud" => ("audience: who may accept it", "4.1.3"),
            "exp" => ("expires", "4.1.4"),
            "nbf" => ("not before", "4.1.5"),
            "iat" => ("issued", "4.1.6"),
            "jti" => ("name of this token", "4.1.7"),
            "scope" | "scp" => ("granted scope", ""),
            "client_id" | "azp" => ("the client it was issued to", ""),
            "cnf" => ("bound to a key or certificate", ""),
            _ => continue,
        };
        let at = match name.as_str() {
            "exp" | "nbf" | "iat" => value.as_i64().map(|s| format!(" {}", Timestamp::from_unix_seconds(s))),
            _ => None,
        };
        let text = format!("{meaning}{}", at.unwrap_or_default());
        facts.push(if section.is_empty() {
            Fact::new(name, text)
        } else {
            Fact::cited(name, text, "RFC 7519", section)
        });
    }
    facts
}

/// Parameters of the JOSE header in words (RFC 7515 §4.1).
fn header(view: &JwtView) -> Vec<Fact> {
    let text = |name: &str| view.header.get(name).and_then(Value::as_str);
    let alg = match text("alg") {
        Some("ES256") => "ECDSA P-256, SHA-256",
        Some("ES384") => "ECDSA P-384, SHA-384",
        Some("RS256") => "RSA PKCS#1, SHA-256",
        Some("PS256") => "RSA PSS, SHA-256",
        Some("EdDSA" | "Ed25519") => "Ed25519",
        Some("HS256") => "HMAC, SHA-256: a shared secret",
        Some("none") => "not signed",
        _ => "algorithm of the signature",
    };
    let typ = match text("typ").map(str::to_ascii_lowercase).as_deref() {
        Some("at+jwt" | "application/at+jwt") => "access token",
        Some("jwt") => "JSON Web Token",
        _ => "type of the token",
    };
    [("alg", alg, "4.1.1"), ("typ", typ, "4.1.9"), ("kid", "which key signed it", "4.1.4")]
        .into_iter()
        .filter(|(name, ..)| view.header.contains_key(*name))
        .map(|(name, words, section)| Fact::cited(name, words, "RFC 7515", section))
        .collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::{NotJwt, view};

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_token_of_rfc_7519_reads() {
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let view = view(token).unwrap();
        assert_eq!(view.claims["iss"], "joe", "RFC 7519 §3.1");
        assert_eq!(view.header["alg"], "HS256");
    }

    #[test]
    fn what_is_no_jwt_says_which_part_and_where() {
        assert_eq!(view("opaque-token"), Err(NotJwt::Parts { parts: 1 }));
        assert_eq!(view("e30.e30=.c2ln"), Err(NotJwt::Base64 { part: "claims", at: 3 }), "padding is illegal");
        assert_eq!(view("e3 0.e30.c2ln"), Err(NotJwt::Base64 { part: "header", at: 2 }), "a space");
        assert!(matches!(view(&token("[]", "{}")), Err(NotJwt::Json { part: "header", .. })));
        let twice = view(&token("{}", r#"{"a":1,"a":2}"#)).unwrap_err().to_string();
        assert!(twice.contains("`a` stands twice"), "{twice}");
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert!(view(&token("{}", &deep)).is_err(), "deep nesting");
        let large = view(&"x".repeat(10 * 1024 * 1024));
        assert!(matches!(large, Err(NotJwt::TooLarge { .. })), "10 MB are not read");
        assert!(matches!(view(&"a".repeat(10_000_000)), Err(NotJwt::TooLarge { .. })), "10 MB");
    }
}
