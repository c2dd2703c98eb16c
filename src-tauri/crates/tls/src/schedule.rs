//! The key schedule of one connection with its live values: what each secret is called, what it is made of.
//!
//! Values come from the library's own computations and from the key log; the keys of the records from the
//! decoder. They stay in memory and leave it on an explicit wish only.

use countersign_evidence::{Citation, KeyScheduleEntry};

use crate::iana;
use crate::recorder::{Library, LoggedSecret, Sender, SessionSecret};
use crate::wire::{Decoded, Protection};

/// A secret of the schedule.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) value: SessionSecret,
    derivation: String,
    section: &'static str,
    source: &'static str,
}

impl Entry {
    /// Without the value.
    pub(crate) fn view(&self) -> KeyScheduleEntry {
        KeyScheduleEntry {
            name: self.name.to_owned(),
            length: self.value.len() as u64,
            derivation: Some(self.derivation.clone()),
            citation: Some(Citation::new(self.source, self.section)),
        }
    }
}

/// Every secret that is known, in the order in which it came to be.
pub(crate) fn entries(library: &Library, key_log: &[LoggedSecret], decoded: &Decoded) -> Vec<Entry> {
    if decoded.tls13 { tls13(library, key_log, decoded) } else { tls12(library, key_log, decoded) }
}

fn logged<'a>(key_log: &'a [LoggedSecret], label: &str) -> Option<&'a SessionSecret> {
    key_log.iter().rev().find(|line| line.label == label).map(|line| &line.secret)
}

/// RFC 9846 §7.1.
fn tls13(library: &Library, key_log: &[LoggedSecret], decoded: &Decoded) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut add = |name, value: Option<&SessionSecret>, derivation: String, section| {
        if let Some(value) = value {
            out.push(Entry { name, value: value.clone(), derivation, section, source: "RFC 9846" });
        }
    };
    let shared = library.shared.last();
    let handshake = library
        .extracts
        .iter()
        .rposition(|extract| extract.ikm.as_deref().is_some() && extract.ikm.as_ref() == shared.map(|(_, s)| s));
    // an extract's salt is the "derived" of the one before it
    let derived = |of: usize| library.expands.iter().rfind(|e| e.of == Some(of) && e.label == "derived");
    let early = handshake.and_then(|handshake| {
        let salt = library.extracts.get(handshake)?.salt.as_ref()?;
        (0..handshake).rev().find(|index| derived(*index).is_some_and(|expand| expand.output == *salt))
    });
    let main = handshake.and_then(|handshake| {
        let salt = &derived(handshake)?.output;
        library.extracts.iter().rposition(|extract| extract.salt.as_ref() == Some(salt))
    });
    let prk = |index: Option<usize>| index.and_then(|index| library.extracts.get(index)).map(|extract| &extract.prk);
    let resumed = early.and_then(|index| library.extracts.get(index)).is_some_and(|extract| extract.ikm.is_some());
    let psk = if resumed { "the pre-shared key of the ticket" } else { "zeros" };
    if let Some((group, secret)) = shared {
        let group = iana::named_group(*group);
        add("shared_secret", Some(secret), format!("key exchange over {group}"), "7.4");
    }
    add("early_secret", prk(early), format!("HKDF-Extract(zeros, {psk})"), "7.1");
    add(
        "client_early_traffic_secret",
        logged(key_log, "CLIENT_EARLY_TRAFFIC_SECRET"),
        "Derive-Secret(early_secret, \"c e traffic\", ClientHello)".to_owned(),
        "7.1",
    );
    add(
        "handshake_secret",
        prk(handshake),
        "HKDF-Extract(Derive-Secret(early_secret, \"derived\"), shared_secret)".to_owned(),
        "7.1",
    );
    let traffic = |from: &str, secret: &str, label: &str, until: &str| {
        format!("Derive-Secret({secret}, \"{from} {label}\", ClientHello…{until})")
    };
    let handshake_traffic = |from| traffic(from, "handshake_secret", "hs traffic", "ServerHello");
    let client_handshake = logged(key_log, "CLIENT_HANDSHAKE_TRAFFIC_SECRET");
    let server_handshake = logged(key_log, "SERVER_HANDSHAKE_TRAFFIC_SECRET");
    add("client_handshake_traffic_secret", client_handshake, handshake_traffic("c"), "7.1");
    add("server_handshake_traffic_secret", server_handshake, handshake_traffic("s"), "7.1");
    add(
        "main_secret",
        prk(main),
        "HKDF-Extract(Derive-Secret(handshake_secret, \"derived\"), zeros)".to_owned(),
        "7.1",
    );
    let application_traffic = |from| traffic(from, "main_secret", "ap traffic", "server Finished");
    let client_application = logged(key_log, "CLIENT_TRAFFIC_SECRET_0");
    let server_application = logged(key_log, "SERVER_TRAFFIC_SECRET_0");
    add("client_application_traffic_secret_0", client_application, application_traffic("c"), "7.1");
    add("server_application_traffic_secret_0", server_application, application_traffic("s"), "7.1");
    let exporter = "Derive-Secret(main_secret, \"exp master\", ClientHello…server Finished)";
    add("exporter_secret", logged(key_log, "EXPORTER_SECRET"), exporter.to_owned(), "7.1");
    let resumption = library.expands.iter().rfind(|expand| expand.label == "res master").map(|expand| &expand.output);
    let derivation = "Derive-Secret(main_secret, \"res master\", ClientHello…client Finished)";
    add("resumption_secret", resumption, derivation.to_owned(), "7.1");
    out.extend(record_keys13(decoded));
    out
}

