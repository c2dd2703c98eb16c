//! Issuing and verifying tokens: JWTs by jsonwebtoken (RFC 9068), opaque ones by a table, refresh tokens in families.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dpop::lenient;
use crate::families::{Families, Grant, Spent};
use crate::keys::Keys;

/// RFC 7519 §4.1.3: one name, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// One name stands alone.
    pub(crate) fn of(mut names: Vec<String>) -> Self {
        if names.len() == 1 { Audience::One(names.remove(0)) } else { Audience::Many(names) }
    }

    /// The names.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Audience::One(name) => std::slice::from_ref(name),
            Audience::Many(names) => names,
        }
    }
}

/// What a token is bound to (RFC 7800): a DPoP key (RFC 9449 §6), a certificate (RFC 8705 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<String>,
    #[serde(default, rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub(crate) x5t_s256: Option<String>,
}

/// Claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Confirmation>,
    /// RFC 9396 §9.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_details: Option<Value>,
    /// RFC 8693 §4.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) act: Option<Value>,
}

/// What is odd about a token that is issued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) kid_missing: bool,
    pub(crate) kid_unknown: bool,
    pub(crate) opaque: bool,
    pub(crate) rotated: bool,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Audience { found: String },
    Expired { ago: i64 },
    Issuer { found: String },
    KidMissing,
    Malformed,
    Revoked,
    Signature,
    UnknownKid { kid: String },
}

impl Refused {
    /// RFC 6750 §3.1 `error_description`.
    pub(crate) fn description(&self) -> String {
        match self {
            Refused::Audience { found } => format!("The token is for {found}"),
            Refused::Expired { ago } => format!("The token expired {ago} s ago"),
            Refused::Issuer { found } => format!("The token was issued by {found}"),
            Refused::KidMissing => "The token names no key of the JWKS".into(),
            Refused::Malformed => "The token is not a JWT".into(),
            Refused::Revoked => "The token is revoked".into(),
            Refused::Signature => "The signature of the token does not verify".into(),
            Refused::UnknownKid { kid } => format!("No key {kid} in the JWKS"),
        }
    }

    /// For the list of what was seen.
    pub(crate) fn judged(&self) -> String {
        match self {
            Refused::Audience { .. } => "token for another audience".into(),
            Refused::Expired { ago } => format!("token expired {ago} s ago"),
            Refused::Issuer { .. } => "token of another issuer".into(),
            Refused::KidMissing => "token names no key".into(),
            Refused::Malformed => "not a token".into(),
            Refused::Revoked => "token revoked".into(),
            Refused::Signature => "token signature does not verify".into(),
            Refused::UnknownKid { kid } => format!("token names unknown key {kid}"),
        }
    }
}

/// What a token is measured by.
pub(crate) struct Measure<'a> {
    pub(crate) issuer: &'a str,
    /// Names of the resource server; empty takes any audience.
    pub(crate) audiences: &'a [String],
    /// Seconds since the epoch.
    pub(crate) now: i64,
    /// Whether the fault `keys-rotated` is active.
    pub(crate) rotated: bool,
}

#[derive(Default)]
struct Book {
    issued: VecDeque<String>,
    dead: HashSet<String>,
    expired_at: HashMap<String, i64>,
    opaque: HashMap<String, Claims>,
    families: Families,
    generation: u64,
}

/// Everything about tokens.
pub(crate) struct Tokens {
    pub(crate) keys: Keys,
    book: Mutex<Book>,
}

/// Access tokens remembered.
const REMEMBERED: usize = 10_000;

impl Tokens {
    pub(crate) fn make() -> Self {
        Self { keys: Keys::new(), book: Mutex::new(Book::default()) }
    }

