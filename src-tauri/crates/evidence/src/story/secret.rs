//! Steps 4 to 6: the shared secret, what is extracted from it, and the keys in use. By name alone.

use super::{SecretName, StoryStep, read, step};
use crate::{Citation, Handshake};

/// A secret of the key schedule under the name that is shown.
fn secret(h: &Handshake, name: &str, label: &str) -> Option<SecretName> {
    let entry = h.key_schedule.iter().find(|entry| entry.name == name)?;
    Some(SecretName {
        name: entry.name.clone(),
        label: label.to_owned(),
        length: entry.length,
        derivation: entry.derivation.clone(),
    })
}

fn named(h: &Handshake, names: &[&str]) -> Vec<SecretName> {
    names.iter().filter_map(|name| secret(h, name, name)).collect()
}

fn labelled(h: &Handshake, names: &[(&str, &str)]) -> Vec<SecretName> {
    names.iter().filter_map(|(name, label)| secret(h, name, label)).collect()
}

/// `TLS_AES_128_GCM_SHA256` → (`AES-128-GCM`, `SHA-256`).
fn of_suite(h: &Handshake) -> (Option<String>, Option<String>) {
    let Some(suite) = h.cipher_suite.as_deref() else { return (None, None) };
    let rest = suite.rsplit("_WITH_").next().unwrap_or(suite).trim_start_matches("TLS_");
    let Some((aead, hash)) = rest.rsplit_once('_') else { return (None, None) };
    let hash = hash.replace("SHA", "SHA-").trim_end_matches('-').to_owned();
    let aead = aead.replace("CHACHA20_POLY1305", "ChaCha20-Poly1305").replace('_', "-");
    (Some(aead), hash.chars().any(|c| c.is_ascii_digit()).then_some(hash))
}

/// The client chose the secret and sent it under the server's key (RFC 5246 §8.1.1).
fn static_rsa(h: &Handshake) -> bool {
    h.cipher_suite.as_deref().is_some_and(|suite| suite.starts_with("TLS_RSA_"))
}

fn not_reached(mut step: StoryStep) -> StoryStep {
    step.reached = false;
    step.text = "Not reached: the handshake ended before.".to_owned();
    step
}

pub(super) fn shared(h: &Handshake) -> StoryStep {
    let tls13 = read::tls13(h);
    let (title, cited, name) = if tls13 {
        ("Shared secret", ("RFC 9846", "7.4"), "shared_secret")
    } else if static_rsa(h) {
        ("Pre-master secret", ("RFC 5246", "8.1.1"), "pre_master_secret")
    } else {
        ("Pre-master secret", ("RFC 8422", "5.10"), "pre_master_secret")
    };
    let mut step = step(4, title, cited);
    if h.protocol_version.is_none() {
        return not_reached(step);
    }
    let group = h.named_group.as_deref();
    step.secrets.extend(secret(h, name, group.unwrap_or(name)));
    step.text = match (tls13, read::resumed(h)) {
        (_, _) if static_rsa(h) => {
            "Static RSA: the client chose it and sent it encrypted under the key of the server’s certificate. Who gets \
             that key later can read this connection."
        }
        (false, true) => "No key exchange: the master secret of the earlier connection is used again.",
        (true, true) if group.is_none() => "No key exchange: the secret of the ticket alone is used.",
        (true, true) => {
            "A fresh one, although the connection is resumed. Not sent in any form: each end computed it from the \
             other’s share."
        }
        (true, false) => {
            "Not sent in any form. Each end computed it from the other’s share. Older texts call this the pre-master \
             secret, encrypted under the server’s key: that is static RSA, not this connection."
        }
        (false, false) => {
            "Not sent in any form. Each end computed it from the other’s part of the key exchange. Texts that say it \
             is encrypted under the server’s key tell of static RSA, not of this connection."
        }
    }
    .to_owned();
    step
}

