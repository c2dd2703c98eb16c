//! Extensions (RFC 9846 §4.3 and the documents each is cited from), by the message they stand in.

use std::borrow::Cow;

use super::super::field::{Cited, Fields, bytes_value, hex16, text_value};
use super::authentication;
use crate::iana;

pub(super) const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const KEY_SHARE: u16 = 51;
pub(super) const EARLY_DATA: u16 = 42;

/// The message an extension stands in; some differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    Certificate,
    CertificateRequest,
    NewSessionTicket,
}

/// A block of extensions with its length in front.
pub(super) fn extensions(fields: &mut Fields<'_>, within: Within) -> Option<()> {
    let mut count = 0;
    let index = fields.vector("extensions", 2, |fields| {
        while fields.left() > 0 {
            extension(fields, within)?;
            count += 1;
        }
        Some(())
    })?;
    fields.value(index, if count == 0 { "none".to_owned() } else { format!("{count} of them") });
    Some(())
}

fn extension(fields: &mut Fields<'_>, within: Within) -> Option<()> {
    let [a, b, c, d, ..] = fields.peek() else { return None };
    let kind = u16::from_be_bytes([*a, *b]);
    let length = usize::from(u16::from_be_bytes([*c, *d]));
    let (name, citation) = name(kind);
    let index = fields.group(name, 4 + length, |fields| {
        fields.pass(4);
        content(fields, kind, within)
    })?;
    if length == 0 {
        fields.value(index, "empty");
    }
    if let Some(meaning) = meaning(kind, within) {
        fields.meaning(index, meaning);
    }
    if let Some(citation) = citation {
        fields.cite(index, citation);
    }
    Some(())
}

fn content(fields: &mut Fields<'_>, kind: u16, within: Within) -> Option<()> {
    use Within::{Certificate, CertificateRequest, ClientHello, HelloRetryRequest, NewSessionTicket, ServerHello};
    if fields.left() == 0 {
        return Some(());
    }
    match (kind, within) {
        (0, ClientHello) => list(fields, "server_name_list", |fields| {
            fields.number(
                "name_type",
                1,
                |kind| if kind == 0 { "0, host_name".to_owned() } else { kind.to_string() },
            )?;
            opaque(fields, "host_name", 2, text_value)
        }),
        (5, ClientHello) => {
            fields.number("status_type", 1, |kind| if kind == 1 { "1, ocsp".to_owned() } else { kind.to_string() })?;
            opaque(fields, "responder_id_list", 2, bytes_value)?;
            opaque(fields, "request_extensions", 2, bytes_value)
        }
        (5, Certificate) => authentication::certificate_status(fields),
        (10, _) => list(fields, "named_group_list", |fields| fields.number("NamedGroup", 2, group).map(drop)),
        (11, _) => {
            fields.vector("ec_point_format_list", 1, |fields| {
                while fields.left() > 0 {
                    fields.number("ECPointFormat", 1, |format| match format {
                        0 => "0, uncompressed".to_owned(),
                        other => other.to_string(),
                    })?;
                }
                Some(())
            })?;
            Some(())
        }
        (13 | 50, _) => authentication::schemes(fields, "supported_signature_algorithms"),
        (16, _) => list(fields, "protocol_name_list", |fields| opaque(fields, "ProtocolName", 1, text_value)),
        (18, _) => list(fields, "sct_list", |fields| opaque(fields, "SerializedSCT", 2, bytes_value)),
        (27, _) => {
            fields.vector("algorithms", 1, |fields| {
                while fields.left() > 0 {
                    fields.number("CertificateCompressionAlgorithm", 2, compression)?;
                }
                Some(())
            })?;
            Some(())
        }
        (28, _) => fields.number("record_size_limit", 2, |limit| limit.to_string()).map(drop),
        (41, ClientHello) => offered_psks(fields),
        (41, _) => {
            fields.number("selected_identity", 2, |number| number.to_string())?;
            let index = fields.last();
            fields.meaning(index, "The server resumes from this ticket: no certificate is exchanged.");
            Some(())
        }
        (EARLY_DATA, NewSessionTicket) => fields.number("max_early_data_size", 4, |size| format!("{size} B")).map(drop),
        (SUPPORTED_VERSIONS, ClientHello) => {
            fields.vector("versions", 1, |fields| {
                while fields.left() > 0 {
                    fields.number("ProtocolVersion", 2, version)?;
                }
                Some(())
            })?;
            Some(())
        }
        (SUPPORTED_VERSIONS, _) => fields.number("selected_version", 2, version).map(drop),
        (44, _) => opaque(fields, "cookie", 2, bytes_value),
        (45, _) => {
            fields.vector("ke_modes", 1, |fields| {
                while fields.left() > 0 {
                    fields.number("PskKeyExchangeMode", 1, |mode| match mode {
                        0 => "0, psk_ke".to_owned(),
                        1 => "1, psk_dhe_ke".to_owned(),
                        other => other.to_string(),
                    })?;
                }
                Some(())
            })?;
            Some(())
        }
        (47, CertificateRequest | ClientHello) => authentication::authorities(fields),
        (KEY_SHARE, ClientHello) => list(fields, "client_shares", share_entry),
        (KEY_SHARE, ServerHello) => share(fields, true),
        (KEY_SHARE, HelloRetryRequest) => {
            fields.number("selected_group", 2, group)?;
            let index = fields.last();
            fields.meaning(
                index,
                "The server wants a key share of this group, which the first ClientHello did not carry.",
            );
            Some(())
        }
        (0xff01, _) => opaque(fields, "renegotiated_connection", 1, bytes_value),
        _ => {
            fields.rest("extension_data", bytes_value);
            Some(())
        }
    }
}

