//! Content-Digest (RFC 9530 §2).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::{Dictionary, ListEntry, Parser};

use crate::Error;

/// Algorithms of RFC 9530 §7.2 that are not deprecated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// `sha-256`
    Sha256,
    /// `sha-512`
    Sha512,
}

impl DigestAlgorithm {
    /// The registered key.
    pub fn name(self) -> &'static str {
        match self {
            DigestAlgorithm::Sha256 => "sha-256",
            DigestAlgorithm::Sha512 => "sha-512",
        }
    }

    /// Reads the registered key; `None` for any other.
    pub fn parse(name: &str) -> Option<Self> {
        [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512].into_iter().find(|a| a.name() == name)
    }

    fn digest(self, content: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            DigestAlgorithm::Sha256 => &digest::SHA256,
            DigestAlgorithm::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, content).as_ref().to_vec()
    }
}

/// The field value over the content as transferred: `sha-256=:…:`.
pub fn content_digest(algorithm: DigestAlgorithm, content: &[u8]) -> String {
    format!("{}=:{}:", algorithm.name(), STANDARD.encode(algorithm.digest(content)))
}

/// Whether a received field is true of the content. Members of unknown algorithms are passed over; at least one
/// must be known. `Err` holds the value the field should have had.
///
/// # Errors
/// [`Error::NotStructured`] when the field does not parse or names no known algorithm.
pub fn digest_matches(field: &str, content: &[u8]) -> Result<Result<(), String>, Error> {
    let not = |reason: String| Error::NotStructured { field: "content-digest".into(), reason };
    let dictionary: Dictionary = Parser::new(field).parse().map_err(|e: sfv::Error| not(e.to_string()))?;
    let mut known = 0;
    for (key, member) in &dictionary {
        let Some(algorithm) = DigestAlgorithm::parse(key.as_str()) else { continue };
        let ListEntry::Item(item) = member else { return Err(not(format!("`{}` is a list", key.as_str()))) };
        let bytes =
            item.bare_item.as_byte_sequence().ok_or_else(|| not(format!("`{}` is no byte sequence", key.as_str())))?;
        known += 1;
        if bytes != algorithm.digest(content).as_slice() {
            return Ok(Err(content_digest(algorithm, content)));
        }
    }
    if known == 0 { Err(not("it names neither sha-256 nor sha-512".into())) } else { Ok(Ok(())) }
}

#[cfg(test)]
mod tests {
    use super::{DigestAlgorithm, content_digest, digest_matches};

    #[test]
    fn the_figures_of_rfc_9530_come_out() {
        let hello = b"{\"hello\": \"world\"}\n";
        assert_eq!(
            content_digest(DigestAlgorithm::Sha256, hello),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
            "RFC 9530 appendix B.1"
        );
        assert_eq!(
            content_digest(DigestAlgorithm::Sha512, b"{\"hello\": \"world\"}"),
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
            "RFC 9421 appendix B.2"
        );
    }

    #[test]
    fn changed_content_is_refused_with_the_digest_it_should_have() {
        let field = content_digest(DigestAlgorithm::Sha256, b"1250");
        assert_eq!(digest_matches(&field, b"1250"), Ok(Ok(())), "the same content");
        let computed = content_digest(DigestAlgorithm::Sha256, b"1251");
        assert_eq!(digest_matches(&field, b"1251"), Ok(Err(computed)), "one character differs");
        assert!(digest_matches("md5=:AAAA:", b"").is_err(), "no known algorithm");
    }
}
