//! Reads the ServerHello off the wire. It is never encrypted, so it tells what was negotiated when the
//! library gave up later, for example because it refused the chain.

use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

use crate::wire::RETRY_RANDOM;

/// What a ServerHello decided (RFC 9846 §4.2.3, RFC 5246 §7.4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerHello {
    pub(crate) version: ProtocolVersion,
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) group: Option<NamedGroup>,
    /// A HelloRetryRequest came before it.
    pub(crate) retried: bool,
}

const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const KEY_SHARE: u16 = 51;
const SUPPORTED_VERSIONS: u16 = 43;

/// The first real ServerHello in the bytes a server sent; `None` while there is none.
pub(crate) fn server_hello(wire: &[u8]) -> Option<ServerHello> {
    let messages = handshake_bytes(wire);
    let mut rest = messages.as_slice();
    let mut retried = false;
    while let [kind, a, b, c, tail @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let body = tail.get(..length)?;
        rest = &tail[length..];
        if *kind != SERVER_HELLO {
            return None;
        }
        let (hello, is_retry) = parse(body)?;
        if is_retry {
            retried = true;
        } else {
            return Some(ServerHello { retried, ..hello });
        }
    }
    None
}

/// Concatenates the plain-text handshake records; the first encrypted record ends them.
fn handshake_bytes(wire: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = wire;
    while let [kind, _, _, high, low, tail @ ..] = rest {
        let length = (usize::from(*high) << 8 | usize::from(*low)).min(tail.len());
        match *kind {
            HANDSHAKE => out.extend_from_slice(&tail[..length]),
            20 => {}
            _ => break,
        }
        rest = &tail[length..];
    }
    out
}

fn parse(body: &[u8]) -> Option<(ServerHello, bool)> {
    let (legacy, rest) = body.split_at_checked(2)?;
    let (random, rest) = rest.split_at_checked(32)?;
    let (session, rest) = rest.split_first()?;
    let rest = rest.get(usize::from(*session)..)?;
    let (suite, rest) = rest.split_at_checked(2)?;
    let mut hello = ServerHello {
        version: ProtocolVersion::from(word(legacy)?),
        cipher_suite: CipherSuite::from(word(suite)?),
        group: None,
        retried: false,
    };
    let mut extensions = rest.get(3..).unwrap_or_default();
    while let Some((head, tail)) = extensions.split_at_checked(4) {
        let (kind, length) = (word(&head[..2])?, usize::from(word(&head[2..])?));
        let value = tail.get(..length)?;
        extensions = &tail[length..];
        match kind {
            SUPPORTED_VERSIONS => hello.version = ProtocolVersion::from(word(value)?),
            KEY_SHARE => hello.group = value.get(..2).and_then(word).map(NamedGroup::from),
            _ => {}
        }
    }
    Some((hello, random == RETRY_RANDOM))
}

fn word(bytes: &[u8]) -> Option<u16> {
    <[u8; 2]>::try_from(bytes).ok().map(u16::from_be_bytes)
}

/// What the other end speaks when it does not speak TLS, from the first bytes it sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FirstBytes {
    /// Nothing came.
    Nothing,
    /// A reply in HTTP/1.x; its first line.
    Http(String),
    /// A TLS record.
    Tls,
    /// A record of SSL 2.0: its SERVER-HELLO or ERROR.
    Ssl2,
    /// Something else, shown with escapes.
    Other(String),
}

pub(crate) fn first_bytes(wire: &[u8]) -> FirstBytes {
    match wire {
        [] => FirstBytes::Nothing,
        [b'H', b'T', b'T', b'P', b'/', ..] => FirstBytes::Http(first_line(wire)),
        // A server that took the ClientHello for HTTP/0.9 answers with the page alone.
        [b'<', ..] if is_html(wire) => FirstBytes::Http(first_line(wire)),
        [20..=23, 3, ..] | [20..=23] => FirstBytes::Tls,
        // two octets of length with the first bit set, then MSG-ERROR, or MSG-SERVER-HELLO with version 0x0002
        [0x80, 3, 0, 0, ..] | [0x80..=0xff, _, 4, _, _, 0, 2, ..] => FirstBytes::Ssl2,
        _ => FirstBytes::Other(first_line(wire)),
    }
}