    /// Signs claims, or writes them down; counts the generation.
    pub(crate) fn issue(&self, claims: &Claims, algorithm: Algorithm, marks: Marks) -> Result<(String, u64), String> {
        let token = if marks.opaque { random_text() } else { self.sign(claims, algorithm, marks)? };
        let mut book = self.book();
        if book.issued.len() == REMEMBERED {
            book.issued.pop_front();
        }
        book.issued.push_back(claims.jti.clone());
        if marks.opaque {
            if book.opaque.len() >= REMEMBERED {
                book.opaque.retain(|_, known| known.exp > claims.iat);
            }
            book.opaque.insert(token.clone(), claims.clone());
        }
        book.generation += 1;
        Ok((token, book.generation))
    }

    fn sign(&self, claims: &Claims, algorithm: Algorithm, marks: Marks) -> Result<String, String> {
        let key = self.keys.signing(algorithm, marks.rotated)?;
        let mut header = Header::new(key.algorithm);
        header.typ = Some("at+jwt".into());
        header.kid = match marks {
            Marks { kid_missing: true, .. } => None,
            Marks { kid_unknown: true, .. } => Some(format!("{}-old", key.kid)),
            Marks { .. } => Some(key.kid.clone()),
        };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(|e| e.to_string())
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything issued so far has expired, from now on.
    pub(crate) fn expire_all(&self, now: i64) {
        let mut book = self.book();
        let issued: Vec<String> = book.issued.drain(..).collect();
        for jti in issued {
            book.expired_at.insert(jti, now);
        }
    }

    /// Signature, `exp`, `iss`, `aud`, in this order; the scope is the caller's question.
    pub(crate) fn verify(&self, token: &str, measure: &Measure<'_>) -> Result<Claims, Refused> {
        let opaque = self.book().opaque.get(token).cloned();
        let claims = match opaque {
            Some(claims) => claims,
            None => self.signed(token, measure.rotated)?,
        };
        if claims.exp <= measure.now {
            return Err(Refused::Expired { ago: measure.now - claims.exp });
        }
        let book = self.book();
        if let Some(at) = book.expired_at.get(&claims.jti) {
            return Err(Refused::Expired { ago: (measure.now - at).max(0) });
        }
        if book.dead.contains(&claims.jti) {
            return Err(Refused::Revoked);
        }
        if claims.iss != measure.issuer {
            return Err(Refused::Issuer { found: claims.iss });
        }
        let ours = |name: &String| measure.audiences.contains(name);
        if !measure.audiences.is_empty() && !claims.aud.names().iter().any(ours) {
            return Err(Refused::Audience { found: claims.aud.names().join(", ") });
        }
        Ok(claims)
    }

    fn signed(&self, token: &str, rotated: bool) -> Result<Claims, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Malformed)?;
        let kid = header.kid.ok_or(Refused::KidMissing)?;
        let key = self.keys.published(&kid, rotated).ok_or(Refused::UnknownKid { kid })?;
        let decoded = jsonwebtoken::decode::<Claims>(token, &key.decoding, &lenient(key.algorithm));
        decoded.map(|decoded| decoded.claims).map_err(|_| Refused::Signature)
    }

    /// A refresh token of a new family.
    pub(crate) fn refresh_token(&self, grant: Grant, expires_at: Option<i64>) -> String {
        self.book().families.open(grant, expires_at)
    }

    /// The access token that came with a refresh token.
    pub(crate) fn accompany(&self, refresh: &str, jti: &str) {
        self.book().families.accompany(refresh, jti);
    }

    /// The family of a refresh token.
    pub(crate) fn family_of(&self, refresh: &str) -> Option<String> {
        self.book().families.family_of(refresh).map(ToOwned::to_owned)
    }

    /// What a refresh token that is current stands for, and until when.
    pub(crate) fn granted(&self, token: &str, now: i64) -> Option<(Grant, Option<i64>)> {
        self.book().families.current(token, now).map(|(grant, until)| (grant.clone(), until))
    }

    /// Rotates a refresh token; the access tokens of a family that ends are dead.
    pub(crate) fn rotate(&self, token: &str, now: i64, again: bool) -> Spent {
        let mut book = self.book();
        let spent = book.families.rotate(token, now, again);
        if let Spent::Reused { access } = &spent {
            book.dead.extend(access.iter().cloned());
        }
        spent
    }

    /// Ends a family with its access tokens.
    pub(crate) fn end(&self, family: &str) {
        let mut book = self.book();
        let access = book.families.end(family);
        book.dead.extend(access);
    }

    /// One access token is dead.
    pub(crate) fn revoke(&self, jti: &str) {
        self.book().dead.insert(jti.to_owned());
    }

    /// How often a spent refresh token came.
    pub(crate) fn refresh_reuse(&self) -> u64 {
        self.book().families.reuse()
    }
}

