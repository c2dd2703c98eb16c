//! The sentence on top, the line beside the badges, and what is to be known first.

use super::read;
use crate::ladder::text::{duration, version};
use crate::ladder::title::{certificate, uncapitalised};
use crate::{Exchange, Handshake, HandshakeKind, Timestamp};

/// How long the handshake took, microseconds: from the exchange that made it, else from its messages.
fn took(e: &Exchange, h: &Handshake) -> Option<u64> {
    let last = h.messages.iter().rfind(|m| read::counts(m) && m.from == "client").map(|m| m.at_us);
    Some(e.timing.tls).filter(|us| *us > 0).or(last).filter(|us| *us > 0)
}

pub(super) fn title(e: &Exchange, h: &Handshake) -> String {
    let time = took(e, h).map(duration);
    if read::failed(e) {
        let after = time.map(|time| format!(" after {time}")).unwrap_or_default();
        let what = match e.error.as_ref() {
            _ if read::refused(e) => certificate(e).unwrap_or_else(|| "the certificate was not trusted".to_owned()),
            Some(problem) => uncapitalised(&problem.title),
            None => "no answer came".to_owned(),
        };
        return format!("Handshake stopped{after}: {what}");
    }
    let kind = match h.kind {
        Some(HandshakeKind::Resumed) => "Resumed handshake",
        Some(HandshakeKind::FullWithHelloRetry) => "Full handshake, after a retry,",
        Some(HandshakeKind::Full) => "Full handshake",
        None => "Handshake",
    };
    let time = time.map(|time| format!(" in {time}")).unwrap_or_default();
    let mut facts: Vec<String> = Vec::new();
    facts.extend(h.protocol_version.as_deref().map(version));
    facts.extend(h.named_group.clone());
    facts.extend(e.verdict.as_ref().map(|v| v.state.words().to_owned()));
    format!("{kind}{time}: {}", facts.join(", "))
}

/// `09:12:44.041Z`.
fn precise(at: Timestamp) -> String {
    format!("{}.{:03}Z", at.clock(), at.unix_millis().rem_euclid(1000))
}

pub(super) fn line(e: &Exchange, h: &Handshake) -> String {
    let mut facts = Vec::new();
    let port = e.connection.as_ref().and_then(|c| c.remote.as_deref()).and_then(|r| r.rsplit_once(':')).map(|r| r.1);
    match (read::server_name(h), port, e.connection.as_ref().and_then(|c| c.remote.clone())) {
        (Some(name), Some(port), _) => facts.push(format!("{name}:{port}")),
        (None, _, Some(remote)) => facts.push(remote),
        (Some(name), None, _) => facts.push(name.to_owned()),
        (None, _, None) => {}
    }
    facts.extend(e.connection.as_ref().map(|c| format!("opened {}", precise(c.opened_at))));
    facts.join(" · ")
}

/// The last characters of a connection's id tell two apart.
pub(super) fn short_id(id: &str) -> String {
    let skip = id.chars().count().saturating_sub(6);
    id.chars().skip(skip).collect()
}

pub(super) fn notes(e: &Exchange, h: &Handshake) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(connection) = e.connection.as_ref().filter(|c| c.reused) {
        notes.push(format!(
            "Reused: this exchange made no handshake of its own. Shown is the one of {}Z, which opened connection {}.",
            connection.opened_at.clock(),
            short_id(&connection.id)
        ));
    }
    if let Some(verified) = &h.verified_on {
        notes.push(format!(
            "Resumed: no certificate went over the wire. The server was verified on connection {} at {}Z.",
            short_id(&verified.connection),
            verified.at.clock()
        ));
    }
    if h.messages.is_empty() {
        notes.push("The messages of this handshake are not kept: only what was negotiated is.".to_owned());
    }
    notes
}