/// A vector of two length bytes whose elements are read one after another.
fn list<'a>(
    fields: &mut Fields<'a>,
    name: &'static str,
    mut element: impl FnMut(&mut Fields<'a>) -> Option<()>,
) -> Option<()> {
    fields.vector(name, 2, |fields| {
        while fields.left() > 0 {
            element(fields)?;
        }
        Some(())
    })?;
    Some(())
}

/// A vector of bytes, told as one field.
fn opaque(fields: &mut Fields<'_>, name: &'static str, prefix: usize, tell: fn(&[u8]) -> String) -> Option<()> {
    let value = fields.peek().get(prefix..).unwrap_or_default();
    let length = fields.peek().get(..prefix)?.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let value = tell(value.get(..length)?);
    let index = fields.group(name, prefix + length, |fields| {
        fields.skip();
        Some(())
    })?;
    fields.value(index, value);
    Some(())
}

fn share_entry(fields: &mut Fields<'_>) -> Option<()> {
    let bytes = fields.peek();
    let number = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
    let length = usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
    let index = fields.group("KeyShareEntry", 4 + length, |fields| share(fields, false))?;
    fields.value(index, format!("{}, {length} B", iana::named_group(number.into())));
    Some(())
}

/// A share; a hybrid one is cut into its parts. `chosen`: it is the server's.
fn share(fields: &mut Fields<'_>, chosen: bool) -> Option<()> {
    let number = fields.number("group", 2, group)?;
    let index = fields.last();
    if chosen {
        let hybrid = (0x11eb..=0x11ed).contains(&number);
        fields.meaning(index, if hybrid {
            "The server chose the hybrid: the shared secret joins a post-quantum key encapsulation with an elliptic \
             curve, so it holds while either of the two holds."
        } else {
            "The group both ends use for the key exchange."
        });
    }
    fields.vector("key_exchange", 2, |fields| {
        // parts in the order of draft-ietf-tls-ecdhe-mlkem: X25519MLKEM768 has the KEM first, the others last
        let parts: &[(&str, usize, &str)] = match (number, fields.left()) {
            (0x11ec, 1216) => &[("encapsulation_key", 1184, "ML-KEM-768"), ("public_key", 32, "X25519")],
            (0x11ec, 1120) => &[("ciphertext", 1088, "ML-KEM-768"), ("public_key", 32, "X25519")],
            (0x11eb, 1249) => &[("public_key", 65, "P-256"), ("encapsulation_key", 1184, "ML-KEM-768")],
            (0x11eb, 1153) => &[("public_key", 65, "P-256"), ("ciphertext", 1088, "ML-KEM-768")],
            (0x11ed, 1665) if chosen => &[("public_key", 97, "P-384"), ("ciphertext", 1568, "ML-KEM-1024")],
            (0x11ed, 1665) => &[("public_key", 97, "P-384"), ("encapsulation_key", 1568, "ML-KEM-1024")],
            _ => &[],
        };
        for (name, length, value) in parts {
            fields.take(*name, *length, |_| (*value).to_owned())?;
        }
        fields.rest("public_key", bytes_value);
        Some(())
    })?;
    Some(())
}

fn offered_psks(fields: &mut Fields<'_>) -> Option<()> {
    list(fields, "identities", |fields| {
        opaque(fields, "identity", 2, bytes_value)?;
        fields.number("obfuscated_ticket_age", 4, |age| format!("0x{age:08x}"))?;
        let index = fields.last();
        fields.meaning(index, "Milliseconds since the ticket came, plus its ticket_age_add.");
        Some(())
    })?;
    list(fields, "binders", |fields| opaque(fields, "PskBinderEntry", 1, bytes_value))
}

/// Values reserved so that nobody relies on a closed list (RFC 8701).
pub(super) fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

pub(super) fn group(number: u64) -> String {
    let number = u16::try_from(number).unwrap_or_default();
    match number {
        grease if is_grease(grease) => format!("0x{grease:04x}, GREASE"),
        known => format!("0x{known:04x}, {}", iana::named_group(known.into())),
    }
}

