//! The sources of a handshake held against each other: the decoder of the wire, the crypto provider, the
//! verifier, and the library's own account. They share no code, so agreement means something.

use countersign_evidence::{Check, Citation};
use rustls::HandshakeKind;

use crate::iana;
use crate::recorder::{Accessors, Library, LoggedSecret, Observation, Sender};
use crate::wire::{Decoded, Protection, chain_of, chosen_protocol};

/// Everything that is compared.
pub(crate) struct Sources<'a> {
    pub(crate) decoded: &'a Decoded,
    pub(crate) library: &'a Library,
    pub(crate) key_log: &'a [LoggedSecret],
    pub(crate) observation: &'a Observation,
    /// `None`: the handshake failed, and what the library did not come to is not compared.
    pub(crate) accessors: Option<&'a Accessors>,
}

/// Every check that applies to this connection.
pub(crate) fn checks(sources: &Sources<'_>) -> Vec<Check> {
    let all = [
        sources.messages(),
        sources.transcript(),
        sources.finished(),
        sources.secrets(),
        sources.certificates(),
        sources.parameters(),
    ];
    all.into_iter().flatten().collect()
}

fn check(
    name: &str,
    ok: bool,
    claim: String,
    compared: String,
    (source, section): (&'static str, &'static str),
) -> Check {
    Check {
        name: name.to_owned(),
        ok,
        claim: Some(claim),
        compared: Some(compared),
        citation: Some(Citation::new(source, section)),
    }
}

