//! Facts read off decoded messages, for the comparison with the other sources.

use super::message::{self, hello};
use super::session::{Decoded, Message};
use crate::recorder::Sender;

/// The certificates of the server's Certificate message, DER, in the order sent; `None` without one.
pub(crate) fn chain_of(decoded: &Decoded) -> Option<Vec<Vec<u8>>> {
    let from_server =
        |kind: u8| decoded.messages.iter().find(move |m| m.from == Sender::Server && m.handshake_type() == Some(kind));
    if let Some(plain) = from_server(message::CERTIFICATE) {
        return certificates(plain.bytes.get(4..)?, decoded.tls13);
    }
    let packed = from_server(message::COMPRESSED_CERTIFICATE)?;
    certificates(&unpacked(packed)?, true)
}

/// The content of a CompressedCertificate (RFC 8879 §4), at most 1 MiB.
fn unpacked(message: &Message) -> Option<Vec<u8>> {
    const LIMIT: usize = 1 << 20;
    let body = message.bytes.get(4..)?;
    let algorithm = u16::from_be_bytes([*body.first()?, *body.get(1)?]);
    let length = number(body.get(2..5)?);
    let packed = body.get(8..)?;
    if length > LIMIT {
        return None;
    }
    let mut out = vec![0; length];
    let decompressor = rustls::compress::default_cert_decompressors()
        .iter()
        .find(|decompressor| u16::from(decompressor.algorithm()) == algorithm)?;
    decompressor.decompress(packed, &mut out).ok()?;
    Some(out)
}

fn certificates(body: &[u8], tls13: bool) -> Option<Vec<Vec<u8>>> {
    let mut rest = if tls13 { body.get(1 + usize::from(*body.first()?)..)? } else { body };
    rest = vector(&mut rest, 3)?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        out.push(vector(&mut rest, 3)?.to_vec());
        if tls13 {
            vector(&mut rest, 2)?;
        }
    }
    Some(out)
}

/// The application protocol the server chose (RFC 7301 §3.1).
pub(crate) fn chosen_protocol(decoded: &Decoded) -> Option<Vec<u8>> {
    let kind = if decoded.tls13 { message::ENCRYPTED_EXTENSIONS } else { message::SERVER_HELLO };
    let own = |m: &&Message| m.from == Sender::Server && m.handshake_type() == Some(kind) && !hello::is_retry(&m.bytes);
    let found = decoded.messages.iter().find(own)?;
    let block = if decoded.tls13 {
        found.bytes.get(4..)?
    } else {
        found.bytes.get(42 + usize::from(*found.bytes.get(38)?)..)?
    };
    let (_, mut list) = hello::each_extension(block).find(|(kind, _)| *kind == 16)?;
    let mut names = vector(&mut list, 2)?;
    vector(&mut names, 1).map(<[u8]>::to_vec)
}

/// Takes a vector with its length in front off the bytes.
fn vector<'a>(bytes: &mut &'a [u8], prefix: usize) -> Option<&'a [u8]> {
    let length = number(bytes.get(..prefix)?);
    let value = bytes.get(prefix..prefix + length)?;
    *bytes = &bytes[prefix + length..];
    Some(value)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}
