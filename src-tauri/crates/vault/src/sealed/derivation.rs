//! From a passphrase to a key: Argon2id (RFC 9106), and the file's key wrapped under the result.

use argon2::{Algorithm, Argon2, Params, Version};
use countersign_secret::{Secret, SecretBytes, SecretText};

use super::cipher::{KEY, NONCE, TAG, nonce, open, seal};
use crate::Random;

/// Bytes of salt.
pub(super) const SALT: usize = 16;
/// A wrapped key.
pub(super) const WRAPPED: usize = KEY + TAG;
/// The most memory a file may ask for: 1 GiB.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
/// The most passes a file may ask for.
const MOST_PASSES: u32 = 20;
/// The most lanes a file may ask for.
const MOST_LANES: u32 = 16;

/// What a guess costs: the parameters of Argon2id. They stand in the file, bound to the wrapped key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// Memory in KiB (m).
    pub memory_kib: u32,
    /// Passes over it (t).
    pub passes: u32,
    /// Lanes (p).
    pub lanes: u32,
}

impl Default for Derivation {
    /// 64 MiB, three passes, one lane: RFC 9106 §4, the second recommendation, with one lane.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

impl Derivation {
    /// Whether a file may ask for it: a file from elsewhere must not be able to use up the machine.
    pub(super) fn is_bearable(self) -> bool {
        self.memory_kib <= MOST_MEMORY_KIB
            && (1..=MOST_PASSES).contains(&self.passes)
            && (1..=MOST_LANES).contains(&self.lanes)
            && self.memory_kib >= 8 * self.lanes
    }

    fn key(self, passphrase: &SecretText, salt: &[u8; SALT]) -> Option<SecretBytes> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY)).ok()?;
        let mut key = vec![0; KEY];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let derived = argon.hash_password_into(passphrase.expose_secret().as_bytes(), salt, &mut key);
        let key = Secret::new(key);
        derived.ok().map(|()| key)
    }
}

/// The file's key under a passphrase.
pub(crate) struct Wrap {
    pub(super) derivation: Derivation,
    pub(super) salt: [u8; SALT],
    pub(super) nonce: [u8; NONCE],
    pub(super) wrapped: [u8; WRAPPED],
}

impl Wrap {
    /// Wraps a key. `identity`: what of the header the key is bound to besides the parameters.
    pub(super) fn new(
        key: &SecretBytes,
        passphrase: &SecretText,
        derivation: Derivation,
        identity: &[u8],
        random: &Random,
    ) -> Option<Self> {
        let mut salt = [0; SALT];
        random(&mut salt);
        let nonce = nonce(random);
        let under = derivation.key(passphrase, &salt)?;
        let wrapped = seal(&under, &nonce, &bound(identity, derivation, &salt), key.expose_secret())?;
        Some(Self { derivation, salt, nonce, wrapped: wrapped.try_into().ok()? })
    }

    /// The key; nothing when the passphrase is another, or the header was changed. The two look the same.
    pub(super) fn open(&self, passphrase: &SecretText, identity: &[u8]) -> Option<SecretBytes> {
        let under = self.derivation.key(passphrase, &self.salt)?;
        open(&under, &self.nonce, &bound(identity, self.derivation, &self.salt), &self.wrapped)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        encode_parameters(self.derivation, &self.salt, out);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.wrapped);
    }
}

fn encode_parameters(derivation: Derivation, salt: &[u8; SALT], out: &mut Vec<u8>) {
    for number in [derivation.memory_kib, derivation.passes, derivation.lanes] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(salt);
}

fn bound(identity: &[u8], derivation: Derivation, salt: &[u8; SALT]) -> Vec<u8> {
    let mut bound = identity.to_vec();
    encode_parameters(derivation, salt, &mut bound);
    bound
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_secret::Secret;

    use super::{Derivation, Wrap};
    use crate::Random;

    const QUICK: Derivation = Derivation { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn what_a_file_may_ask_for_has_an_upper_bound() {
        assert!(Derivation::default().is_bearable(), "our own");
        assert!(Derivation { memory_kib: 1024 * 1024, passes: 20, lanes: 1 }.is_bearable(), "1 GiB and 20 passes");
        for (memory_kib, passes, lanes) in [
            (1024 * 1024 + 1, 3, 1),
            (65536, 21, 1),
            (65536, 0, 1),
            (65536, 3, 0),
            (65536, 3, 17),
            (7, 3, 1),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            assert!(!Derivation { memory_kib, passes, lanes }.is_bearable(), "m={memory_kib} t={passes} p={lanes}");
        }
    }

    #[test]
    fn a_wrapped_key_opens_with_its_passphrase_and_its_parameters_only() {
        let random: Random = Arc::new(|bytes| bytes.fill(9));
        let (key, right) = (Secret::new(vec![5; 32]), Secret::new("correct horse".to_owned()));
        let mut wrap = Wrap::new(&key, &right, QUICK, b"identity", &random).unwrap();
        assert_eq!(wrap.open(&right, b"identity").unwrap().expose_secret(), key.expose_secret(), "right");
        assert!(wrap.open(&Secret::new("correct horsf".to_owned()), b"identity").is_none(), "another passphrase");
        assert!(wrap.open(&right, b"elsewhere").is_none(), "another file's header");
        wrap.derivation.passes = 2;
        assert!(wrap.open(&right, b"identity").is_none(), "other parameters");
    }

    /// RFC 9106 §5.3 uses a secret and associated data, which we do not; this is the reference implementation's
    /// own test (phc-winner-argon2 src/test.c): Argon2id, version 0x13, t=2, m=2^8, p=1, "password", "somesalt".
    #[test]
    fn argon2id_is_the_published_one() {
        use argon2::{Algorithm, Argon2, Params, Version};
        let mut key = [0; 32];
        let params = Params::new(256, 2, 1, Some(32)).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(b"password", b"somesalt", &mut key)
            .unwrap();
        assert_eq!(
            hex::encode(key),
            "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
            "the reference implementation's answer"
        );
    }
}