impl Sources<'_> {
    fn cite<'a>(&self, tls13: (&'a str, &'a str), tls12: (&'a str, &'a str)) -> (&'a str, &'a str) {
        if self.decoded.tls13 { tls13 } else { tls12 }
    }

    /// Each protected handshake message of the wire, byte for byte, in the plain text the library sealed or opened.
    fn messages(&self) -> Option<Check> {
        let mut compared = 0;
        let mut equal = self.decoded.unopened == 0;
        let mut count = 0;
        for from in [Sender::Client, Sender::Server] {
            let protected = || {
                let own = self.decoded.messages.iter().filter(move |m| m.from == from && m.is_handshake());
                own.filter(|message| message.protection != Protection::None)
            };
            let wire = protected().map(|message| message.bytes.as_slice()).collect::<Vec<_>>().concat();
            let library = self.library.plaintexts.iter().filter(|p| p.from == from && p.content_type == 22);
            let library = library.map(|plain| &plain.bytes[..]).collect::<Vec<_>>().concat();
            let common = wire.len().min(library.len());
            // what follows the handshake may be read by one and not yet by the other
            let needed: usize = protected()
                .filter(|m| m.protection == Protection::Handshake || !self.decoded.tls13)
                .map(|message| message.bytes.len())
                .sum();
            equal &= wire[..common] == library[..common] && (self.accessors.is_none() || common >= needed);
            compared += common;
            count += protected().count();
        }
        if compared == 0 && equal {
            return None;
        }
        let claim = format!("{count} protected handshake messages, opened from the wire");
        let told = if equal {
            format!("byte for byte what the library sealed and opened, {compared} B")
        } else if self.decoded.unopened > 0 {
            format!("{} records could not be opened with the keys of the key log", self.decoded.unopened)
        } else {
            "not what the library sealed and opened".to_owned()
        };
        Some(check("messages", equal, claim, told, self.cite(("RFC 9846", "5.2"), ("RFC 5246", "6.2.3"))))
    }

    /// All messages in order, as the library hashed them.
    fn transcript(&self) -> Option<Check> {
        let wire = &self.decoded.transcript;
        let longest = self.library.transcripts.iter().filter(|t| !t.is_empty()).max_by_key(|t| t.len())?;
        // no end hashes the very last Finished unless it has a use for it
        let last = self.decoded.messages.iter().rfind(|m| m.handshake_type() == Some(20)).map_or(0, |m| m.bytes.len());
        let whole = |hashed: usize| self.accessors.is_none() || hashed == wire.len() || hashed + last == wire.len();
        let equal = self.library.transcripts.iter().any(|t| !t.is_empty() && wire.starts_with(t) && whole(t.len()));
        let claim = format!("all handshake messages in order, {} B", wire.len());
        let told = if equal {
            "what the library hashed for Finished".to_owned()
        } else {
            format!("not what the library hashed, {} B", longest.len())
        };
        Some(check("transcript", equal, claim, told, self.cite(("RFC 9846", "4.1"), ("RFC 5246", "7.4.9"))))
    }

    fn finished(&self) -> Option<Check> {
        let all = &self.decoded.finished;
        if all.is_empty() {
            return None;
        }
        let equal = all.iter().all(|finished| finished.computed.as_deref() == Some(&finished.received));
        let ends: Vec<&str> = all.iter().map(|finished| finished.from.word()).collect();
        let claim = format!("Finished of the {}", ends.join(" and the "));
        let told = if equal {
            "computed anew from the secrets and the messages: equal".to_owned()
        } else {
            let wrong = all.iter().find(|f| f.computed.as_deref() != Some(&f.received));
            let from = wrong.map_or("", |finished| finished.from.word());
            format!("computed anew: that of the {from} differs")
        };
        Some(check("finished", equal, claim, told, self.cite(("RFC 9846", "4.5.3"), ("RFC 5246", "7.4.9"))))
    }

    /// The key log against the outputs of HKDF or PRF, and the keys of the decoder against those of the AEAD.
    fn secrets(&self) -> Option<Check> {
        if self.key_log.is_empty() {
            return None;
        }
        let expand = |label: &str| match label {
            "CLIENT_EARLY_TRAFFIC_SECRET" => Some("c e traffic"),
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Some("c hs traffic"),
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => Some("s hs traffic"),
            "CLIENT_TRAFFIC_SECRET_0" => Some("c ap traffic"),
            "SERVER_TRAFFIC_SECRET_0" => Some("s ap traffic"),
            "EXPORTER_SECRET" => Some("exp master"),
            _ => None,
        };
        let resumed = self.accessors.and_then(|a| a.kind) == Some(HandshakeKind::Resumed);
        let derived = self.key_log.iter().all(|line| match expand(&line.label) {
            Some(label) => self.library.expands.iter().any(|e| e.label == label && e.output == line.secret),
            // a resumed session of TLS 1.2 takes its master secret from the ticket
            None if resumed => true,
            None => self.library.pseudorandom.iter().any(|prf| prf.output == line.secret),
        });
        let used = self.decoded.keys.iter().all(|(from, _, key, iv)| {
            self.library.record_keys.iter().any(|own| own.from == *from && own.key == *key && own.iv == *iv)
        });
        let equal = derived && (used || self.accessors.is_none());
        let claim =
            format!("{} secrets of the key log, {} keys made of them", self.key_log.len(), self.decoded.keys.len());
        let told = match (derived, used) {
            (true, true) => "those the library derived and gave to its AEAD",
            (true, false) if self.accessors.is_none() => "those the library derived",
            (true, false) => "the keys are not those the library gave to its AEAD",
            (false, _) => "the secrets are not those the library derived",
        };
        Some(check("secrets", equal, claim, told.to_owned(), self.cite(("RFC 9846", "7.1"), ("RFC 5246", "6.3"))))
    }

    fn certificates(&self) -> Option<Check> {
        let judged = &self.observation.chain;
        if judged.is_empty() {
            return None;
        }
        let wire = chain_of(self.decoded)?;
        let same = |other: &[rustls_pki_types::CertificateDer<'_>]| {
            other.len() == wire.len() && other.iter().zip(&wire).all(|(a, b)| a.as_ref() == b.as_slice())
        };
        let equal = same(judged) && self.accessors.is_none_or(|accessors| same(&accessors.chain));
        let claim = match wire.len() {
            1 => "1 certificate in the Certificate message".to_owned(),
            count => format!("{count} certificates in the Certificate message"),
        };
        let told = if equal { "the chain that was judged" } else { "not the chain that was judged" };
        Some(check(
            "certificates",
            equal,
            claim,
            told.to_owned(),
            self.cite(("RFC 9846", "4.5.1"), ("RFC 5246", "7.4.2")),
        ))
    }

    fn parameters(&self) -> Option<Check> {
        let accessors = self.accessors?;
        let wire = self.decoded;
        let alpn = chosen_protocol(wire);
        let retried = wire.messages.iter().any(|m| crate::wire::name(m) == "HelloRetryRequest");
        // TLS 1.2 names the group in ServerKeyExchange; a resumed session has none
        let group = !wire.tls13 || accessors.group.is_none_or(|group| Some(u16::from(group)) == wire.group);
        let equal = accessors.version.map(u16::from) == wire.version
            && accessors.suite.map(u16::from) == wire.suite
            && group
            && accessors.alpn.as_deref() == alpn.as_deref()
            && retried == (accessors.kind == Some(HandshakeKind::FullWithHelloRetryRequest));
        let version =
            wire.version.map(|v| iana::protocol_version(v.into()).replace("TLSv", "TLS ")).unwrap_or_default();
        let suite = wire.suite.map(|suite| iana::cipher_suite(suite.into())).unwrap_or_default();
        let alpn = alpn.map_or_else(String::new, |alpn| format!(", {}", String::from_utf8_lossy(&alpn)));
        let claim = format!("{version}, {suite}{alpn}, from the hello of the server");
        let told = if equal { "what the library reports" } else { "not what the library reports" };
        Some(check(
            "parameters",
            equal,
            claim,
            told.to_owned(),
            self.cite(("RFC 9846", "4.2.3"), ("RFC 5246", "7.4.1.3")),
        ))
    }
}
