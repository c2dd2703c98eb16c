//! The messages: in groups, what they come to, where they ended.

use super::{End, Group, Message, read};
use crate::{Exchange, FindingSeverity, Handshake, HandshakeMessage};

/// How many messages count: those of the handshake protocol.
pub(super) fn counted(h: &Handshake) -> usize {
    h.messages.iter().filter(|m| read::counts(m)).count()
}

fn keys(m: &HandshakeMessage, tls13: bool) -> &'static str {
    match m.protection.as_str() {
        "none" => "in clear",
        "handshake" => "handshake keys",
        "early" => "early keys",
        _ if tls13 => "application keys",
        _ => "session keys",
    }
}

fn sender(m: &HandshakeMessage) -> String {
    read::capitalised(&m.from)
}

/// `alert handshake_failure`, else the name.
fn label(m: &HandshakeMessage) -> String {
    match alert(m) {
        Some((name, _)) => format!("alert {name}"),
        None => m.name.clone(),
    }
}

/// An alert's name and meaning.
fn alert(m: &HandshakeMessage) -> Option<(String, String)> {
    if m.content_type != "alert" {
        return None;
    }
    let field = m.fields.iter().find(|f| f.name == "description")?;
    let name = field.value.split_once(", ").map_or(field.value.as_str(), |(_, name)| name);
    Some((name.to_owned(), field.meaning.clone().unwrap_or_default()))
}

/// Consecutive messages of one sender under the same keys. A change_cipher_spec that begins a flight of TLS 1.3
/// stands with what follows it: it changes nothing.
pub(super) fn groups(h: &Handshake) -> Vec<Group> {
    let tls13 = read::tls13(h);
    let mut groups: Vec<Group> = Vec::new();
    for (index, m) in h.messages.iter().enumerate() {
        let mut words = keys(m, tls13);
        if let Some(next) = h.messages.get(index + 1).filter(|next| next.from == m.from)
            && m.content_type == "change_cipher_spec"
            && groups.last().is_none_or(|g| g.sender != sender(m))
        {
            words = keys(next, tls13);
        }
        let message = Message { index, label: label(m), counted: read::counts(m) };
        match groups.last_mut().filter(|g| g.sender == sender(m) && g.keys == words) {
            Some(group) => group.messages.push(message),
            None => groups.push(Group { sender: sender(m), keys: words.to_owned(), messages: vec![message] }),
        }
    }
    groups
}

/// Round trips until the client could send: how often the server answered a flight of the client.
fn round_trips(h: &Handshake) -> usize {
    let tls13 = read::tls13(h);
    let made: Vec<&HandshakeMessage> =
        h.messages.iter().filter(|m| read::counts(m) && !(tls13 && m.protection == "application")).collect();
    made.windows(2).filter(|pair| matches!(pair, [a, b] if a.from == "client" && b.from == "server")).count()
}

fn bytes_of(h: &Handshake, from: &str) -> String {
    read::exact(h.messages.iter().filter(|m| m.from == from && read::counts(m)).map(|m| m.length).sum())
}

pub(super) fn foot(e: &Exchange, h: &Handshake) -> String {
    if h.messages.is_empty() {
        return String::new();
    }
    let trips = round_trips(h);
    let trips = format!("{} round trip{}.", read::capitalised(&read::words(trips)), if trips < 2 { "" } else { "s" });
    let mut foot = format!("{trips} Client sent {}, server {}.", bytes_of(h, "client"), bytes_of(h, "server"));
    foot.push_str(if observed(e, h) {
        " Seen on a second connection that only observes; nothing was sent on it."
    } else {
        " Messages read by one poll share a time."
    });
    foot
}

/// The chain was refused and the client finished all the same: that was the connection that only observes.
fn observed(e: &Exchange, h: &Handshake) -> bool {
    read::failed(e) && read::refused(e) && read::message(h, "client", &["Finished"]).is_some()
}

pub(super) fn end(e: &Exchange, h: &Handshake) -> Option<End> {
    if !read::failed(e) {
        return None;
    }
    let problem = e.error.as_ref();
    if read::refused(e) {
        let names = ["Certificate", "CompressedCertificate"];
        let message = h.messages.iter().position(|m| m.from == "server" && names.contains(&m.name.as_str()));
        let finding = e.findings.iter().find(|f| f.rejects == Some(true) || f.severity == FindingSeverity::Error);
        return Some(End {
            message,
            title: "The client refused the certificate".to_owned(),
            meaning: finding.map(|f| f.sentence.clone()).unwrap_or_default(),
        });
    }
    let alert_at = h.messages.iter().rposition(|m| m.content_type == "alert");
    if let Some((index, m)) = alert_at.and_then(|index| h.messages.get(index).map(|m| (index, m)))
        && let Some((name, meaning)) = alert(m)
    {
        return Some(End { message: Some(index), title: format!("The {} sent the alert {name}", m.from), meaning });
    }
    let last = h.messages.iter().rposition(read::counts);
    let name = last.and_then(|index| h.messages.get(index)).map(|m| m.name.as_str());
    Some(End {
        message: last,
        title: name
            .map_or_else(|| "No message went by".to_owned(), |name| format!("After {name} no handshake message came")),
        meaning: problem.map(|p| read::capitalised(&p.title)).unwrap_or_default(),
    })
}
