//! Issuing and verifying tokens: JWTs by jsonwebtoken (RFC 9068), refresh tokens with rotation.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, OnceLock, PoisonError};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
}

/// One signing key with its public half.
struct Key {
    encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: serde_json::Value,
    kid: String,
    algorithm: Algorithm,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Audience { found: String },
    Expired { ago: i64 },
    Issuer { found: String },
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
            Refused::Malformed => "not a token".into(),
            Refused::Revoked => "token revoked".into(),
            Refused::Signature => "token signature does not verify".into(),
            Refused::UnknownKid { kid } => format!("token names unknown key {kid}"),
        }
    }
}

/// A refresh token's family: which of its tokens is current.
struct Family {
    scope: String,
    current: String,
    /// Access tokens that came with its refresh tokens, the newest last.
    access: VecDeque<String>,
}

#[derive(Default)]
struct Book {
    issued: VecDeque<String>,
    dead: HashSet<String>,
    expired_at: HashMap<String, i64>,
    families: HashMap<String, Family>,
    refresh: HashMap<String, String>,
    generation: u64,
    refresh_reuse: u64,
}

/// Everything about tokens.
pub(crate) struct Tokens {
    es256: Key,
    rs256: OnceLock<Result<Key, String>>,
    book: Mutex<Book>,
}

/// Access tokens remembered.
const REMEMBERED: usize = 10_000;
/// Access tokens remembered of one family.
const ACCOMPANY: usize = 100;

impl Tokens {
    pub(crate) fn make() -> Result<Self, Error> {
        let pair = rcgen::KeyPair::generate().map_err(|e| Error::Make { what: "token key", reason: e.to_string() })?;
        let es256 =
            key(&pair.serialize_pem(), Algorithm::ES256).map_err(|reason| Error::Make { what: "token key", reason })?;
        Ok(Self { es256, rs256: OnceLock::new(), book: Mutex::new(Book::default()) })
    }

