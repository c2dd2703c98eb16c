//! What is read off the decoded messages, and small words.

use crate::{Exchange, Handshake, HandshakeKind, HandshakeMessage, MessageField, Step, VerdictState};

/// `change_cipher_spec` is no handshake message and is not counted; alerts are not either.
pub(super) fn counts(message: &HandshakeMessage) -> bool {
    message.content_type == "handshake"
}

pub(super) fn tls13(h: &Handshake) -> bool {
    match h.protocol_version.as_deref() {
        Some(version) => version == "TLSv1.3",
        // nothing was decided: told as the best that was offered
        None => message(h, "client", &["ClientHello"])
            .is_none_or(|hello| values(hello, "ProtocolVersion").any(|version| version.ends_with("TLS 1.3"))),
    }
}

pub(super) fn resumed(h: &Handshake) -> bool {
    matches!(h.kind, Some(HandshakeKind::Resumed))
}

pub(super) fn failed(e: &Exchange) -> bool {
    e.failed_step == Some(Step::Tls)
}

pub(super) fn refused(e: &Exchange) -> bool {
    e.verdict.as_ref().is_some_and(|v| v.state == VerdictState::NotTrusted)
}

/// The name asked for; of a handshake that came to nothing it stands in the ClientHello alone.
pub(super) fn server_name(h: &Handshake) -> Option<&str> {
    let hello = || message(h, "client", &["ClientHello"]).and_then(|hello| values(hello, "host_name").next());
    h.server_name.as_deref().or_else(hello)
}

/// The first message of that name, of that sender.
pub(super) fn message<'a>(h: &'a Handshake, from: &str, names: &[&str]) -> Option<&'a HandshakeMessage> {
    h.messages.iter().find(|m| m.from == from && names.contains(&m.name.as_str()))
}

/// Values of all fields with this name.
pub(super) fn values<'a>(m: &'a HandshakeMessage, name: &'a str) -> impl Iterator<Item = &'a str> {
    m.fields.iter().filter(move |f| f.name == name).map(|f| f.value.as_str())
}

/// The field and everything inside of it.
pub(super) fn within<'a>(m: &'a HandshakeMessage, name: &str) -> &'a [MessageField] {
    let Some(at) = m.fields.iter().position(|f| f.name == name) else { return &[] };
    let depth = m.fields.get(at).map_or(0, |f| f.depth);
    let inside = m.fields.iter().skip(at + 1).take_while(|f| f.depth > depth).count();
    m.fields.get(at..=at + inside).unwrap_or_default()
}

/// Small numbers in words, as in running text.
pub(super) fn words(n: usize) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// `nine suites`, `one suite`.
pub(super) fn counted_words(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", words(n), if n == 1 { "" } else { "s" })
}

/// Groups of three digits: `1,541 B`.
pub(super) fn exact(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{out} B")
}

pub(super) fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

/// Stores as people name them.
pub(super) fn store_words(label: Option<&str>) -> String {
    match label {
        None => "a store".to_owned(),
        Some("command") => "the CA file of this call".to_owned(),
        Some("gateway") => "the gateway’s root".to_owned(),
        Some("mozilla") => "the Mozilla set".to_owned(),
        Some("os") => "the OS store".to_owned(),
        Some("pin") => "a pinned key".to_owned(),
        Some(name) => format!("workspace CA {name}"),
    }
}
