//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): a 24-byte nonce may be random, so nothing has to be counted.

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use countersign_secret::{Secret, SecretBytes};

use crate::Random;

/// Bytes of a key.
pub(crate) const KEY: usize = 32;
/// Bytes of a nonce.
pub(super) const NONCE: usize = 24;
/// Bytes of a tag.
pub(super) const TAG: usize = 16;

/// A fresh nonce.
pub(super) fn nonce(random: &Random) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    random(&mut nonce);
    nonce
}

/// Seals a message; nothing when the key is no key.
pub(super) fn seal(key: &SecretBytes, nonce: &[u8; NONCE], bound: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new_from_slice(key.expose_secret()).ok()?;
    // room for the tag from the start: a buffer that grows leaves a copy of the message behind
    let mut buffer = Vec::with_capacity(message.len() + TAG);
    buffer.extend_from_slice(message);
    cipher.encrypt_in_place(&XNonce::from(*nonce), bound, &mut buffer).ok()?;
    Some(buffer)
}

/// Opens a message; nothing when key, nonce, message or what it is bound to are not those it was sealed with.
pub(super) fn open(key: &SecretBytes, nonce: &[u8; NONCE], bound: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
    let cipher = XChaCha20Poly1305::new_from_slice(key.expose_secret()).ok()?;
    let mut buffer = sealed.to_vec();
    cipher.decrypt_in_place(&XNonce::from(*nonce), bound, &mut buffer).ok()?;
    Some(Secret::new(buffer))
}

#[cfg(test)]
mod tests {
    use countersign_secret::Secret;

    use super::{open, seal};

    /// draft-irtf-cfrg-xchacha-03 appendix A.3.1.
    #[test]
    fn the_published_vector_comes_out() {
        let message = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let bound = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let key = Secret::new(hex::decode("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").unwrap());
        let nonce: [u8; 24] =
            hex::decode("404142434445464748494a4b4c4d4e4f5051525354555657").unwrap().try_into().unwrap();
        let sealed = seal(&key, &nonce, &bound, message).unwrap();
        let wanted = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";
        assert_eq!(hex::encode(&sealed), wanted, "appendix A.3.1: ciphertext, then tag");
        assert_eq!(open(&key, &nonce, &bound, &sealed).unwrap().expose_secret(), message, "and back");
    }

    #[test]
    fn a_message_opens_only_with_all_that_it_was_sealed_with() {
        let key = Secret::new(vec![7; 32]);
        let sealed = seal(&key, &[1; 24], b"bound", b"message").unwrap();
        assert!(open(&Secret::new(vec![8; 32]), &[1; 24], b"bound", &sealed).is_none(), "another key");
        assert!(open(&key, &[2; 24], b"bound", &sealed).is_none(), "another nonce");
        assert!(open(&key, &[1; 24], b"other", &sealed).is_none(), "bound to something else");
        assert!(open(&key, &[1; 24], b"bound", &sealed[1..]).is_none(), "cut");
        assert!(open(&key, &[1; 24], b"bound", b"").is_none(), "nothing at all");
        assert!(seal(&Secret::new(vec![7; 31]), &[1; 24], b"", b"").is_none(), "no key");
    }
}
