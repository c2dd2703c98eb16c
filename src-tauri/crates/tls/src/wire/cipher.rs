//! What a cipher suite means for keys: hash, AEAD, key length; and the constructions of both key schedules
//! over the HMAC of aws-lc-rs.

use aws_lc_rs::{aead, digest, hkdf, hmac};
use zeroize::Zeroizing;

use crate::recorder::SessionSecret;

/// The AEADs of the suites this program offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aead {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// The parameters of one cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cipher {
    pub(crate) aead: Aead,
    /// SHA-384 instead of SHA-256.
    pub(crate) sha384: bool,
}

impl Cipher {
    /// By its number in the IANA registry; `None` for one this program never offers.
    pub(crate) fn of(suite: u16) -> Option<Self> {
        let (aead, sha384) = match suite {
            0x1301 | 0xc02b | 0xc02f => (Aead::Aes128Gcm, false),
            0x1302 | 0xc02c | 0xc030 => (Aead::Aes256Gcm, true),
            0x1303 | 0xcca8 | 0xcca9 => (Aead::ChaCha20Poly1305, false),
            _ => return None,
        };
        Some(Self { aead, sha384 })
    }

    /// Bytes of a key.
    pub(crate) fn key_length(self) -> usize {
        match self.aead {
            Aead::Aes128Gcm => 16,
            Aead::Aes256Gcm | Aead::ChaCha20Poly1305 => 32,
        }
    }

    /// Bytes of the part of the nonce that comes from the TLS 1.2 key block (RFC 5288 §3, RFC 7905 §2).
    pub(crate) fn fixed_iv_length(self) -> usize {
        if self.aead == Aead::ChaCha20Poly1305 { 12 } else { 4 }
    }

    /// Bytes of a hash.
    pub(crate) fn hash_length(self) -> usize {
        if self.sha384 { 48 } else { 32 }
    }

    pub(super) fn hash(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = if self.sha384 { &digest::SHA384 } else { &digest::SHA256 };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    fn hmac(self, key: &[u8], parts: &[&[u8]]) -> SessionSecret {
        let algorithm = if self.sha384 { hmac::HMAC_SHA384 } else { hmac::HMAC_SHA256 };
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        for part in parts {
            context.update(part);
        }
        Zeroizing::new(context.sign().as_ref().to_vec())
    }

    pub(super) fn opening_key(self, key: &[u8]) -> Option<aead::LessSafeKey> {
        let algorithm = match self.aead {
            Aead::Aes128Gcm => &aead::AES_128_GCM,
            Aead::Aes256Gcm => &aead::AES_256_GCM,
            Aead::ChaCha20Poly1305 => &aead::CHACHA20_POLY1305,
        };
        aead::UnboundKey::new(algorithm, key).ok().map(aead::LessSafeKey::new)
    }

    /// HKDF-Expand-Label with an empty context (RFC 9846 §7.1); `None` for a length no hash can give.
    pub(crate) fn expand_label(self, secret: &[u8], label: &str, length: usize) -> Option<SessionSecret> {
        let mut info = u16::try_from(length).ok()?.to_be_bytes().to_vec();
        info.push(u8::try_from(6 + label.len()).ok()?);
        info.extend_from_slice(b"tls13 ");
        info.extend_from_slice(label.as_bytes());
        info.push(0);
        let algorithm = if self.sha384 { hkdf::HKDF_SHA384 } else { hkdf::HKDF_SHA256 };
        let prk = hkdf::Prk::new_less_safe(algorithm, secret);
        let mut out = Zeroizing::new(vec![0; length]);
        prk.expand(&[&info], Length(length)).ok()?.fill(&mut out).ok()?;
        Some(out)
    }

    /// `verify_data` of TLS 1.3 (RFC 9846 §4.5.3): HMAC under finished_key over the transcript hash.
    pub(super) fn verify_data13(self, traffic_secret: &[u8], transcript: &[u8]) -> Option<Vec<u8>> {
        let key = self.expand_label(traffic_secret, "finished", self.hash_length())?;
        Some(self.hmac(&key, &[&self.hash(transcript)]).to_vec())
    }

    /// `verify_data` of TLS 1.2 (RFC 5246 §7.4.9).
    pub(super) fn verify_data12(self, master_secret: &[u8], label: &[u8], transcript: &[u8]) -> Vec<u8> {
        self.pseudorandom(master_secret, label, &[&self.hash(transcript)], 12).to_vec()
    }

    /// PRF of TLS 1.2 (RFC 5246 §5).
    pub(super) fn pseudorandom(self, secret: &[u8], label: &[u8], seed: &[&[u8]], length: usize) -> SessionSecret {
        let seed = [&[label], seed].concat().concat();
        let mut a = self.hmac(secret, &[&seed]);
        let mut out = Zeroizing::new(Vec::with_capacity(length + self.hash_length()));
        while out.len() < length {
            out.extend_from_slice(&self.hmac(secret, &[&a, &seed]));
            a = self.hmac(secret, &[&a]);
        }
        out.truncate(length);
        out
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Cipher;

    // RFC 8448 §3, Simple 1-RTT Handshake: server_handshake_traffic_secret and the key made of it.
    #[test]
    fn a_write_key_is_expanded_as_in_rfc_8448() {
        let secret = hex::decode("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38").unwrap();
        let cipher = Cipher::of(0x1301).unwrap();
        let key = cipher.expand_label(&secret, "key", 16).unwrap();
        let iv = cipher.expand_label(&secret, "iv", 12).unwrap();
        assert_eq!(hex::encode(&*key), "3fce516009c21727d0f2e4e86ee403bc", "server write key");
        assert_eq!(hex::encode(&*iv), "5d313eb2671276ee13000b30", "server write iv");
    }

    // mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms: P_SHA256 test vector.
    #[test]
    fn the_pseudorandom_function_gives_the_published_bytes() {
        let secret = hex::decode("9bbe436ba940f017b17652849a71db35").unwrap();
        let seed = hex::decode("a0ba9f936cda311827a6f796ffd5198c").unwrap();
        let out = Cipher::of(0xc02f).unwrap().pseudorandom(&secret, b"test label", &[&seed], 16);
        assert_eq!(hex::encode(&*out), "e3f229ba727be17b8d122620557cd453", "first 16 bytes");
    }
}
