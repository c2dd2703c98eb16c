//! The value of a keychain item: one line of ASCII (format, kind, generation, encoding), then the secret.
//!
//! Always UTF-8, because KDE Wallet keeps nothing else: text as it is, anything else as base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_secret::{Secret, SecretBytes};

/// Encoded bytes a keychain item may have: the limit of Windows, applied everywhere, so that a workspace behaves the same everywhere.
pub const ITEM_LIMIT: usize = 2560;

const FORMAT: &str = "countersign/1";
/// Kind of the marker item.
pub(crate) const MARKER: &str = "marker";
/// Kind of a sealing key.
pub(crate) const SEALING_KEY: &str = "sealing-key";

/// A decoded item.
pub(crate) struct Item {
    pub(crate) kind: String,
    pub(crate) generation: u64,
    pub(crate) bytes: SecretBytes,
}

/// Encodes an item; the buffer is made at its final size.
pub(crate) fn encode(kind: &str, generation: u64, bytes: &SecretBytes) -> SecretBytes {
    let content = bytes.expose_secret();
    let plain = std::str::from_utf8(content)
        .is_ok_and(|text| !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')));
    let head = format!("{FORMAT} {kind} {generation} {}\n", if plain { "utf-8" } else { "base64url" });
    let length = if plain { content.len() } else { base64_length(content.len()) };
    let mut item = Vec::with_capacity(head.len() + length);
    item.extend_from_slice(head.as_bytes());
    if plain {
        item.extend_from_slice(content);
    } else {
        item.resize(head.len() + length, 0);
        let written = URL_SAFE_NO_PAD.encode_slice(content, &mut item[head.len()..]);
        debug_assert_eq!(written, Ok(length), "the length of base64 without padding is known");
    }
    Secret::new(item)
}

/// Decodes an item; nothing when it is not one of ours.
pub(crate) fn decode(item: &SecretBytes) -> Option<Item> {
    let item = item.expose_secret();
    let end = item.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&item[..end]).ok()?;
    let content = &item[end + 1..];
    let mut words = head.split(' ');
    let (format, kind, number, encoding) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let generation: u64 = number.parse().ok()?;
    if format != FORMAT || words.next().is_some() || kind.is_empty() || generation.to_string() != number {
        return None;
    }
    let bytes = match encoding {
        "utf-8" => {
            std::str::from_utf8(content).ok()?;
            content.to_vec()
        }
        "base64url" => {
            let mut bytes = vec![0; content.len() / 4 * 3 + 3];
            match URL_SAFE_NO_PAD.decode_slice(content, &mut bytes) {
                Ok(length) => bytes.truncate(length),
                Err(_) => {
                    drop(Secret::new(bytes));
                    return None;
                }
            }
            bytes
        }
        _ => return None,
    };
    Some(Item { kind: kind.to_owned(), generation, bytes: Secret::new(bytes) })
}

fn base64_length(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

#[cfg(test)]
mod tests {
    use countersign_secret::{Secret, SecretBytes};

    use super::{base64_length, decode, encode};

    fn secret(bytes: &[u8]) -> SecretBytes {
        Secret::new(bytes.to_vec())
    }

    #[test]
    fn text_stands_in_the_item_as_it_is() {
        let item = encode("text", 12, &secret("sésame\nopen".as_bytes()));
        assert_eq!(
            std::str::from_utf8(item.expose_secret()).unwrap(),
            "countersign/1 text 12 utf-8\nsésame\nopen",
            "a person who looks into the keychain sees the secret, not an encoding of it"
        );
    }

    #[test]
    fn bytes_come_back_whatever_they_are() {
        for content in [&b""[..], b"a", b"\0", &[0xff, 0xfe], b"ab\0", &[0; 33], "ключ".as_bytes(), b"line\r\nline"]
        {
            let item = encode("key", 3, &secret(content));
            assert!(std::str::from_utf8(item.expose_secret()).is_ok(), "KDE Wallet keeps UTF-8 only: {content:?}");
            let back = decode(&item).unwrap();
            assert_eq!((back.kind.as_str(), back.generation), ("key", 3), "{content:?}");
            assert_eq!(back.bytes.expose_secret(), content, "{content:?}");
        }
    }

    #[test]
    fn an_item_that_was_changed_outside_is_not_read_as_something_else() {
        for item in [
            "",
            "hunter2",
            "countersign/2 text 1 utf-8\nx",
            "countersign/1 text +1 utf-8\nx",
            "countersign/1 text 01 utf-8\nx",
            "countersign/1 text 1 utf-16\nx",
            "countersign/1 text 1 utf-8 more\nx",
            "countersign/1  1 utf-8\nx",
            "countersign/1 key 1 base64url\n====",
        ] {
            assert!(decode(&secret(item.as_bytes())).is_none(), "{item:?}");
        }
        assert!(decode(&secret(b"countersign/1 text 1 utf-8\n\xff")).is_none(), "not UTF-8");
    }

    #[test]
    fn the_encoded_length_is_known_before_encoding() {
        for length in 0..40 {
            let item = encode("key", 1, &secret(&vec![0xff; length]));
            let head = "countersign/1 key 1 base64url\n".len();
            if length > 0 {
                assert_eq!(item.len(), head + base64_length(length), "{length} bytes");
            }
        }
    }
}
