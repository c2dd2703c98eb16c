//! Entrances for fuzzing: bytes nobody vouches for, into everything that reads bytes off the wire. None may panic, and
//! each is bounded in time and memory by its input.

use std::time::{Duration, SystemTime};

use crate::explain::{Case, Peer, Supplement, Usage, explain_case};
use crate::recorder::{Flight, LoggedSecret, Sender, SessionSecret};
use crate::wire::{self, Message, Protection};
use crate::{Certificate, CertificateDer, HostPattern, Store, StoreLabel, Trust, probe};

/// 2026-09-01T00:00:00Z.
const AT: Duration = Duration::from_secs(1_788_220_800);
/// The other half of inputs that are several.
const SEPARATOR: &[u8] = b"\xff\xfe\xfd\xfc";

/// The decoder: with an even first byte a conversation of both ends, else one handshake message; and what a probe reads.
pub fn wire(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let _answer = probe::read(rest);
    if kind & 1 == 0 {
        conversation(rest);
    } else {
        message(kind & 2 != 0, rest);
    }
}

/// Pieces: a byte for the sender, two for the length, then so many bytes.
fn conversation(mut rest: &[u8]) {
    let (mut flights, mut at_us) = (Vec::new(), 0);
    while let [from, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let from = if from & 1 == 0 { Sender::Client } else { Sender::Server };
        flights.push(Flight { from, at_us, bytes: tail[..length].to_vec() });
        rest = &tail[length..];
        at_us += 1;
    }
    // a key log whose secrets are known, so that an input can go on behind the encryption
    let labels = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "CLIENT_RANDOM",
    ];
    let secret = |length: usize| SessionSecret::new(vec![7; length]);
    let logged = |label: &str| LoggedSecret {
        label: label.to_owned(),
        client_random: vec![9; 32],
        secret: secret(if label == "CLIENT_RANDOM" { 48 } else { 32 }),
    };
    let decoded = wire::decode(&flights, &labels.map(logged));
    for message in &decoded.messages {
        tiled(message, decoded.tls13);
    }
}

fn message(tls13: bool, bytes: &[u8]) {
    let message = Message {
        at_us: 0,
        from: Sender::Server,
        content_type: 22,
        protection: Protection::None,
        record: 0,
        records: 1,
        bytes: bytes.to_vec(),
    };
    tiled(&message, tls13);
}

/// Names and fields, which never reach beyond the message.
fn tiled(message: &Message, tls13: bool) {
    let _name = wire::name(message);
    let _citation = wire::citation(message, tls13);
    let length = message.bytes.len() as u64;
    for field in wire::fields(message, tls13, None) {
        assert!(field.offset + field.length <= length, "{} reaches beyond its message", field.name);
    }
}

/// One certificate, shown in full.
pub fn certificate(data: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(&CertificateDer::from(data.to_vec())) {
        let _view = certificate.view();
    }
    let _list = crate::certificates_from_pem(data);
}

/// A chain with revocation data, explained against itself: the last certificate is the only root.
pub fn explain(data: &[u8]) {
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        parts.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest);
    let (crl, chain) = match parts.split_first() {
        Some((crl, chain)) if !chain.is_empty() => (crl.to_vec(), chain),
        _ => (Vec::new(), parts.as_slice()),
    };
    let chain: Vec<CertificateDer> = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    let host = HostPattern::parse("api.example.test").into_iter().collect();
    let root = chain.last().cloned().into_iter();
    let trust = Trust::builder().store(Store::new(StoreLabel::Command, root).for_hosts(host)).build();
    let crls = [crl.clone()];
    let explained = explain_case(&Case {
        chain: &chain,
        trust: &trust,
        peer: Peer::Host("api.example.test"),
        usage: Usage::Server,
        at: SystemTime::UNIX_EPOCH + AT,
        max_depth: None,
        strict: true,
        compare: true,
        supplement: Supplement { fetched: &[], crls: &crls, ocsp_response: Some(&crl) },
    });
    assert!(!explained.title.is_empty(), "there is always an answer");
}