pub(super) fn main(h: &Handshake) -> StoryStep {
    let tls13 = read::tls13(h);
    let entry = h.key_schedule.iter().find(|entry| entry.name == "master_secret");
    let cited = match entry.and_then(|entry| entry.citation.as_ref()) {
        Some(citation) if !tls13 => citation.clone(),
        None if !tls13 => Citation::new("RFC 5246", "8.1"),
        _ => Citation::new("RFC 9846", "7.1"),
    };
    let mut step = StoryStep { citation: cited, ..step(5, "Master secret", ("", "")) };
    if h.protocol_version.is_none() {
        return not_reached(step);
    }
    let (_, hash) = of_suite(h);
    if tls13 {
        let hash = hash.map(|hash| format!(" over {hash}")).unwrap_or_default();
        step.text = format!("HKDF{hash}, three extracts. RFC 9846 says main secret.");
        step.secrets = named(h, &["early_secret", "handshake_secret", "main_secret"]);
        step.derived = named(
            h,
            &[
                "client_early_traffic_secret",
                "client_handshake_traffic_secret",
                "server_handshake_traffic_secret",
                "client_application_traffic_secret_0",
                "server_application_traffic_secret_0",
                "exporter_secret",
                "resumption_secret",
            ],
        );
        step.derived_words = words(&step, "secret derived from them", "secrets derived from them");
    } else {
        let how = entry.and_then(|entry| entry.derivation.as_deref()).unwrap_or_default();
        step.text = if how.contains("extended master secret") {
            "PRF of the pre-master secret and a hash of every message: bound to this handshake (extended master secret)."
        } else if read::resumed(h) {
            "Kept from the connection that is resumed."
        } else {
            "PRF of the pre-master secret and both randoms."
        }
        .to_owned();
        step.secrets = named(h, &["master_secret"]);
    }
    step
}

pub(super) fn keys(h: &Handshake) -> StoryStep {
    let tls13 = read::tls13(h);
    let mut step = step(6, "Session keys", if tls13 { ("RFC 9846", "7.3") } else { ("RFC 5246", "6.3") });
    if h.protocol_version.is_none() {
        return not_reached(step);
    }
    let aead = of_suite(h).0.map(|aead| format!(", {aead}")).unwrap_or_default();
    if tls13 {
        step.text = format!("One key and iv for each direction{aead}. In use since Finished.");
        step.secrets = labelled(
            h,
            &[
                ("client_application_write_key", "client key"),
                ("client_application_write_iv", "client iv"),
                ("server_application_write_key", "server key"),
                ("server_application_write_iv", "server iv"),
            ],
        );
        step.derived = labelled(
            h,
            &[
                ("client_early_write_key", "client early key"),
                ("client_early_write_iv", "client early iv"),
                ("client_handshake_write_key", "client handshake key"),
                ("client_handshake_write_iv", "client handshake iv"),
                ("server_handshake_write_key", "server handshake key"),
                ("server_handshake_write_iv", "server handshake iv"),
            ],
        );
        if step.secrets.is_empty() {
            // the handshake ended before Finished, or nothing came under them yet
            std::mem::swap(&mut step.secrets, &mut step.derived);
            if !step.secrets.is_empty() {
                step.text = format!("One key and iv for each direction{aead}, for the handshake alone so far.");
            }
        }
        step.derived_words = words(&step, "key or iv of the handshake", "keys and ivs of the handshake");
    } else {
        step.text = format!(
            "One key and iv for each direction{aead}, cut from one key block. In use since change_cipher_spec."
        );
        step.secrets = labelled(
            h,
            &[
                ("client_write_key", "client key"),
                ("client_write_IV", "client iv"),
                ("server_write_key", "server key"),
                ("server_write_IV", "server iv"),
            ],
        );
    }
    step
}

fn words(step: &StoryStep, one: &str, many: &str) -> Option<String> {
    match step.derived.len() {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}