fn version(number: u64) -> String {
    let number = u16::try_from(number).unwrap_or_default();
    match number {
        grease if is_grease(grease) => format!("0x{grease:04x}, GREASE"),
        known => format!("{}, {}", hex16(known.into()), iana::protocol_version(known.into()).replace("TLSv", "TLS ")),
    }
}

/// RFC 8879 §3.
pub(super) fn compression(number: u64) -> String {
    match number {
        1 => "1, zlib".to_owned(),
        2 => "2, brotli".to_owned(),
        3 => "3, zstd".to_owned(),
        other => other.to_string(),
    }
}

/// The registry's name and where the extension is defined.
fn name(kind: u16) -> (Cow<'static, str>, Option<Cited>) {
    let (name, citation): (&'static str, Cited) = match kind {
        0 => ("server_name", ("RFC 6066", "3")),
        1 => ("max_fragment_length", ("RFC 6066", "4")),
        5 => ("status_request", ("RFC 6066", "8")),
        10 => ("supported_groups", ("RFC 9846", "4.3.7")),
        11 => ("ec_point_formats", ("RFC 8422", "5.1.2")),
        13 => ("signature_algorithms", ("RFC 9846", "4.3.3")),
        16 => ("application_layer_protocol_negotiation", ("RFC 7301", "3.1")),
        18 => ("signed_certificate_timestamp", ("RFC 6962", "3.3.1")),
        21 => ("padding", ("RFC 7685", "3")),
        22 => ("encrypt_then_mac", ("RFC 7366", "2")),
        23 => ("extended_master_secret", ("RFC 7627", "5.1")),
        27 => ("compress_certificate", ("RFC 8879", "3")),
        28 => ("record_size_limit", ("RFC 8449", "4")),
        35 => ("session_ticket", ("RFC 5077", "3.2")),
        41 => ("pre_shared_key", ("RFC 9846", "4.3.11")),
        EARLY_DATA => ("early_data", ("RFC 9846", "4.3.10")),
        SUPPORTED_VERSIONS => ("supported_versions", ("RFC 9846", "4.3.1")),
        44 => ("cookie", ("RFC 9846", "4.3.2")),
        45 => ("psk_key_exchange_modes", ("RFC 9846", "4.3.9")),
        47 => ("certificate_authorities", ("RFC 9846", "4.3.4")),
        48 => ("oid_filters", ("RFC 9846", "4.3.5")),
        49 => ("post_handshake_auth", ("RFC 9846", "4.3.6")),
        50 => ("signature_algorithms_cert", ("RFC 9846", "4.3.3")),
        KEY_SHARE => ("key_share", ("RFC 9846", "4.3.8")),
        0xfe0d => ("encrypted_client_hello", ("RFC 9849", "5")),
        0xff01 => ("renegotiation_info", ("RFC 5746", "3.2")),
        grease if is_grease(grease) => return (format!("GREASE 0x{grease:04x}").into(), Some(("RFC 8701", "2"))),
        other => return (format!("extension 0x{other:04x}").into(), None),
    };
    (name.into(), Some(citation))
}

fn meaning(kind: u16, within: Within) -> Option<&'static str> {
    use Within::{ClientHello, EncryptedExtensions, ServerHello};
    Some(match (kind, within) {
        (0, ClientHello) => {
            "The name the client asks for, so that a server with many names can choose its certificate."
        }
        (0, _) => "The server used the name that was asked for.",
        (5, ClientHello) => "The client would like the CA's statement on the certificate stapled to it.",
        (5, _) => "The CA's statement on this certificate, stapled by the server.",
        (10, ClientHello) => "Groups for the key exchange, the one the client likes best first.",
        (13, ClientHello) => "Signatures the client accepts from the server's key.",
        (13, _) => "Signatures the server accepts from the client's key.",
        (16, ClientHello) => "Application protocols the client can speak.",
        (16, EncryptedExtensions | ServerHello) => "The application protocol the server chose.",
        (18, _) => "Promises of public logs to list this certificate.",
        (23, _) => "The master secret is bound to the whole handshake (extended master secret).",
        (27, _) => "How a certificate may be compressed.",
        (35, ClientHello) => "The client can take a session ticket, or shows one.",
        (41, ClientHello) => "Tickets of earlier connections, to resume one of them.",
        (EARLY_DATA, ClientHello) => "The client sends data before the handshake ends. It can be replayed.",
        (EARLY_DATA, EncryptedExtensions) => "The server takes the early data.",
        (SUPPORTED_VERSIONS, ClientHello) => "The versions the client really offers.",
        (SUPPORTED_VERSIONS, _) => "The version the server chose.",
        (45, _) => "A resumed connection makes a fresh key exchange all the same.",
        (KEY_SHARE, ClientHello) => {
            "The client's part of the key exchange, for the groups it expects the server to take."
        }
        (KEY_SHARE, ServerHello) => "The server's part of the key exchange.",
        (0xfe0d, ClientHello) => "The real name may be hidden here from everybody but the server.",
        (0xff01, _) => "Renegotiation is bound to this connection.",
        _ => return None,
    })
}
