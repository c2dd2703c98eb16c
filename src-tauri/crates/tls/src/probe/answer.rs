//! What a server says to a ClientHello, as far as it is in clear: ServerHello, HelloRetryRequest, and up to TLS 1.2
//! the rest of its first flight.

use std::collections::BTreeSet;

use crate::Alert;
use crate::hello::{FirstBytes, first_bytes};
use crate::wire::RETRY_RANDOM;

/// How a probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server went along.
    Hello(Box<Said>),
    /// It refused.
    Alert(Alert),
    /// It answered in plain HTTP; the first line.
    Http(String),
    /// It speaks another protocol; its first bytes in hexadecimal.
    Other(String),
    /// It closed the connection.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nothing came within the time.
    Silent,
    /// There was no connection.
    Unreached,
}

impl Answer {
    /// What was said, where the server answered with this version.
    pub(crate) fn with(&self, version: u16) -> Option<&Said> {
        match self {
            Answer::Hello(said) if said.version == version => Some(said),
            _ => None,
        }
    }

    /// In words, for a table: `alert protocol_version`.
    pub(crate) fn words(&self) -> String {
        match self {
            Answer::Hello(said) => {
                format!("answered {}", crate::iana::protocol_version(rustls::ProtocolVersion::from(said.version)))
            }
            Answer::Alert(alert) => format!("alert {}", alert.name()),
            Answer::Http(_) => "plain HTTP".to_owned(),
            Answer::Other(_) => "another protocol".to_owned(),
            Answer::Closed => "closed".to_owned(),
            Answer::Reset => "reset".to_owned(),
            Answer::Silent => "no answer".to_owned(),
            Answer::Unreached => "no connection".to_owned(),
        }
    }
}

/// The clear part of a server's first flight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The version chosen.
    pub(crate) version: u16,
    pub(crate) suite: u16,
    /// Whether it is a HelloRetryRequest.
    pub(crate) retry: bool,
    /// The group of the key exchange.
    pub(crate) group: Option<u16>,
    /// Kinds of the ServerHello's extensions.
    pub(crate) extensions: BTreeSet<u16>,
    /// RFC 7301.
    pub(crate) protocol: Option<String>,
    /// Scheme of the ServerKeyExchange's signature (TLS 1.2).
    pub(crate) scheme: Option<u16>,
    /// Size of a finite field, in bits.
    pub(crate) field_bits: Option<usize>,
    /// Whether a CertificateStatus came.
    pub(crate) stapled: bool,
    /// Whether a CertificateRequest came.
    pub(crate) asks_for_certificate: bool,
    /// Whether the server gave the session an id.
    pub(crate) session_id: bool,
    /// Whether its flight is complete.
    pub(crate) done: bool,
}

/// Reads as far as the bytes go; `None` while nothing can be said yet.
pub(crate) fn read(bytes: &[u8]) -> Option<Answer> {
    match first_bytes(bytes) {
        FirstBytes::Nothing => return None,
        FirstBytes::Http(line) => return Some(Answer::Http(line)),
        FirstBytes::Other(first) => return Some(Answer::Other(first)),
        FirstBytes::Ssl2 => return Some(Answer::Hello(Box::new(Said { version: 0x0002, ..Said::default() }))),
        FirstBytes::Tls => {}
    }
    let mut messages = Vec::new();
    let mut rest = bytes;
    while let Some((header, tail)) = rest.split_at_checked(5) {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let fragment = tail.get(..length.min(tail.len())).unwrap_or_default();
        match header[0] {
            22 => messages.extend_from_slice(fragment),
            21 if messages.is_empty() => return fragment.get(1).map(|code| Answer::Alert(Alert::of(*code))),
            _ => break,
        }
        rest = tail.get(length..).unwrap_or_default();
    }
    said(&messages).map(|said| Answer::Hello(Box::new(said)))
}

fn said(messages: &[u8]) -> Option<Said> {
    let mut said = None;
    let mut rest = messages;
    while let [kind, a, b, c, tail @ ..] = rest {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        let Some(body) = tail.get(..length) else { break };
        rest = &tail[length..];
        match (kind, &mut said) {
            (2, None) => said = Some(server_hello(body)?),
            (12, Some(said)) => key_exchange(body, said),
            (13, Some(said)) => said.asks_for_certificate = true,
            (14, Some(said)) => said.done = true,
            (22, Some(said)) => said.stapled = true,
            _ => {}
        }
    }
    said
}

fn server_hello(body: &[u8]) -> Option<Said> {
    let word = |bytes: &[u8]| Some(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]));
    let mut said = Said { version: word(body)?, retry: body.get(2..34)? == RETRY_RANDOM, ..Said::default() };
    let session = usize::from(*body.get(34)?);
    said.session_id = session > 0;
    said.suite = word(body.get(35 + session..)?)?;
    let mut rest = body.get(40 + session..).unwrap_or_default();
    while let Some((head, tail)) = rest.split_at_checked(4) {
        let (kind, length) = (word(head)?, usize::from(word(&head[2..])?));
        let value = tail.get(..length)?;
        rest = &tail[length..];
        said.extensions.insert(kind);
        match kind {
            16 => said.protocol = value.get(3..).map(|name| String::from_utf8_lossy(name).into_owned()),
            43 => said.version = word(value)?,
            51 => said.group = word(value),
            _ => {}
        }
    }
    Some(said)
}

/// ServerKeyExchange (RFC 8422 §5.4, RFC 5246 §7.4.3). Which form it has follows from the suite alone.
fn key_exchange(body: &[u8], said: &mut Said) {
    let name = rustls::CipherSuite::from(said.suite).as_str().unwrap_or_default();
    let word = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    let end = if name.contains("_ECDHE_") || name.contains("_ECDH_anon_") {
        if body.first() == Some(&3) {
            said.group = word(1);
        }
        body.get(3).map(|point| 4 + usize::from(*point))
    } else if name.contains("_DHE_") || name.contains("_DH_anon_") {
        let prime = word(0).map(usize::from).unwrap_or_default();
        let digits = body.get(2..2 + prime).unwrap_or_default();
        let leading = digits.iter().take_while(|byte| **byte == 0).count();
        let first = digits.get(leading).map_or(8, |byte| byte.leading_zeros() as usize);
        said.field_bits = (digits.len() > leading).then(|| (digits.len() - leading) * 8 - first);
        let generator = word(2 + prime).map(usize::from).unwrap_or_default();
        let public = word(4 + prime + generator).map(usize::from).unwrap_or_default();
        Some(6 + prime + generator + public)
    } else {
        None
    };
    if said.version == 0x0303 && !name.contains("_anon_") {
        said.scheme = end.and_then(word);
    }
}