/// 192 random bits, base64url.
pub(crate) fn random_text() -> String {
    let mut bytes = [0; 24];
    // the system's generator does not fail once the program runs; an empty id would collide and be refused
    let _filled = SystemRandom::new().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;

    use super::{Audience, Claims, Marks, Measure, Refused, Tokens};

    fn claims() -> Claims {
        Claims {
            iss: "https://issuer.test".into(),
            sub: "demo-client".into(),
            aud: Audience::of(vec!["https://api.test".into(), "https://other.test".into()]),
            client_id: "demo-client".into(),
            scope: "payments:read".into(),
            iat: 100,
            exp: 200,
            jti: "one".into(),
            cnf: None,
            authorization_details: None,
            act: None,
        }
    }

    fn verify(tokens: &Tokens, token: &str, audience: &str, now: i64, rotated: bool) -> Result<Claims, Refused> {
        let audiences = [audience.to_owned()];
        tokens.verify(token, &Measure { issuer: "https://issuer.test", audiences: &audiences, now, rotated })
    }

    #[test]
    fn what_was_issued_verifies_as_long_as_it_says_and_for_whom_it_says() {
        let tokens = Tokens::make();
        for opaque in [false, true] {
            let marks = Marks { opaque, ..Marks::default() };
            let (token, _) = tokens.issue(&claims(), Algorithm::ES256, marks).unwrap();
            assert_eq!(token.contains('.'), !opaque, "a JWT has dots: {token}");
            for audience in ["https://api.test", "https://other.test"] {
                assert_eq!(verify(&tokens, &token, audience, 150, false), Ok(claims()), "{audience}");
            }
            let other = verify(&tokens, &token, "https://else.test", 150, false).unwrap_err();
            assert_eq!(other.description(), "The token is for https://api.test, https://other.test", "both are named");
            assert_eq!(
                verify(&tokens, &token, "https://api.test", 200, false),
                Err(Refused::Expired { ago: 0 }),
                "exp"
            );
        }
        tokens.revoke("one");
        let (token, _) = tokens.issue(&claims(), Algorithm::ES256, Marks::default()).unwrap();
        assert_eq!(verify(&tokens, &token, "https://api.test", 150, false), Err(Refused::Revoked), "by its jti");
    }

    #[test]
    fn marks_are_found_out() {
        let tokens = Tokens::make();
        let issue = |marks| tokens.issue(&claims(), Algorithm::ES256, marks).unwrap().0;
        let found = |token: &str, rotated| verify(&tokens, token, "https://api.test", 150, rotated).unwrap_err();
        let missing = issue(Marks { kid_missing: true, ..Marks::default() });
        assert_eq!(found(&missing, false), Refused::KidMissing, "no kid");
        let unknown = issue(Marks { kid_unknown: true, ..Marks::default() });
        assert!(matches!(found(&unknown, false), Refused::UnknownKid { .. }), "a kid of no key");
        let usual = issue(Marks::default());
        assert!(matches!(found(&usual, true), Refused::UnknownKid { .. }), "its key is gone after the rotation");
        let rotated = issue(Marks { rotated: true, ..Marks::default() });
        assert!(verify(&tokens, &rotated, "https://api.test", 150, true).is_ok(), "the new key verifies");
        assert_eq!(found("abc", false), Refused::Malformed, "no token at all");
    }
}
