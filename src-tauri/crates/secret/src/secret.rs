//! The wrapper: wiped when dropped, compared in constant time, exposed by one method.

use aws_lc_rs::{constant_time, digest};
use zeroize::Zeroize;

/// A value that must not be seen. Shared by `Arc`, never copied.
pub struct Secret<T: Zeroize>(T);

/// Secret text: client secrets, API keys, tokens.
pub type SecretText = Secret<String>;
/// Secret bytes: keys, encoded requests.
pub type SecretBytes = Secret<Vec<u8>>;

impl<T: Zeroize> Secret<T> {
    /// Takes the value in. Make it at its final size: a growing `String` leaves copies behind.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one line that needs it.
    pub fn expose_secret(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl SecretText {
    /// Equality whose time does not depend on where the two differ.
    pub fn eq_constant_time(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SecretBytes {
    /// Equality whose time does not depend on where the two differ.
    pub fn eq_constant_time(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// First 8 hex digits of the SHA-256 of a token. Tokens have enough entropy that this tells nothing; a short
/// client secret does not, and gets a keyed fingerprint in the vault instead.
pub fn token_fingerprint(token: &SecretText) -> String {
    let digest = digest::digest(&digest::SHA256, token.expose_secret().as_bytes());
    hex::encode(&digest.as_ref()[..4])
}

#[cfg(test)]
mod tests {
    use super::{Secret, token_fingerprint};

    #[test]
    fn equal_secrets_compare_equal_and_others_do_not() {
        let secret = |text: &str| Secret::new(text.to_owned());
        assert!(secret("a").eq_constant_time(&secret("a")), "same content");
        assert!(!secret("a").eq_constant_time(&secret("b")), "other content");
        assert!(!secret("a").eq_constant_time(&secret("aa")), "other length");
    }

    #[test]
    fn a_fingerprint_is_eight_hex_digits_of_sha_256() {
        let fingerprint = token_fingerprint(&Secret::new("abc".to_owned()));
        assert_eq!(fingerprint, "ba7816bf", "FIPS 180-2 appendix B.1");
    }
}