fn is_html(wire: &[u8]) -> bool {
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| wire.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

/// The description of the last alert in clear, for when the library had no chance to tell of it.
pub(crate) fn plain_alert(wire: &[u8]) -> Option<u8> {
    let mut rest = wire;
    let mut found = None;
    while let [kind, _, _, high, low, tail @ ..] = rest {
        let length = usize::from(*high) << 8 | usize::from(*low);
        let body = tail.get(..length)?;
        rest = &tail[length..];
        match (*kind, body) {
            (21, [1 | 2, description]) => found = Some(*description),
            (20..=22, _) => {}
            _ => break,
        }
    }
    found
}

fn first_line(wire: &[u8]) -> String {
    let line = wire.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
    line.iter().take(80).copied().flat_map(std::ascii::escape_default).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::{FirstBytes, first_bytes, plain_alert, server_hello};
    use crate::wire::RETRY_RANDOM;
    use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

    fn record(random: [u8; 32], key_share: &[u8]) -> Vec<u8> {
        let mut extensions = vec![0, 43, 0, 2, 3, 4, 0, 51];
        extensions.extend_from_slice(&u16::try_from(key_share.len()).unwrap().to_be_bytes());
        extensions.extend_from_slice(key_share);
        let mut body = vec![3, 3];
        body.extend_from_slice(&random);
        body.extend_from_slice(&[0, 0x13, 0x01, 0]);
        body.extend_from_slice(&u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend_from_slice(&extensions);
        let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend_from_slice(&body);
        let mut record = vec![22, 3, 3, 0, u8::try_from(message.len()).unwrap()];
        record.extend_from_slice(&message);
        record
    }

    #[test]
    fn a_server_hello_after_a_retry_says_so() {
        let mut wire = record(RETRY_RANDOM, &[0, 24]);
        wire.extend_from_slice(&[20, 3, 3, 0, 1, 1]);
        wire.extend_from_slice(&record([7; 32], &[0, 24, 0, 2, 9, 9]));
        let hello = server_hello(&wire).unwrap();
        assert_eq!(hello.version, ProtocolVersion::TLSv1_3, "from supported_versions, not legacy_version");
        assert_eq!(hello.cipher_suite, CipherSuite::TLS13_AES_128_GCM_SHA256);
        assert_eq!(hello.group, Some(NamedGroup::secp384r1));
        assert!(hello.retried, "a HelloRetryRequest stood before it");
    }

    #[test]
    fn truncated_bytes_are_no_hello_and_no_panic() {
        let wire = record([7; 32], &[0, 24, 0, 2, 9, 9]);
        for length in 0..wire.len() {
            assert_eq!(server_hello(&wire[..length]), None, "cut at {length}");
        }
    }

    #[test]
    fn a_reply_in_http_is_recognised() {
        let reply = first_bytes(b"HTTP/1.1 400 Bad Request\r\nserver: x");
        assert_eq!(reply, FirstBytes::Http("HTTP/1.1 400 Bad Request".to_owned()));
        assert_eq!(first_bytes(b"220 mail ready\r\n"), FirstBytes::Other("220 mail ready".to_owned()));
        assert_eq!(first_bytes(&[21, 3, 1, 0, 2, 2, 40]), FirstBytes::Tls);
        assert_eq!(first_bytes(&[]), FirstBytes::Nothing);
        assert!(matches!(first_bytes(b"<!DOCTYPE HTML>\n<html>"), FirstBytes::Http(_)), "HTTP/0.9");
    }

    #[test]
    fn an_alert_in_clear_is_found_and_an_encrypted_one_is_not() {
        assert_eq!(plain_alert(&[21, 3, 3, 0, 2, 2, 40]), Some(40));
        assert_eq!(plain_alert(&[23, 3, 3, 0, 2, 2, 40]), None, "application data");
        assert_eq!(plain_alert(&[21, 3, 3, 0, 2, 2]), None, "cut off");
    }
}
