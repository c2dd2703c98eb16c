//! The keys that sign access tokens: ES256, and RS256 when it is wanted; rotated on request (RFC 7517 §5).

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};

use crate::tokens::random_text;

/// One signing key with its public half.
pub(crate) struct Key {
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    jwk: Value,
}

/// The keys of one time, made when first needed: RSA takes a tenth of a second.
#[derive(Default)]
struct Ring {
    es256: OnceLock<Result<Arc<Key>, String>>,
    rs256: OnceLock<Result<Arc<Key>, String>>,
}

impl Ring {
    fn key(&self, algorithm: Algorithm) -> Result<Arc<Key>, String> {
        let said = |e: rcgen::Error| e.to_string();
        match algorithm {
            Algorithm::RS256 => self.rs256.get_or_init(|| {
                let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
                key(&pair.map_err(said)?.serialize_pem(), Algorithm::RS256).map(Arc::new)
            }),
            _ => self.es256.get_or_init(|| {
                key(&rcgen::KeyPair::generate().map_err(said)?.serialize_pem(), Algorithm::ES256).map(Arc::new)
            }),
        }
        .clone()
    }

    fn made(&self) -> Vec<Arc<Key>> {
        [self.es256.get(), self.rs256.get()].into_iter().flatten().filter_map(|key| key.clone().ok()).collect()
    }
}

/// The keys in use, those before them, and those of the fault `keys-rotated`.
pub(crate) struct Keys {
    /// The newest last; at most two, so that what was signed before a rotation still verifies.
    rings: Mutex<Vec<Arc<Ring>>>,
    after: Ring,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self { rings: Mutex::new(vec![Arc::default()]), after: Ring::default() }
    }

    /// The key that signs now; with `rotated` one that nobody has seen before.
    pub(crate) fn signing(&self, algorithm: Algorithm, rotated: bool) -> Result<Arc<Key>, String> {
        if rotated {
            return self.after.key(algorithm);
        }
        let newest = self.rings().last().cloned();
        newest.map_or_else(|| Err("no keys".to_owned()), |ring| ring.key(algorithm))
    }

    /// The key of that identifier, as the JWKS holds it.
    pub(crate) fn published(&self, kid: &str, rotated: bool) -> Option<Arc<Key>> {
        self.all(rotated).into_iter().find(|key| key.kid == kid)
    }

    /// RFC 7517 §5.
    pub(crate) fn jwks(&self, rotated: bool) -> Value {
        // there is always one to show
        let _made = self.signing(Algorithm::ES256, rotated);
        json!({"keys": self.all(rotated).iter().map(|key| key.jwk.clone()).collect::<Vec<_>>()})
    }

    /// New keys sign from now on; those before stay published until the next rotation.
    pub(crate) fn rotate(&self) {
        let mut rings = self.rings();
        rings.push(Arc::default());
        let old = rings.len().saturating_sub(2);
        rings.drain(..old);
    }

    fn all(&self, rotated: bool) -> Vec<Arc<Key>> {
        if rotated { self.after.made() } else { self.rings().iter().rev().flat_map(|ring| ring.made()).collect() }
    }

    fn rings(&self) -> MutexGuard<'_, Vec<Arc<Ring>>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;

    use super::Keys;

    #[test]
    fn a_key_stays_published_for_one_rotation() {
        let keys = Keys::new();
        let first = keys.signing(Algorithm::ES256, false).unwrap().kid.clone();
        keys.rotate();
        let second = keys.signing(Algorithm::ES256, false).unwrap().kid.clone();
        assert_ne!(first, second, "another key signs");
        assert!(keys.published(&first, false).is_some(), "what it signed still verifies");
        keys.rotate();
        assert!(keys.published(&first, false).is_none(), "after two rotations it is gone");
        assert!(keys.published(&second, false).is_some(), "the one before is still there");
    }

    #[test]
    fn the_fault_shows_other_keys_alone() {
        let keys = Keys::new();
        let usual = keys.signing(Algorithm::ES256, false).unwrap().kid.clone();
        assert!(keys.published(&usual, true).is_none(), "the usual key is in no JWKS");
        let shown = keys.jwks(true);
        assert_eq!(shown["keys"].as_array().map(Vec::len), Some(1), "one key: {shown}");
        assert_ne!(shown["keys"][0]["kid"], usual, "and not the usual one");
    }
}