    /// The RSA key, made when first needed: it takes a tenth of a second.
    fn rs256(&self) -> Result<&Key, String> {
        self.rs256
            .get_or_init(|| {
                let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
                    .map_err(|e| e.to_string())?;
                key(&pair.serialize_pem(), Algorithm::RS256)
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    fn choose(&self, algorithm: Algorithm) -> Result<&Key, String> {
        if algorithm == Algorithm::RS256 { self.rs256() } else { Ok(&self.es256) }
    }

    /// RFC 7517 §5.
    pub(crate) fn jwks(&self) -> serde_json::Value {
        let mut keys = vec![self.es256.jwk.clone()];
        if let Some(Ok(rsa)) = self.rs256.get() {
            keys.push(rsa.jwk.clone());
        }
        serde_json::json!({ "keys": keys })
    }

    /// Signs claims; counts the generation.
    pub(crate) fn issue(
        &self,
        claims: &Claims,
        algorithm: Algorithm,
        unknown_kid: bool,
    ) -> Result<(String, u64), String> {
        let key = self.choose(algorithm)?;
        let mut header = Header::new(key.algorithm);
        header.typ = Some("at+jwt".into());
        header.kid = Some(if unknown_kid { format!("{}-old", key.kid) } else { key.kid.clone() });
        let token = jsonwebtoken::encode(&header, claims, &key.encoding).map_err(|e| e.to_string())?;
        let mut book = self.book();
        if book.issued.len() == REMEMBERED {
            book.issued.pop_front();
        }
        book.issued.push_back(claims.jti.clone());
        book.generation += 1;
        Ok((token, book.generation))
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
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
    pub(crate) fn verify(&self, token: &str, issuer: &str, audience: &str, now: i64) -> Result<Claims, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Malformed)?;
        let kid = header.kid.unwrap_or_default();
        let keys = [Some(&self.es256), self.rs256.get().and_then(|key| key.as_ref().ok())];
        let key = keys.into_iter().flatten().find(|key| key.kid == kid).ok_or(Refused::UnknownKid { kid })?;
        let mut validation = Validation::new(key.algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims = HashSet::new();
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation).map_err(|_| Refused::Signature)?.claims;
        if claims.exp <= now {
            return Err(Refused::Expired { ago: now - claims.exp });
        }
        let book = self.book();
        if let Some(at) = book.expired_at.get(&claims.jti) {
            return Err(Refused::Expired { ago: (now - at).max(0) });
        }
        if book.dead.contains(&claims.jti) {
            return Err(Refused::Revoked);
        }
        if claims.iss != issuer {
            return Err(Refused::Issuer { found: claims.iss });
        }
        if claims.aud != audience {
            return Err(Refused::Audience { found: claims.aud });
        }
        Ok(claims)
    }

    /// A refresh token of a new family.
    pub(crate) fn refresh_token(&self, scope: &str) -> String {
        let (token, family) = (random_text(), random_text());
        let mut book = self.book();
        book.families.insert(
            family.clone(),
            Family { scope: scope.to_owned(), current: token.clone(), access: VecDeque::new() },
        );
        book.refresh.insert(token.clone(), family);
        token
    }

    /// The access token that came with a refresh token.
    pub(crate) fn accompany(&self, refresh: &str, jti: &str) {
        let mut book = self.book();
        let Some(family) = book.refresh.get(refresh).cloned() else { return };
        if let Some(family) = book.families.get_mut(&family) {
            if family.access.len() == ACCOMPANY {
                family.access.pop_front();
            }
            family.access.push_back(jti.to_owned());
        }
    }

    /// The scope of a refresh token that is current.
    pub(crate) fn granted(&self, token: &str) -> Option<String> {
        let book = self.book();
        book.families
            .get(book.refresh.get(token)?)
            .filter(|family| family.current == token)
            .map(|family| family.scope.clone())
    }

    /// Rotates (RFC 9700 §4.14.2): a token used twice revokes its whole family, the access tokens with it.
    pub(crate) fn rotate(&self, token: &str) -> Option<(String, String)> {
        let mut book = self.book();
        let family = book.refresh.get(token)?.clone();
        let next = random_text();
        let known = book.families.get_mut(&family)?;
        if known.current != token {
            let access = std::mem::take(&mut known.access);
            book.dead.extend(access);
            book.families.remove(&family);
            book.refresh_reuse += 1;
            return None;
        }
        known.current.clone_from(&next);
        let scope = known.scope.clone();
        book.refresh.insert(next.clone(), family);
        Some((next, scope))
    }

    /// How often a spent refresh token came.
    pub(crate) fn refresh_reuse(&self) -> u64 {
        self.book().refresh_reuse
    }
}

/// 192 random bits, base64url.
pub(crate) fn random_text() -> String {
    let mut bytes = [0; 24];
    // the system's generator does not fail once the program runs; an empty id would collide and be refused
    let _filled = SystemRandom::new().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn key(pem: &str, algorithm: Algorithm) -> Result<Key, String> {
    let said = |e: jsonwebtoken::errors::Error| e.to_string();
    let encoding = match algorithm {
        Algorithm::RS256 => EncodingKey::from_rsa_pem(pem.as_bytes()),
        _ => EncodingKey::from_ec_pem(pem.as_bytes()),
    }
    .map_err(said)?;
    let jwk = Jwk::from_encoding_key(&encoding, algorithm).map_err(said)?;
    let decoding = DecodingKey::from_jwk(&jwk).map_err(said)?;
    let mut jwk = serde_json::to_value(&jwk).map_err(|e| e.to_string())?;
    let kid = random_text()[..8].to_owned();
    if let Some(members) = jwk.as_object_mut() {
        members.insert("kid".into(), kid.clone().into());
        members.insert("use".into(), "sig".into());
    }
    Ok(Key { encoding, decoding, jwk, kid, algorithm })
}