/// The keys in use, by direction and epoch (RFC 9846 §7.3).
fn record_keys13(decoded: &Decoded) -> Vec<Entry> {
    use Protection::{Application, Early, Handshake};
    use Sender::{Client, Server};
    const NAMES: [(Sender, Protection, &str, &str, &str); 5] = [
        (Client, Early, "client_early_write_key", "client_early_write_iv", "client_early_traffic_secret"),
        (
            Client,
            Handshake,
            "client_handshake_write_key",
            "client_handshake_write_iv",
            "client_handshake_traffic_secret",
        ),
        (
            Server,
            Handshake,
            "server_handshake_write_key",
            "server_handshake_write_iv",
            "server_handshake_traffic_secret",
        ),
        (
            Client,
            Application,
            "client_application_write_key",
            "client_application_write_iv",
            "client_application_traffic_secret_0",
        ),
        (
            Server,
            Application,
            "server_application_write_key",
            "server_application_write_iv",
            "server_application_traffic_secret_0",
        ),
    ];
    let mut out = Vec::new();
    for (from, protection, key_name, iv_name, secret) in NAMES {
        // the first of an epoch: a KeyUpdate makes further ones
        let Some((_, _, key, iv)) = decoded.keys.iter().find(|(f, p, _, _)| (*f, *p) == (from, protection)) else {
            continue;
        };
        for (name, value, label) in [(key_name, key, "key"), (iv_name, iv, "iv")] {
            let derivation = format!("HKDF-Expand-Label({secret}, \"{label}\", \"\", {})", value.len());
            out.push(Entry { name, value: value.clone(), derivation, section: "7.3", source: "RFC 9846" });
        }
    }
    out
}

/// RFC 5246 §8.1 and §6.3, RFC 7627 §4.
fn tls12(library: &Library, key_log: &[LoggedSecret], decoded: &Decoded) -> Vec<Entry> {
    let mut out = Vec::new();
    let master = library.pseudorandom.iter().find(|prf| prf.label.ends_with("master secret"));
    if let Some((group, secret)) = library.shared.last().filter(|_| master.is_some()) {
        let derivation = format!("key exchange over {}", iana::named_group(*group));
        out.push(Entry {
            name: "pre_master_secret",
            value: secret.clone(),
            derivation,
            section: "5.10",
            source: "RFC 8422",
        });
    }
    if let Some(value) = logged(key_log, "CLIENT_RANDOM") {
        let (derivation, section, source) = match master.map(|prf| prf.label.as_str()) {
            Some("extended master secret") => {
                ("PRF(pre_master_secret, \"extended master secret\", hash of all messages)", "4", "RFC 7627")
            }
            Some(_) => ("PRF(pre_master_secret, \"master secret\", both randoms)", "8.1", "RFC 5246"),
            None => ("kept from the connection that is resumed", "7.3", "RFC 5246"),
        };
        out.push(Entry {
            name: "master_secret",
            value: value.clone(),
            derivation: derivation.to_owned(),
            section,
            source,
        });
    }
    let names = [
        (Sender::Client, "client_write_key", "client_write_IV"),
        (Sender::Server, "server_write_key", "server_write_IV"),
    ];
    for (from, key_name, iv_name) in names {
        if let Some((_, _, key, iv)) = decoded.keys.iter().find(|(f, _, _, _)| *f == from) {
            for (name, value) in [(key_name, key), (iv_name, iv)] {
                let derivation = "cut from PRF(master_secret, \"key expansion\", both randoms)".to_owned();
                out.push(Entry { name, value: value.clone(), derivation, section: "6.3", source: "RFC 5246" });
            }
        }
    }
    out
}
